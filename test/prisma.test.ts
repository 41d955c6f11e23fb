import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Prisma } from '../generated/prisma/client.ts';
import { makePrisma, type PrismaClient } from '../src/db/prisma.ts';
import { createTestDatabase, type TestDatabase } from './support/database.ts';

const JOB = randomUUID();
const PARENT = randomUUID();
const CHILD = randomUUID();

let database: TestDatabase;
let pool: pg.Pool;
let prisma: PrismaClient;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.url, max: 2 });
  prisma = makePrisma(pool);
  await pool.query("insert into projects (id, name) values ('shop', 'The shop')");
  await pool.query(
    `insert into jobs (id, project_id, slug, name, endpoint_url, retry_delays_secs, signing_secret, version_id, created_by)
     values ($1, 'shop', 'pack', 'Pack', 'http://127.0.0.1/', '{1,2}', 'whsec_x', 'ver_1', 'test')`,
    [JOB],
  );
  await pool.query(
    "insert into job_versions (job_id, version, version_id, definition, created_by) values ($1, 1, 'ver_1', '{}', 'test')",
    [JOB],
  );
  for (const [id, parent] of [
    [PARENT, null],
    [CHILD, PARENT],
  ]) {
    await pool.query(
      `insert into runs (id, project_id, job_id, status, timeout_secs, job_version, job_version_id, triggered_by, created_by, parent_run_id, created_at)
       values ($1, 'shop', $2, 'queued', 60, 1, 'ver_1', 'test', 'test', $3, '2026-01-02T03:04:05.678901Z')`,
      [id, JOB, parent],
    );
  }
  await pool.query(
    `insert into run_data (run_id, project_id, payload, payload_hash) values ($1, 'shop', '{"deep": [1, null]}', 'x')`,
    [PARENT],
  );
  await pool.query(
    "insert into run_events (run_id, seq, type, message, attempt, epoch) values ($1, 1, 'run.queued', 'Queued', 1, 0)",
    [PARENT],
  );
  await pool.query(
    "insert into api_keys (id, project_id, name, prefix, hash, scopes, created_by) values ($1, 'shop', 'Key', 'baton_', $2, '{runs:read,runs:write}', 'test')",
    [randomUUID(), Buffer.alloc(32, 7)],
  );
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

describe('makePrisma', () => {
  it('follows relations that have no foreign key behind them, both ways', async () => {
    const parent = await prisma.run.findUniqueOrThrow({
      where: { id: PARENT },
      include: {
        project: true,
        job: true,
        definition: true,
        batch: true,
        parent: true,
        children: true,
        continuations: true,
        data: true,
        result: true,
        lease: true,
        events: true,
        outputs: true,
        waits: true,
      },
    });

    expect(parent.project.name).toBe('The shop');
    expect(parent.job.retryDelaysSecs).toEqual([1, 2]);
    expect(parent.definition.versionId).toBe('ver_1');
    expect(parent.children.map(({ id }) => id)).toEqual([CHILD]);
    expect(parent.data?.payload).toEqual({ deep: [1, null] });
    expect(parent.events.map(({ seq, message }) => [seq, message])).toEqual([[1, 'Queued']]);
    expect([parent.batch, parent.parent, parent.result, parent.lease]).toEqual([null, null, null, null]);
    const child = await prisma.run.findUniqueOrThrow({ where: { id: CHILD }, select: { parent: { select: { id: true } } } });
    expect(child.parent).toEqual({ id: PARENT });
  });

  it('reads every kind of column as what its type says', async () => {
    const run = await prisma.run.findUniqueOrThrow({ where: { id: PARENT } });
    const key = await prisma.apiKey.findFirstOrThrow();

    expect(run.createdAt).toEqual(new Date('2026-01-02T03:04:05.678Z'));
    expect(run.createdUs).toBe(1_767_323_045_678_901n);
    expect(run.debugMode).toBe(false);
    expect(key.scopes).toEqual(['runs:read', 'runs:write']);
    expect(Buffer.from(key.hash)).toEqual(Buffer.alloc(32, 7));
  });

  it('pages by a cursor without losing runs of the same instant', async () => {
    const page: Prisma.RunFindManyArgs = {
      where: { projectId: 'shop' },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: 1,
    };
    const [first] = await prisma.run.findMany(page);
    const [second] = await prisma.run.findMany({ ...page, cursor: { id: first?.id ?? '' }, skip: 1 });

    expect(new Set([first?.id, second?.id])).toEqual(new Set([PARENT, CHILD]));
  });

  it('leaves the pool to its owner', async () => {
    const ours = makePrisma(pool);
    await ours.project.count();
    await ours.$disconnect();

    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    expect(pool.listenerCount('error')).toBe(1);
  });
});
