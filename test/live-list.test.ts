import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { KeyActor, RunActor } from '../src/auth/actor.ts';
import { newId } from '../src/core/ids.ts';
import { createProject } from '../src/domain/projects/create-project.ts';
import { deleteExpiredRuns } from '../src/domain/runs/retention.ts';
import { type Answer, type GraphQLWorld, keyOf, makeGraphQLWorld } from './support/graphql.ts';
import { type LiveView, openView, queryRows } from './support/live-view.ts';

let t: GraphQLWorld;
beforeAll(async () => {
  t = await makeGraphQLWorld();
});
afterAll(() => t.close());

const PATIENCE = { timeout: 10_000, interval: 50 };

async function newProject(): Promise<KeyActor> {
  const id = `p-${newId()}`;
  await createProject(t.admin, { id, name: id }, { pool: t.pools.reads });
  return keyOf(id, '*');
}

/** A project of its own, with what can happen to runs in it. */
async function makeScene() {
  const key = await newProject();
  const jobs = [await t.createJob({ slug: 'one' }, key), await t.createJob({ slug: 'two' }, key)];
  const runs: string[] = [];
  let keys = 0;
  const claimed: RunActor[] = [];
  const pick = <T>(items: readonly T[], index: number): T | undefined => items[index % Math.max(1, items.length)];
  const mutate = (document: string, variables: object, as: KeyActor | RunActor = key) => t.ask(document, { variables, as });

  return {
    key,
    runs,
    jobs,
    async trigger(n: number) {
      const tags: Record<string, string> = n % 2 === 0 ? { tier: 'gold' } : {};
      runs.push(
        await t.trigger(
          {
            job: jobs[n % 3 === 0 ? 0 : 1]?.id ?? '',
            payload: { customer: n % 4 },
            tags,
            ...(n % 5 === 0 && { idempotencyKey: `k-${keys++}` }),
            ...(n % 5 === 1 && { concurrencyKey: 'c' }),
            ...(n % 5 === 2 && { scheduledAt: new Date(Date.now() + 3_600_000) }),
          },
          key,
        ),
      );
    },
    async claim() {
      claimed.push(...(await t.claim()).filter(({ projectId }) => projectId === key.projectId));
      t.runs.hub.stir();
    },
    async complete(n: number) {
      const actor = pick(claimed, n);
      if (actor) await mutate('mutation { completeRun(result: {}) { id } }', {}, actor);
    },
    async fail(n: number) {
      const actor = pick(claimed, n);
      if (actor) await mutate('mutation { failRun(input: { error: "no" }) { id } }', {}, actor);
    },
    async annotate(n: number) {
      const actor = pick(claimed, n);
      const annotations = { stage: String(n % 3) };
      if (actor)
        await mutate('mutation ($a: StringMap!) { annotateRun(input: { annotations: $a }) { id } }', { a: annotations }, actor);
    },
    cancel: (n: number) => mutate('mutation ($id: ID!) { cancelRun(id: $id) { id } }', { id: pick(runs, n) ?? newId() }),
    resetKey: (n: number) =>
      mutate('mutation ($id: ID!) { resetIdempotencyKey(id: $id) { id } }', { id: pick(runs, n) ?? newId() }),
    reschedule: (n: number) =>
      mutate('mutation ($id: ID!, $input: RescheduleRunInput!) { rescheduleRun(id: $id, input: $input) { id } }', {
        id: pick(runs, n) ?? newId(),
        input: { scheduledAt: new Date(Date.now() + (n % 2) * 3_600_000), payload: { customer: n % 4 } },
      }),
    async rename(n: number) {
      await mutate('mutation ($job: ID!, $slug: String!) { updateJob(id: $job, input: { slug: $slug }) { id } }', {
        job: jobs[0]?.id,
        slug: n % 2 === 0 ? 'one' : 'renamed',
      });
      t.runs.hub.stir();
    },
    async forget(n: number) {
      const id = pick(runs, n);
      if (!id) return;
      await t.pools.reads.query(
        `update runs set created_at = now() - interval '100 days', finished_at = now() - interval '100 days' where id = $1 and finished_at is not null`,
        [id],
      );
      // What was made old by hand is deleted in the same breath: lists show no time of creation here.
      await deleteExpiredRuns(100, t.runs);
      t.runs.hub.stir();
    },
  };
}

type Scene = Awaited<ReturnType<typeof makeScene>>;
type Act = Exclude<{ [Name in keyof Scene]: Scene[Name] extends (n: number) => unknown ? Name : never }[keyof Scene], undefined>;

