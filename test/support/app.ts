import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Logger, pino } from 'pino';
import { type App, startApp } from '../../src/app.ts';
import { type Config, readConfig } from '../../src/config.ts';
import { createTestDatabase } from './database.ts';
import { startRecordingProxy } from './recording-proxy.ts';

/** The admin key of every test server. */
export const ADMIN_KEY = 'an-admin-key-for-tests';
/** What every test server signs with. */
export const SECRET = 'a signing secret for tests, long enough';

/** A whole server in this process, on a database and a port of its own. */
export interface TestApp {
  readonly app: App;
  readonly url: string;
  readonly databaseUrl: string;
  /** Sends a request with the admin key, or with `key`; answers status, headers and parsed body. */
  rest(method: string, path: string, options?: RestOptions): Promise<RestAnswer>;
  /** Executes a GraphQL document; throws when it answers errors. */
  graphql<T>(query: string, variables?: object): Promise<T>;
  close(): Promise<void>;
}

/** What a test may say about a request. */
export interface RestOptions {
  readonly body?: unknown;
  /** Null sends no credential. */
  readonly key?: string | null;
  readonly headers?: Record<string, string>;
}

/** An answer, its body parsed when it is JSON. */
export interface RestAnswer {
  readonly status: number;
  readonly headers: Headers;
  // Tests look into bodies of many shapes; what they find there is asserted, not typed.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly body: any;
}

/** Starts a {@link TestApp}; `over` changes its configuration, `databaseUrl` puts it on an existing database, `log` hears all it logs. */
export async function startTestApp(over: Partial<Config> = {}, databaseUrl?: string, log?: Logger): Promise<TestApp> {
  const database = databaseUrl ? { url: databaseUrl, drop: async () => {} } : await createTestDatabase();
  const base = readConfig({
    DATABASE_URL: database.url,
    BATON_SECRET: SECRET,
    BATON_API_KEY: ADMIN_KEY,
    PORT: '0',
    ALLOW_PRIVATE_ENDPOINTS: 'true',
    MANAGED_EXEC: 'true',
    PATH: process.env['PATH'],
  });
  const app = await startApp({
    config: { ...base, leaseMs: 3_000, reaperMs: 250, pollMs: 500, drainMs: 2_000, ...over },
    databaseUrl: database.url,
    secret: SECRET,
    log: log ?? pino({ level: process.env['TEST_LOG'] ?? 'silent' }),
    onHopeless(reason) {
      throw new Error(reason);
    },
  });
  const proxy = await startRecordingProxy(app.url);
  const rest = (method: string, path: string, options: RestOptions = {}) => request(proxy.url, { method, path, ...options });
  return {
    app,
    url: app.url,
    databaseUrl: database.url,
    rest,
    async graphql(query, variables = {}) {
      const { body } = await rest('POST', '/graphql', { body: { query, variables } });
      if (body.errors) throw new Error(JSON.stringify(body.errors));
      return body.data;
    },
    async close() {
      await proxy.close();
      await app.stop();
      await database.drop();
    },
  };
}

async function request(
  url: string,
  { method, path, body, key = ADMIN_KEY, headers }: RestOptions & { method: string; path: string },
): Promise<RestAnswer> {
  const response = await fetch(`${url}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  return { status: response.status, headers: response.headers, body: isJson && text !== '' ? JSON.parse(text) : text };
}

/** What an executor of a test got. */
export interface Dispatch {
  readonly headers: IncomingMessage['headers'];
  readonly payload: unknown;
  /** As it was sent. */
  readonly body: string;
}

/** A real executor on loopback whose answers the test chooses. */
export interface TestExecutor {
  readonly url: string;
  readonly dispatches: Dispatch[];
  answer(with_: (dispatch: Dispatch, res: ServerResponse) => void): void;
  close(): Promise<void>;
}

/** Starts a {@link TestExecutor} that answers 200 `{"ok":true}` until told otherwise. */
export async function startTestExecutor(): Promise<TestExecutor> {
  const dispatches: Dispatch[] = [];
  let play: (dispatch: Dispatch, res: ServerResponse) => void = (_dispatch, res) =>
    res.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}');
  const server = createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const dispatch = { headers: req.headers, payload: JSON.parse(body || 'null') as unknown, body };
    dispatches.push(dispatch);
    play(dispatch, res);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    dispatches,
    answer(with_) {
      play = with_;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
