import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Repeater } from '@repeaterjs/repeater';
import { makeRestHandler, type RestHandler, type RestOptions, type RestRequest } from '../../rest/adapter.ts';
import { AppError } from '../../src/core/errors.ts';
import { toyRoutes } from './rest-toy-routes.ts';
import { type NoteEvent, type ToyWorld, toySchema } from './rest-toy-schema.ts';

/** What fetch takes as a body. */
export type RequestBody = NonNullable<RequestInit['body']>;

/** The headers of a caller of project `acme`. */
export const KEY = { authorization: 'Bearer acme' };

/** The headers of a caller of project `acme` who sends JSON. */
export const JSON_KEY = { ...KEY, 'content-type': 'application/json' };

/** A running toy server; every test gets its own. */
export interface Toy extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly world: ToyWorld;
  readonly rest: RestHandler;
  /** Everything logged as an error. */
  readonly logged: object[];
  /** What `makeContext` was asked. */
  readonly asked: RestRequest[];
}

/**
 * Starts the toy on a free port of the loopback. Keys are `Bearer <project>`; anything else is refused. `over` changes how its REST face
 * is built.
 */
export async function startToy(over: Partial<Pick<RestOptions, 'admitStream'>> = {}): Promise<Toy> {
  const world: ToyWorld = { notes: [], events: () => noEvents() };
  const logged: object[] = [];
  const asked: RestRequest[] = [];
  const rest = makeRestHandler({
    schema: toySchema(world),
    routes: toyRoutes,
    makeContext: (request) => {
      asked.push(request);
      const [, projectId] = /^Bearer (\w+)$/.exec(request.req.headers.authorization ?? '') ?? [];
      if (request.auth !== 'none' && projectId === undefined) throw new AppError('UNAUTHENTICATED', 'missing or invalid api key');
      return { actor: projectId === undefined ? null : { projectId } };
    },
    log: { error: (fields) => void logged.push(fields) },
    ...over,
  });
  const server = createServer((req: IncomingMessage, res: ServerResponse) => {
    if (rest.handle(req, res) === false) res.writeHead(404).end('foreign');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // listening on TCP, so neither a pipe's name nor null
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    world,
    rest,
    logged,
    asked,
    async [Symbol.asyncDispose]() {
      rest.closeStreams();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Adds a note over REST, by default with a key and the right content type. */
export function postNote(toy: Toy, body: RequestBody, headers: Record<string, string> = JSON_KEY): Promise<Response> {
  return fetch(`${toy.url}/v1/notes`, {
    method: 'POST',
    headers,
    body,
    ...(body instanceof ReadableStream && { duplex: 'half' }),
  });
}

/** Event sources that never yield, how many of them are open, and when the last one was returned. */
export function silentEvents() {
  let open = 0;
  const { promise: allReturned, resolve } = Promise.withResolvers<void>();
  const events = () =>
    new Repeater<NoteEvent>(async (_push, stop) => {
      open += 1;
      await stop;
      open -= 1;
      if (open === 0) resolve();
    });
  return { events, opened: () => open, allReturned };
}

/** Sends raw bytes on a connection of its own and resolves with everything that came back until the server closed it. */
export function sendRaw(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(port, '127.0.0.1', () => socket.end(bytes));
    let answer = '';
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => (answer += text));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

async function* noEvents(): AsyncGenerator<NoteEvent> {}
