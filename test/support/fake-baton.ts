import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

/** A request that the fake server got. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed JSON, null for an empty body. */
  readonly body: unknown;
}

/** What the fake server answers; `drop` breaks the connection instead, `stream` sends the pieces as they come. */
export type FakeAnswer =
  | { readonly status: number; readonly body?: unknown; readonly headers?: Record<string, string> }
  | { readonly stream: AsyncIterable<string> }
  | 'drop';

/** A server that stands in for Baton: it remembers every request, and a script decides its answers. */
export interface FakeBaton {
  readonly url: string;
  /** In the order of arrival. */
  readonly requests: SeenRequest[];
  /** Bodies posted to a route of `/sdk/v1/runs/{id}/`, in the order of arrival. */
  bodies(route: string): unknown[];
  /** Resolves with the first request, past or future, that matches. */
  seen(match: (request: SeenRequest) => boolean): Promise<SeenRequest>;
  /** Resolves with the `count`-th request to a route. */
  reached(route: string, count?: number): Promise<SeenRequest>;
  /** Resolves when the client has left `count` event streams before their end. */
  hungUp(count: number): Promise<void>;
  close(): Promise<void>;
}

/** Starts a fake server; requests that `script` answers with undefined get `200 {"status":"ok"}`. */
export async function startFakeBaton(
  script: (request: SeenRequest) => FakeAnswer | undefined | Promise<FakeAnswer | undefined> = () => undefined,
): Promise<FakeBaton> {
  const requests: SeenRequest[] = [];
  const watchers = new Set<() => void>();
  const wake = () => {
    for (const watcher of watchers) watcher();
  };
  let hungUp = 0;
  const server = createServer(async (incoming, response) => {
    const request = await readRequest(incoming);
    requests.push(request);
    wake();
    const answer = (await script(request)) ?? { status: 200, body: { status: 'ok' } };
    if (answer === 'drop') return response.destroy();
    if ('stream' in answer) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.on('close', () => {
        if (!response.writableEnded) hungUp += 1;
        wake();
      });
      for await (const piece of answer.stream) response.write(piece);
      return response.end();
    }
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(answer.body === undefined ? '' : JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  const to = (route: string) => requests.filter((request) => request.path.endsWith(`/${route}`));
  async function until<T>(find: () => T | undefined): Promise<T> {
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        const watcher = () => {
          watchers.delete(watcher);
          resolve();
        };
        watchers.add(watcher);
      });
    }
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    bodies: (route) => to(route).map((request) => request.body),
    seen: (match) => until(() => requests.find(match)),
    reached: (route, count = 1) => until(() => to(route)[count - 1]),
    hungUp: async (count) => void (await until(() => (hungUp >= count ? true : undefined))),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function readRequest(incoming: IncomingMessage): Promise<SeenRequest> {
  let text = '';
  for await (const chunk of incoming.setEncoding('utf8')) text += chunk;
  return {
    method: incoming.method ?? '',
    path: incoming.url ?? '',
    headers: Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)])),
    body: text === '' ? null : JSON.parse(text),
  };
}

/** The signing secret of every job in these tests; made up. */
export const TEST_SECRET = `whsec_${Buffer.from('a secret for tests, 32 bytes ok!').toString('base64')}`;

/** What distinguishes one dispatch from another; everything else has a sound default. */
export interface FakeDispatch {
  readonly slug?: string;
  readonly payload?: unknown;
  readonly runId?: string;
  /** Counts claims; with the run id it makes the message id. */
  readonly epoch?: number;
  readonly token?: string;
  readonly secret?: string;
  readonly signedAt?: Date;
  readonly headers?: Record<string, string>;
}

/** A dispatch as Baton sends it, signed by the reference implementation of Standard Webhooks. */
export function makeDispatch(dispatch: FakeDispatch = {}): Request {
  const { slug = 'greet', payload = null, runId = 'run-1', epoch = 1, token = 'token-1', signedAt = new Date() } = dispatch;
  const body = JSON.stringify(payload);
  const id = `${runId}_${epoch}`;
  const headers = {
    'content-type': 'application/json',
    'x-run-id': runId,
    'x-job-id': 'job-1',
    'x-job-slug': slug,
    'x-attempt': '1',
    'x-run-token': token,
    'x-project-id': 'default',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(signedAt.getTime() / 1_000)),
    'webhook-signature': new Webhook(dispatch.secret ?? TEST_SECRET).sign(id, signedAt, body),
    ...dispatch.headers,
  };
  return new Request('http://executor.test/', { method: 'POST', headers, body });
}

/** A run token like Baton's as far as anybody reads it without verifying: it was issued now and expires after `secs` seconds. */
export function makeToken(secs: number): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'HS256' })}.${part({ iat: 1_000, exp: 1_000 + secs })}.c2ln`;
}

/** A promise and the function that fulfills it. */
export function latch<T = void>(): { readonly promise: Promise<T>; readonly open: (value: T) => void } {
  let open: (value: T) => void = () => {};
  const promise = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}