const ACTS: readonly Act[] = ['claim', 'complete', 'fail', 'annotate', 'cancel', 'resetKey', 'reschedule', 'rename'];
const act = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fc.constant<Act>('trigger'), fc.nat(60)) },
  { weight: 7, arbitrary: fc.tuple(fc.constantFrom(...ACTS), fc.nat(60)) },
);

/** After which acts every reader loses its connection; in half of the cases none does. */
const cutsAfter = fc.oneof(fc.constant<number[]>([]), fc.array(fc.nat(40), { minLength: 1, maxLength: 3 }));

const filtersOf = (scene: Scene): object[] => [
  {},
  { status: ['EXECUTING'] },
  { status: ['QUEUED', 'DELAYED', 'COMPLETED'] },
  { status: ['FAILED', 'CANCELED'], tags: { tier: 'gold' } },
  { job: scene.jobs[1]?.id, triggeredBy: 'manual' },
  { concurrencyKey: 'c' },
  { createdAfter: new Date(Date.now() - 60_000).toISOString() },
  { job: 'one' },
  { metadata: { stage: '1' } },
  { payloadContains: { customer: 2 }, status: ['DELAYED', 'QUEUED', 'EXECUTING'] },
  { idempotencyKey: 'k-0' },
  { errorContains: 'NO' },
  { finishedAfter: new Date(Date.now() - 60_000).toISOString() },
];

/** Waits until every view is what its query answers. */
async function meet(key: KeyActor, filters: readonly object[], views: readonly LiveView[]): Promise<void> {
  for (const [index, filter] of filters.entries()) {
    const expected = await queryRows(t, key, filter);
    await expect.poll(() => views[index]?.rows(), PATIENCE).toEqual(expected);
  }
}

async function close(views: readonly LiveView[]): Promise<void> {
  await Promise.all(views.map((view) => view.close()));
}

