import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RUN_STATUSES, type RunEvent, type RunStatus } from '../src/core/run-state.ts';
import { type Answer, type GraphQLWorld, keyOf, makeGraphQLWorld } from './support/graphql.ts';
import { findViolations } from './support/invariants.ts';

let t: GraphQLWorld;
/** Jobs by what executes their runs; `dependent` ones depend on another job, of which no run ends. */
let jobs: Record<'http' | 'managed', { readonly plain: string; readonly dependent: string }>;
beforeAll(async () => {
  t = await makeGraphQLWorld();
  const managed = { executionMode: 'managed', imageUri: 'exec:true', endpointUrl: null };
  jobs = { http: await jobPair({}), managed: await jobPair(managed) };
});
afterAll(() => t.close());

/** The events that lead a queued run to a status, after a claim where one has to be first. */
const WAY: Readonly<Record<RunStatus, { readonly claimed: boolean; readonly events: readonly RunEvent[] }>> = {
  delayed: { claimed: false, events: ['hold'] },
  queued: { claimed: false, events: [] },
  dequeued: { claimed: true, events: ['release', 'claim'] },
  executing: { claimed: true, events: [] },
  waiting: { claimed: true, events: ['wait'] },
  paused: { claimed: true, events: ['pause'] },
  completed: { claimed: true, events: ['complete'] },
  failed: { claimed: true, events: ['fail'] },
  timed_out: { claimed: true, events: ['time_out'] },
  crashed: { claimed: true, events: ['crash'] },
  system_failed: { claimed: true, events: ['system_fail'] },
  canceled: { claimed: true, events: ['cancel'] },
  expired: { claimed: false, events: ['expire'] },
  dead_letter: { claimed: true, events: ['bury'] },
};

let keys = 0;

/** Waiting for a dependency is waiting too, but before the first start. */
type Standing = RunStatus | 'waiting for a dependency';
const STANDINGS: readonly Standing[] = [...RUN_STATUSES, 'waiting for a dependency'];
const statusOf = (standing: Standing): RunStatus => (standing === 'waiting for a dependency' ? 'waiting' : standing);

async function jobPair(fields: object): Promise<{ readonly plain: string; readonly dependent: string }> {
  const [plain, dependent] = [(await t.createJob(fields)).id, (await t.createJob(fields)).id];
  await t.get(`mutation { addJobDependency(job: "${dependent}", input: { dependsOnJobId: "${plain}" }) { id } }`);
  return { plain, dependent };
}

async function runIn(standing: Standing, kind: 'http' | 'managed' = 'http'): Promise<string> {
  const isDependent = standing === 'waiting for a dependency';
  const { claimed, events } = isDependent ? WAY.queued : WAY[standing];
  const input = {
    job: jobs[kind][isDependent ? 'dependent' : 'plain'],
    payload: { n: 1 },
    idempotencyKey: `key-${++keys}`,
    tags: { a: 'b' },
    priority: 3,
  };
  const id = claimed ? (await t.start(input)).runId : await t.trigger(input);
  for (const event of events) {
    const at = new Date(Date.now() + 3_600_000);
    const { moved } = await t.runs.transitions.one({ runId: id, event, message: event, ...(event === 'hold' && { at }) });
    expect(moved).toBe(true);
  }
  return id;
}

/** What an operation leads to: the status of the run afterwards, or the refusal. */
type Expected = RunStatus | 'a new run' | 'as it was' | Refusal;
interface Refusal {
  readonly refused: string;
  /** The code of the error; null for an item of a bulk answer, whose own status is told. */
  readonly code: string | null;
}

interface Operation {
  readonly document: (id: string) => string;
  readonly expected: (status: RunStatus) => Expected;
  /** Done to the run of a managed job. */
  readonly managed?: true;
  /** What a run offers when this can be done to it. */
  readonly action?: string;
  /** The status in which it changes nothing, and is not refused; it is not offered then. */
  readonly idleIn?: RunStatus;
}

const refuse = (code: string | null, refused: string): Refusal => ({ code, refused });
const oneOf =
  (...statuses: RunStatus[]) =>
  (status: RunStatus): boolean =>
    statuses.includes(status);
const isActive = oneOf('delayed', 'queued', 'dequeued', 'executing', 'waiting', 'paused');
const isReplayable = oneOf('failed', 'timed_out', 'crashed', 'system_failed');
const isUnstarted = oneOf('delayed', 'queued');
const isHeldByProcess = oneOf('executing', 'paused');
const isWorkedOn = oneOf('dequeued', 'executing', 'waiting', 'paused');
const NOT_RESCHEDULED = refuse('NOT_FOUND', 'run not found or not eligible for rescheduling');

const NOT_RESCHEDULED_TOO = 'run was started before, or has ended, and cannot be rescheduled';

