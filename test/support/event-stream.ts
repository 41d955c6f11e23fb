/** One frame of an event stream: its fields, or a comment. */
export interface Frame {
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
  readonly retry?: string;
  readonly comment?: true;
}

/** An open answer to a request for an event stream. */
export interface RawStream {
  readonly status: number;
  readonly headers: Headers;
  /** The next frame that is no comment; null at the end. */
  next(): Promise<Frame | null>;
  /** The next frame, comments too; null at the end. */
  nextFrame(): Promise<Frame | null>;
  /** All frames up to the end that are no comments. */
  rest(): Promise<Frame[]>;
  close(): void;
}

/** Sends a request and reads its answer frame by frame, ids and comments included. */
export async function openStream(url: string, init: RequestInit = {}): Promise<RawStream> {
  const leaving = new AbortController();
  const response = await fetch(url, { ...init, signal: leaving.signal });
  const frames = framesOf(response);
  async function nextFrame(): Promise<Frame | null> {
    const { done, value } = await frames.next();
    return done ? null : value;
  }
  async function next(): Promise<Frame | null> {
    for (;;) {
      const frame = await nextFrame();
      if (!frame?.comment) return frame;
    }
  }
  return {
    status: response.status,
    headers: response.headers,
    next,
    nextFrame,
    async rest() {
      const all: Frame[] = [];
      for (let frame = await next(); frame; frame = await next()) all.push(frame);
      return all;
    },
    close: () => leaving.abort(),
  };
}

async function* framesOf(response: Response): AsyncGenerator<Frame, void> {
  const decoder = new TextDecoder();
  let text = '';
  if (!response.body) return;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += decoder.decode(value, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) yield frameOf(block);
  }
}

function frameOf(block: string): Frame {
  if (block.startsWith(':')) return { comment: true };
  return Object.fromEntries(
    block.split('\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
    }),
  );
}

/** The headers and the body of a GraphQL request by POST. */
export function postOf(
  key: string | null,
  document: string,
  options: { variables?: object; accept?: string; more?: object } = {},
) {
  return {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: options.accept ?? 'text/event-stream',
      ...(key !== null && { authorization: `Bearer ${key}` }),
      ...options.more,
    },
    body: JSON.stringify({ query: document, variables: options.variables ?? {} }),
  };
}