describe('a live list', () => {
  it('is what the query answers, whatever happens to the runs, for every kind of filter', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 10, maxLength: 40 }), cutsAfter, async (acts, cuts) => {
        const scene = await makeScene();
        for (let made = 0; made < 5; made++) await scene.trigger(made);
        const filters = filtersOf(scene);
        const views = filters.map((filter) => openView(t, scene.key, filter));
        try {
          await Promise.all(views.map(({ loaded }) => loaded));
          for (const [index, [name, n]] of acts.entries()) {
            await scene[name](n);
            if (cuts.includes(index)) await Promise.all(views.map((view) => view.reconnect()));
          }
          await meet(scene.key, filters, views);
          // What is deleted goes with its events, which is long after everybody has read them.
          for (const forgotten of [0, 1, 2, 5]) await scene.forget(forgotten);
          await meet(scene.key, filters, views);
          // A name that a job gives away or gets is the one thing that makes a list load anew.
          expect(views.filter((view, index) => index !== 7 && view.resets() > 1)).toEqual([]);
        } finally {
          await close(views);
        }
      }),
      { numRuns: 6, endOnFailure: true },
    );
    expect(t.runs.changes.followers()).toBe(0);
  });

  it('says what a change means to the list', async () => {
    const scene = await makeScene();
    const stream = await follow(scene.key, null, { status: ['QUEUED', 'EXECUTING'] });
    await next(stream);
    const kinds: string[] = [];
    const told = async (): Promise<void> => void kinds.push(...(await next(stream)).changes.map(({ kind }) => kind));

    await scene.trigger(1);
    await told();
    await scene.claim();
    t.runs.hub.stir();
    await told();
    await scene.annotate(1);
    await told();
    await scene.complete(0);
    await told();

    expect(kinds).toEqual(['ENTER', 'CHANGE', 'CHANGE', 'LEAVE']);
  });

  it('tells what many runs do in few events, each run once', async () => {
    const scene = await makeScene();
    const stream = await follow(scene.key);
    await next(stream);

    await Promise.all(Array.from({ length: 150 }, (_, n) => scene.trigger(3 * n + 1)));
    const told: string[] = [];
    let events = 0;
    while (new Set(told).size < 150) {
      const { changes } = await next(stream);
      events++;
      expect(changes.length).toBeLessThanOrEqual(100);
      told.push(...changes.map(({ runId }) => runId));
    }

    expect(events).toBeLessThan(20);
    expect(new Set(told).size).toBe(150);
  });

  it('goes on from a cursor without a gap, and says when it cannot', async () => {
    const scene = await makeScene();
    const stream = await follow(scene.key);
    const { cursor, reset } = await next(stream);
    await stream.return?.();
    await scene.trigger(1);

    const resumed = await next(await follow(scene.key, cursor));
    const [takenAt, snapshot = ''] = Buffer.from(cursor, 'base64url').toString().split(' ');
    const aged = (at: number, of = snapshot) => Buffer.from(`${at} ${of}`).toString('base64url');
    const tooOld = await next(await follow(scene.key, aged(Number(takenAt) - 301_000)));
    const elsewhere = await next(await follow(scene.key, aged(Number(takenAt), '900000000:900000001:')));

    expect(reset).toBe(true);
    expect(resumed).toMatchObject({ reset: false, changes: [{ kind: 'ENTER', runId: scene.runs[0] }] });
    expect([tooOld.reset, elsewhere.reset]).toEqual([true, true]);
  });

  it.each([['nonsense'], [Buffer.from('1 2:1:').toString('base64url')], [Buffer.from('1 1:9:8,3').toString('base64url')], ['']])(
    'refuses the cursor %j',
    async (after) => {
      const refused = (await t.follow(CHANGED, { variables: { after } })) as Answer;

      expect(refused.errors).toMatchObject([{ extensions: { code: 'BAD_REQUEST' } }]);
    },
  );

  it('never passes over a change that is committed late', async () => {
    const scene = await makeScene();
    await scene.trigger(1);
    const stream = await follow(scene.key);
    await next(stream);
    const client = await t.pools.reads.connect();
    onTestFinished(() => client.release());

    // It begins first and commits last, as a statement does that waits for a lock.
    await client.query('begin');
    await client.query(
      `insert into run_events (run_id, seq, type, message, from_status, to_status, attempt, epoch, project_id, xid)
       values ($1, 2, 'state_change', 'late', 'queued', 'queued', 1, 0, $2, pg_current_xact_id()::text::bigint)`,
      [scene.runs[0], scene.key.projectId],
    );
    await scene.trigger(4);
    const early = await next(stream);
    await client.query('commit');
    t.runs.hub.stir();
    const late = await next(stream);

    expect(early.changes).toMatchObject([{ kind: 'ENTER', runId: scene.runs[1] }]);
    expect(late.changes).toMatchObject([{ kind: 'CHANGE', runId: scene.runs[0] }]);
  });

  it('shows a project nothing of another, while both are written to at full rate', async () => {
    const scenes = [await makeScene(), await makeScene()];
    const views = scenes.map(({ key }) => openView(t, key, {}));
    await Promise.all(views.map(({ loaded }) => loaded));

    await Promise.all(
      scenes.flatMap((scene) =>
        Array.from({ length: 10 }, async (_, writer) => {
          for (let n = 0; n < 20; n++) await scene.trigger(3 * (writer * 20 + n) + 1);
        }),
      ),
    );
    for (const [index, { runs }] of scenes.entries()) {
      await expect.poll(() => Object.keys(views[index]?.rows() ?? {}).sort(), PATIENCE).toEqual([...runs].sort());
    }
    await close(views);
  });

  it.each([
    ['a project of somebody else', { projectId: 'other' }, 'NOT_FOUND'],
    ['a filter that cannot be applied', { filter: { metadata: { a: 'x'.repeat(5_000) } } }, 'BAD_REQUEST'],
  ])('refuses %s before the first event', async (_what, variables, code) => {
    const refused = (await t.follow(CHANGED, { variables })) as Answer;

    expect(refused.errors).toMatchObject([{ extensions: { code } }]);
  });

  it('asks the database nothing while nothing happens', async () => {
    const scene = await makeScene();
    const streams = await Promise.all(Array.from({ length: 50 }, () => follow(scene.key)));
    await Promise.all(streams.map(next));
    const waiting = streams.map((stream) => stream.next());
    const before = t.statements().length;

    await new Promise((resolve) => setTimeout(resolve, 1_500));

    expect(t.statements().length - before).toBeLessThanOrEqual(1);
    await Promise.all(streams.map((stream) => stream.return?.()));
    await Promise.all(waiting);
  });
});

const CHANGED =
  'subscription ($projectId: ID, $filter: RunFilter, $after: String) { runChanged(projectId: $projectId, filter: $filter, after: $after) { cursor reset changes { kind runId } } }';

interface Changed {
  readonly cursor: string;
  readonly reset: boolean;
  readonly changes: readonly { readonly kind: string; readonly runId: string }[];
}

async function follow(as: KeyActor, after: string | null = null, filter: object = {}): Promise<AsyncIterableIterator<Answer>> {
  const stream = await t.follow(CHANGED, { variables: { after, filter }, as });
  if (!(Symbol.asyncIterator in stream)) throw new Error(`refused: ${JSON.stringify(stream)}`);
  onTestFinished(async () => void (await stream.return?.()));
  return stream;
}

async function next(stream: AsyncIterator<Answer>): Promise<Changed> {
  const { value } = await stream.next();
  return value.data.runChanged;
}
