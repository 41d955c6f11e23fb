import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RUN_STATUSES, type RunEvent, type RunStatus } from '../src/core/run-state.ts';
import { type Answer, type GraphQLWorld, makeGraphQLWorld } from './support/graphql.ts';
import { findViolations } from './support/invariants.ts';

let t: GraphQLWorld;
let job: string;
/** A job that depends on another one, of which no run ends. */
let dependent: string;
beforeAll(async () => {
  t = await makeGraphQLWorld();
  job = (await t.createJob()).id;
  dependent = (await t.createJob()).id;
  await t.get(`mutation { addJobDependency(job: "${dependent}", input: { dependsOnJobId: "${job}" }) { id } }`);
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

async function runIn(standing: Standing): Promise<string> {
  const isDependent = standing === 'waiting for a dependency';
  const { claimed, events } = isDependent ? WAY.queued : WAY[standing];
  const input = {
    job: isDependent ? dependent : job,
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
}

const refuse = (code: string | null, refused: string): Refusal => ({ code, refused });
const oneOf =
  (...statuses: RunStatus[]) =>
  (status: RunStatus): boolean =>
    statuses.includes(status);
const isActive = oneOf('delayed', 'queued', 'dequeued', 'executing', 'waiting', 'paused');
const isReplayable = oneOf('failed', 'timed_out', 'crashed', 'system_failed');
const isUnstarted = oneOf('delayed', 'queued');
const isWorkedOn = oneOf('dequeued', 'executing', 'waiting', 'paused');
const NOT_RESCHEDULED = refuse('NOT_FOUND', 'run not found or not eligible for rescheduling');

const OPERATIONS: Readonly<Record<string, Operation>> = {
  cancel: {
    document: (id) => `mutation { done: cancelRun(id: "${id}") { id status } }`,
    expected: (status) => (isActive(status) ? 'canceled' : refuse('BAD_REQUEST', 'run already in terminal state')),
  },
  'bulk cancel': {
    document: (id) => `mutation { done: cancelRuns(input: { ids: ["${id}"] }) { results { id status error } } }`,
    expected: (status) => (isActive(status) ? 'canceled' : refuse(null, 'run already in terminal state')),
  },
  replay: {
    document: (id) => `mutation { done: replayRun(id: "${id}") { id status } }`,
    expected: (status) => (isReplayable(status) ? 'a new run' : refuse('BAD_REQUEST', 'run is not replayable')),
  },
  'bulk replay': {
    document: (id) =>
      `mutation { done: replayRuns(input: { ids: ["${id}"] }) { results { id: newId error } runs { id status } } }`,
    expected: (status) => (isReplayable(status) ? 'a new run' : refuse(null, 'run is not replayable')),
  },
  'replay of the dead letter': {
    document: (id) => `mutation { done: replayDeadLetter(id: "${id}") { id status } }`,
    expected: (status) => (status === 'dead_letter' ? 'queued' : refuse('CONFLICT', `run is not dead_letter: it is ${status}`)),
  },
  'bulk replay of the dead letters': {
    document: (id) => `mutation { done: replayDeadLetters(input: { ids: ["${id}"] }) { results { id status error } } }`,
    expected: (status) => (status === 'dead_letter' ? 'queued' : refuse('CONFLICT', 'no dead_letter runs available for replay')),
  },
  'rescheduling to the past': {
    document: (id) =>
      `mutation { done: rescheduleRun(id: "${id}", input: { scheduledAt: "2020-01-01T00:00:00Z" }) { id status } }`,
    expected: (status) => (isUnstarted(status) ? 'queued' : NOT_RESCHEDULED),
  },
  'rescheduling to the future, with a payload': {
    document: (id) =>
      `mutation { done: rescheduleRun(id: "${id}", input: { scheduledAt: "${new Date(Date.now() + 60_000).toISOString()}", payload: { n: 2 } }) { id status } }`,
    expected: (status) => (isUnstarted(status) ? 'delayed' : NOT_RESCHEDULED),
  },
  'taking the idempotency key': {
    document: (id) => `mutation { done: resetIdempotencyKey(id: "${id}") { id status } }`,
    expected: (status) =>
      isWorkedOn(status) ? refuse('NOT_FOUND', 'run not found or not eligible for idempotency reset') : 'as it was',
  },
  'debug mode': {
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
    const { document, expected } = OPERATIONS[name] as Operation;
    const id = await runIn(standing);
    const before = await whole(id);
    const outcome = expected(status);

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

describe('after all of them', () => {
  it('every story is whole', async () => {
    const violations = await findViolations(t.pools.reads);

    // The runs left as dequeued were led there by hand, without the lease that a claim makes.
    expect(violations.filter((violation) => !violation.startsWith('a claimed run has its lease'))).toEqual([]);
  });
});
