import { type AddressInfo, createServer, Socket } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../src/core/errors.ts';
import { isConnectionError, isDataError, isRetryable, toUnavailable } from '../src/db/errors.ts';
import { makePrisma, type PrismaClient } from '../src/db/prisma.ts';
import { createTestDatabase, type TestDatabase } from './support/database.ts';

type Kind = 'connection' | 'retryable' | 'data' | 'other';

let database: TestDatabase;
let pool: pg.Pool;
let prisma: PrismaClient;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.url, max: 4 });
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  prisma = makePrisma(pool);
});

afterAll(async () => {
  await prisma.$disconnect();
  await pool.end();
  await database.drop();
});

describe('errors of pg', () => {
  it('knows a refused connection', async () => {
    expect(await kindOf(connectTo(await closedPort()))).toBe('connection');
  });

  it('knows a connection that ends within a query', async () => {
    expect(await kindOf(pool.query('select pg_terminate_backend(pg_backend_pid())'))).toBe('connection');
  });

  it('knows a server that has no connection left', async () => {
    const admin = new pg.Client({ connectionString: database.url });
    await admin.connect();
    const name = new URL(database.url).pathname.slice(1);
    await admin.query(`create role guest login password 'guest'`);
    await admin.query(`alter database ${name} connection limit 0`);
    const url = new URL(database.url);
    url.username = 'guest';
    url.password = 'guest';

    const kind = await kindOf(new pg.Client({ connectionString: url.toString() }).connect());

    await admin.query(`alter database ${name} connection limit -1`);
    await admin.query('drop role guest');
    await admin.end();
    expect(kind).toBe('connection');
  });

  it('knows a primary that has become read-only', async () => {
    const client = await pool.connect();
    await client.query('set default_transaction_read_only = on');

    expect(await kindOf(client.query("insert into projects (id, name) values ('p', 'P')"))).toBe('connection');
    client.release(true);
  });

  it('knows a deadlock', async () => {
    const [one, two] = await Promise.all([pool.connect(), pool.connect()]);
    await Promise.all([one, two].map((client) => client.query('begin')));
    await one.query('select pg_advisory_xact_lock(1)');
    await two.query('select pg_advisory_xact_lock(2)');

    const kinds = await Promise.all([
      kindOf(one.query('select pg_advisory_xact_lock(2)')),
      kindOf(two.query('select pg_advisory_xact_lock(1)')),
    ]);

    one.release(true);
    two.release(true);
    expect(kinds).toContain('retryable');
  });

  it.each([
    ['a NUL in JSON', 'select \'"\\u0000"\'::jsonb'],
    ['a number out of range', 'select 3000000000::int'],
    ['a broken constraint', "insert into projects (id, name) values ('Not A Slug', 'x')"],
  ])('knows %s to be the fault of the data', async (_what, text) => {
    expect(await kindOf(pool.query(text))).toBe('data');
  });

  it.each([
    ['a statement that is wrong', 'select nothing from nowhere'],
    ['a statement that takes too long', "set statement_timeout = '1ms'; select pg_sleep(1)"],
  ])('takes %s for neither', async (_what, text) => {
    const client = await pool.connect();
    expect(await kindOf(client.query(text))).toBe('other');
    client.release(true);
  });

  it.each<[string, Error, Kind]>([
    [
      'a full NOTIFY queue',
      Object.assign(new Error('too many notifications in the NOTIFY queue'), { code: '54000' }),
      'connection',
    ],
    [
      'an index row that is too large',
      Object.assign(new Error('index row size 3000 exceeds btree maximum'), { code: '54000' }),
      'other',
    ],
    ['a pool with no connection in time', new Error('timeout exceeded when trying to connect'), 'connection'],
    [
      'several addresses that all refuse',
      new AggregateError([Object.assign(new Error('no'), { code: 'ECONNREFUSED' })]),
      'connection',
    ],
    [
      'a cause within a cause',
      new Error('x', { cause: new Error('y', { cause: Object.assign(new Error('z'), { code: '08006' }) }) }),
      'connection',
    ],
    ['a serialization failure', Object.assign(new Error('could not serialize'), { code: '40001' }), 'retryable'],
    ['an error of ours', new AppError('CONFLICT', 'no'), 'other'],
  ])('knows %s', async (_what, error, kind) => {
    expect(await kindOf(Promise.reject(error))).toBe(kind);
  });

  it('ends for a cause that goes in a circle', async () => {
    const error = new Error('circle');
    error.cause = error;

    expect(await kindOf(Promise.reject(error))).toBe('other');
  });
});

describe('errors of Prisma', () => {
  it('knows a refused connection', async () => {
    const away = makePrisma(new pg.Pool({ host: '127.0.0.1', port: await closedPort(), user: 'nobody', database: 'nothing' }));

    expect(await kindOf(away.project.count())).toBe('connection');
  });

  it('knows a connection that ends within a query', async () => {
    expect(await kindOf(prisma.$queryRawUnsafe('select pg_terminate_backend(pg_backend_pid())'))).toBe('connection');
  });

  it('knows a connection that breaks within a query', async () => {
    const sockets: Socket[] = [];
    const stream = () => {
      const socket = new Socket();
      sockets.push(socket);
      return socket;
    };
    const fragile = new pg.Pool({ connectionString: database.url, max: 1, stream });
    fragile.on('error', () => {});
    const sleeper = makePrisma(fragile);
    await sleeper.$queryRawUnsafe('select 1');

    const kind = kindOf(sleeper.$queryRawUnsafe('select pg_sleep(60)'));
    const asked = new Promise((resolve) => fragile.once('acquire', resolve));
    await asked;
    for (const socket of sockets) socket.destroy();

    expect(await kind).toBe('connection');
    await fragile.end();
  });

  it('knows a pool that was closed', async () => {
    const closed = new pg.Pool({ connectionString: database.url });
    await closed.end();

    expect(await kindOf(makePrisma(closed).project.count())).toBe('connection');
  });

  it('knows a value that Postgres refuses', async () => {
    expect(await kindOf(prisma.run.findUnique({ where: { id: 'not-a-uuid' } }))).toBe('data');
  });
});

describe('toUnavailable', () => {
  it('asks to come back in a second and keeps the cause', () => {
    const cause = new Error('gone');

    expect(toUnavailable(cause)).toMatchObject({ code: 'UNAVAILABLE', retryAfterSecs: 1, cause });
  });
});

async function kindOf(failing: Promise<unknown>): Promise<Kind | 'no error'> {
  try {
    await failing;
    return 'no error';
  } catch (error) {
    const kinds: Kind[] = [];
    if (isConnectionError(error)) kinds.push('connection');
    if (isRetryable(error)) kinds.push('retryable');
    if (isDataError(error)) kinds.push('data');
    expect(kinds.length).toBeLessThan(2);
    return kinds[0] ?? 'other';
  }
}

async function connectTo(port: number): Promise<void> {
  const client = new pg.Client({ host: 'localhost', port, user: 'nobody', database: 'nothing' });
  await client.connect();
  await client.end();
}

/** A port that nobody listens on any more. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server that listens has an address of this form.
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
