import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import type { Readiness } from './health.ts';

/** One face of the server: answers a request and returns true (or a promise of having done so), or returns false untouched. */
export type Face = (req: IncomingMessage, res: ServerResponse) => boolean | Promise<void>;

/** What a server is made of. */
interface ServerOptions {
  readonly host: string;
  readonly port: number;
  /** Asked in order; the first that takes a request answers it. */
  readonly faces: readonly Face[];
  readonly readiness: () => Promise<Readiness>;
  readonly metrics: Registry;
}

/** A listening server. */
export interface HttpServer {
  readonly url: string;
  /** Takes no new connection, lets requests under way finish up to `graceMs`, then cuts what is left. */
  close(graceMs: number): Promise<void>;
}

/** Starts the HTTP server. Rejects in words when the address cannot be used. */
export async function startServer(options: ServerOptions): Promise<HttpServer> {
  const health = healthFace(options);
  const faces = [health, ...options.faces];
  const server = createServer((req, res) => {
    for (const face of faces) {
      const taken = face(req, res);
      if (taken !== false) return;
    }
    res.writeHead(404, { 'content-type': 'application/json; charset=utf-8' });
    res.end(JSON.stringify({ error: 'not found: the API reference is at /docs, GraphQL at /graphql' }));
  });
  await listen(server, options);
  const { address, port } = server.address() as AddressInfo;
  return {
    url: `http://${address.includes(':') ? `[${address}]` : address}:${port}`,
    close: (graceMs) => close(server, graceMs),
  };
}

function listen(server: Server, { host, port }: ServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? `port ${port} is in use: set PORT to a free one` : error.message;
      reject(new Error(`Cannot listen on ${host}:${port}: ${why}`, { cause: error }));
    });
    server.listen(port, host, resolve);
  });
}

function close(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}

/** `/healthz`, `/readyz`, `/metrics`: no credential, no user data. */
function healthFace(options: Pick<ServerOptions, 'readiness' | 'metrics'>): Face {
  return (req, res) => {
    if (req.method !== 'GET' && req.method !== 'HEAD') return false;
    switch (req.url?.split('?', 1)[0]) {
      case '/healthz':
        sendJson(res, 200, { status: 'ok' });
        return true;
      case '/readyz':
        return options
          .readiness()
          .then((state) =>
            sendJson(res, state.ready ? 200 : 503, { status: state.ready ? 'ready' : 'not ready', reasons: state.reasons }),
          );
      case '/metrics':
        return options.metrics.metrics().then(
          (text) => {
            res.writeHead(200, { 'content-type': options.metrics.contentType });
            res.end(text);
          },
          () => sendJson(res, 503, { error: 'the database does not answer' }),
        );
      default:
        return false;
    }
  };
}

function sendJson(res: ServerResponse, status: number, body: object): void {
  res.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
  res.end(JSON.stringify(body));
}