const OPERATIONS: Readonly<Record<string, Operation>> = {
  cancel: {
    action: 'CANCEL',
    document: (id) => `mutation { done: cancelRun(id: "${id}") { id status } }`,
    expected: (status) => (isActive(status) ? 'canceled' : refuse('BAD_REQUEST', 'run already in terminal state')),
  },
  'bulk cancel': {
    document: (id) => `mutation { done: cancelRuns(input: { ids: ["${id}"] }) { results { id status error } } }`,
    expected: (status) => (isActive(status) ? 'canceled' : refuse(null, 'run already in terminal state')),
  },
  replay: {
    action: 'REPLAY',
    document: (id) => `mutation { done: replayRun(id: "${id}") { id status } }`,
    expected: (status) => (isReplayable(status) ? 'a new run' : refuse('BAD_REQUEST', 'run is not replayable')),
  },
  'bulk replay': {
    document: (id) =>
      `mutation { done: replayRuns(input: { ids: ["${id}"] }) { results { id: newId error } runs { id status } } }`,
    expected: (status) => (isReplayable(status) ? 'a new run' : refuse(null, 'run is not replayable')),
  },
  'replay of the dead letter': {
    action: 'REPLAY_DEAD_LETTER',
    document: (id) => `mutation { done: replayDeadLetter(id: "${id}") { id status } }`,
    expected: (status) => (status === 'dead_letter' ? 'queued' : refuse('CONFLICT', `run is not dead_letter: it is ${status}`)),
  },
  'bulk replay of the dead letters': {
    document: (id) => `mutation { done: replayDeadLetters(input: { ids: ["${id}"] }) { results { id status error } } }`,
    expected: (status) => (status === 'dead_letter' ? 'queued' : refuse('CONFLICT', 'no dead_letter runs available for replay')),
  },
  'rescheduling to the past': {
    action: 'RESCHEDULE',
    document: (id) =>
      `mutation { done: rescheduleRun(id: "${id}", input: { scheduledAt: "2020-01-01T00:00:00Z" }) { id status } }`,
    expected: (status) => (isUnstarted(status) ? 'queued' : NOT_RESCHEDULED),
  },
  'rescheduling to the future, with a payload': {
    document: (id) =>
      `mutation { done: rescheduleRun(id: "${id}", input: { scheduledAt: "${new Date(Date.now() + 60_000).toISOString()}", payload: { n: 2 } }) { id status } }`,
    expected: (status) => (isUnstarted(status) ? 'delayed' : NOT_RESCHEDULED),
  },
  'bulk rescheduling to the past': {
    document: (id) =>
      `mutation { done: rescheduleRuns(input: { ids: ["${id}"], scheduledAt: "2020-01-01T00:00:00Z" }) { results { id status error } } }`,
    expected: (status) => (isUnstarted(status) ? 'queued' : refuse(null, NOT_RESCHEDULED_TOO)),
  },
  'bulk rescheduling to the future': {
    document: (id) =>
      `mutation { done: rescheduleRuns(input: { ids: ["${id}"], scheduledAt: "${new Date(Date.now() + 60_000).toISOString()}" }) { results { id status error } } }`,
    expected: (status) => (isUnstarted(status) ? 'delayed' : refuse(null, NOT_RESCHEDULED_TOO)),
  },
  'taking the idempotency key': {
    document: (id) => `mutation { done: resetIdempotencyKey(id: "${id}") { id status } }`,
    expected: (status) =>
      isWorkedOn(status) ? refuse('NOT_FOUND', 'run not found or not eligible for idempotency reset') : 'as it was',
  },
  pausing: {
    action: 'PAUSE',
    idleIn: 'paused',
    managed: true,
    document: (id) => `mutation { done: pauseRun(id: "${id}") { id status } }`,
    expected: (status) => (isHeldByProcess(status) ? 'paused' : refuse('BAD_REQUEST', 'run must be in executing state to pause')),
  },
  'pausing without a process': {
    document: (id) => `mutation { done: pauseRun(id: "${id}") { id status } }`,
    expected: () => refuse('BAD_REQUEST', 'only managed runs can be paused'),
  },
  resuming: {
    action: 'RESUME',
    managed: true,
    document: (id) => `mutation { done: resumeRun(id: "${id}") { id status } }`,
    expected: (status) => (status === 'paused' ? 'queued' : refuse('BAD_REQUEST', 'run is not paused')),
  },
  restarting: {
    action: 'RESTART',
    managed: true,
    document: (id) => `mutation { done: restartRun(id: "${id}") { id status } }`,
    expected: (status) =>
      isHeldByProcess(status) ? 'queued' : refuse('BAD_REQUEST', 'run must be executing or paused to restart'),
  },
  'restarting on another machine': {
    action: 'RESTART',
    managed: true,
    document: (id) => `mutation { done: restartRun(id: "${id}", machinePreset: SMALL_2X) { id status } }`,
    expected: (status) =>
      isHeldByProcess(status) ? 'queued' : refuse('BAD_REQUEST', 'run must be executing or paused to restart'),
  },
  'restarting without a process': {
    action: 'RESTART',
    document: (id) => `mutation { done: restartRun(id: "${id}") { id status } }`,
    expected: () => refuse('BAD_REQUEST', 'only managed runs can be restarted'),
  },
  'debug mode': {
    action: 'SET_DEBUG',
    document: (id) => `mutation { done: setDebugMode(id: "${id}", enabled: true) { id status } }`,
    expected: () => 'as it was',
  },
};

