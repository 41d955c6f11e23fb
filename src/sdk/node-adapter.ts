/** As much of `http.IncomingMessage` as is needed, so that the SDK's types do not depend on Node's. */
export interface NodeRequest extends AsyncIterable<unknown> {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** As much of `http.ServerResponse` as is needed. */
export interface NodeResponse {
  writeHead(status: number, headers: Record<string, string>): unknown;
  end(body: string): unknown;
}

/** Answers a request of `node:http` with a fetch-style handler. */
export async function serveNode(
  handler: (request: Request) => Promise<Response>,
  request: NodeRequest,
  response: NodeResponse,
): Promise<void> {
  const answer = await handler(toRequest(request));
  const headers = Object.fromEntries(answer.headers);
  // Node reads the rest of a body nobody wanted, to keep the connection; of one that is too long that would be any amount.
  response.writeHead(answer.status, answer.status === 413 ? { ...headers, connection: 'close' } : headers);
  response.end(await answer.text());
}

/** Reads a body whole, or answers null as soon as it proves longer than `maxBytes`. */
export async function readBody(body: ReadableStream<Uint8Array> | null, maxBytes: number): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = body?.getReader();
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    length += part.value.length;
    if (length > maxBytes) {
      // The rest stays unread; what cancelling says about that interests nobody.
      reader?.cancel().catch(() => {});
      return null;
    }
    chunks.push(part.value);
  }
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}

function toRequest(request: NodeRequest): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    for (const one of value === undefined || typeof value === 'string' ? [value] : value) {
      if (one !== undefined) headers.append(name, one);
    }
  }
  const method = request.method ?? 'GET';
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const init = { method, headers, body: hasBody ? toStream(request) : null, duplex: 'half' };
  // Only the path of the URL is the caller's; the executor answers on every one. `duplex` is required by the standard for streams
  // and missing in some versions of its types.
  return new Request('http://executor.invalid/', init as RequestInit);
}

function toStream(request: NodeRequest): ReadableStream<Uint8Array> {
  const chunks = request[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(typeof value === 'string' ? new TextEncoder().encode(value) : (value as Uint8Array));
    },
  });
}