async function whole(id: string): Promise<unknown> {
  const { rows } = await t.pools.reads.query(
    `select to_jsonb(r) as run, to_jsonb(d) as data, to_jsonb(l) as lease,
            (select jsonb_agg(to_jsonb(e) order by e.seq) from run_events e where e.run_id = r.id) as events,
            (select count(*) from runs) as runs
       from runs r join run_data d on d.run_id = r.id left join run_leases l on l.run_id = r.id where r.id = $1`,
    [id],
  );
  return rows[0];
}

/** The one thing an answer is about: the run of a single operation, or the item of a bulk one. */
function itemOf({ data }: Answer): { readonly id: string; readonly status?: string; readonly error?: string | null } {
  return data.done.results?.[0] ?? data.done;
}

describe.each(STANDINGS)('a run that is %s', (standing) => {
  const status = statusOf(standing);

  it.each(Object.keys(OPERATIONS))('meets %s', async (name) => {
    const { document, expected, managed, action, idleIn } = OPERATIONS[name] as Operation;
    const id = await runIn(standing, managed ? 'managed' : 'http');
    const before = await whole(id);
    const outcome = expected(status);
    const { run: offering } = await t.get(`{ run(id: "${id}") { allowedActions } }`);
    if (action) expect(offering.allowedActions.includes(action)).toBe(typeof outcome !== 'object' && idleIn !== status);

    const answer = await t.ask(document(id));

    if (typeof outcome === 'object') {
      expect(answer.errors?.[0]?.extensions?.['code'] ?? null).toBe(outcome.code);
      expect(answer.errors?.[0]?.message ?? itemOf(answer).error).toBe(outcome.refused);
      expect(await whole(id)).toEqual(before);
      return;
    }
    expect(answer.errors).toBeUndefined();
    const item = itemOf(answer);
    const { run } = (await t.get(`{ run(id: "${id}") { status } }`)) as { run: { status: string } };
    if (outcome === 'a new run') {
      expect(item.id).not.toBe(id);
      const { run: fresh } = await t.get(
        `{ run(id: "${item.id}") { status attempt triggeredBy idempotencyKey payload tags priority parentRunId } }`,
      );
      expect(fresh).toEqual({
        status: 'QUEUED',
        attempt: 1,
        triggeredBy: 'manual',
        idempotencyKey: null,
        payload: { n: 1 },
        tags: { a: 'b' },
        priority: 3,
        parentRunId: null,
      });
      expect({ ...Object(await whole(id)), runs: 0 }).toEqual({ ...Object(before), runs: 0 });
      return;
    }
    expect(item.id).toBe(id);
    expect(run.status).toBe((outcome === 'as it was' ? status : outcome).toUpperCase());
    if (item.status !== undefined) expect(item.status).toBe(run.status);
  });
});

describe.each(['pauseRun', 'resumeRun', 'restartRun'])('%s', (mutation) => {
  it.each([
    ['another project', keyOf('other', '*'), 'NOT_FOUND', 'run not found'],
    ['a key that may only read', keyOf('default', 'runs:read'), 'FORBIDDEN', 'insufficient permissions: requires runs:write'],
  ])('is refused to %s, and changes nothing', async (_, as, code, message) => {
    for (const status of ['executing', 'paused'] as const) {
      const id = await runIn(status, 'managed');
      const before = await whole(id);

      const { errors } = await t.ask(`mutation { ${mutation}(id: "${id}") { id } }`, { as });

      expect(errors?.[0]).toMatchObject({ message, extensions: { code } });
      expect(await whole(id)).toEqual(before);
    }
  });

  it.each(['0190a0b0-0000-7000-8000-000000000001', 'no-id'])('knows no run %s', async (id) => {
    const { errors } = await t.ask(`mutation { ${mutation}(id: "${id}") { id } }`);

    expect(errors?.[0]).toMatchObject({ message: 'run not found', extensions: { code: 'NOT_FOUND' } });
  });

  it('takes the power from the token of the process', async () => {
    const actor = await t.start({ job: jobs.managed.plain, payload: null });
    if (mutation === 'resumeRun') await t.get(`mutation { pauseRun(id: "${actor.runId}") { id } }`);
    await t.get(`mutation { ${mutation}(id: "${actor.runId}") { id } }`);
    const before = await whole(actor.runId);

    for (const report of ['saveCheckpoint(input: { state: {} })', 'completeRun(result: 1)']) {
      const { errors } = await t.ask(`mutation { ${report} { id } }`, { as: actor });
      expect(errors?.[0]).toMatchObject({ message: expect.stringMatching(/^stale run token/), extensions: { code: 'CONFLICT' } });
    }
    expect(await whole(actor.runId)).toEqual(before);
  });
});

describe('after all of them', () => {
  it('every story is whole', async () => {
    const violations = await findViolations(t.pools.reads);

    // The runs left as dequeued were led there by hand, without the lease that a claim makes.
    expect(violations.filter((violation) => !violation.startsWith('a claimed run has its lease'))).toEqual([]);
  });
});
