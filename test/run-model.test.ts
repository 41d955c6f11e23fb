import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunActor } from '../src/auth/actor.ts';
import { AppError } from '../src/core/errors.ts';
import { sendEvent } from '../src/domain/events/send-event.ts';
import { waitForEvent } from '../src/domain/events/wait-for-event.ts';
import { cancelRun } from '../src/domain/runs/cancel.ts';
import { saveCheckpoint } from '../src/domain/runs/checkpoint.ts';
import { completeRun, failRun } from '../src/domain/runs/complete.ts';
import { replayDeadLetter } from '../src/domain/runs/dlq-replay.ts';
import { heartbeat } from '../src/domain/runs/heartbeat.ts';
import { logRun } from '../src/domain/runs/log.ts';
import { pauseRun, restartRun, resumeRun } from '../src/domain/runs/managed.ts';
import { findDues, fireTimers, reapDues } from '../src/domain/runs/reap.ts';
import { replayRun } from '../src/domain/runs/replay.ts';
import { rescheduleRun } from '../src/domain/runs/reschedule.ts';
import { resetIdempotencyKey } from '../src/domain/runs/reset-idempotency.ts';
import { triggerRun } from '../src/domain/runs/trigger.ts';
import { type GraphQLWorld, makeGraphQLWorld } from './support/graphql.ts';
import { findViolations } from './support/invariants.ts';
import {
  type Answer,
  claim,
  type Due,
  emptyModel,
  fallDue,
  type Model,
  type Operation,
  operate,
  type Report,
  report,
  send,
  trigger,
  waitFor,
} from './support/run-model.ts';

/** Sequences that are played; the project of tests says how many, `MODEL_SEQUENCES` asks for more. */
const SEQUENCES = Number(process.env['MODEL_SEQUENCES'] ?? 1_000);
/** Databases that play at the same time: a sequence mostly waits for answers. */
const WORLDS = 4;
const MAX_COMMANDS = 30;

let worlds: GraphQLWorld[];
beforeAll(async () => {
  worlds = await Promise.all(Array.from({ length: WORLDS }, makeGraphQLWorld));
});
afterAll(() => Promise.all(worlds.map((world) => world.close())));

/** The real thing beside the model: ids and actors in the order in which the model knows them. */
interface Real {
  readonly world: GraphQLWorld;
  readonly job: string;
  /** Keys of one sequence mean nothing to the next. */
  readonly suffix: string;
  readonly runIds: string[];
  readonly actors: RunActor[];
}

async function answerOf(work: Promise<unknown>): Promise<Answer> {
  try {
    await work;
    return 'done';
  } catch (error) {
    if (error instanceof AppError) return error.code as Answer;
    throw error;
  }
}

/** Runs that an operation made by itself, a replay, become known. */
async function learnNewRuns(real: Real): Promise<void> {
  const { rows } = await real.world.pools.reads.query<{ id: string }>(
    'select id from runs where job_id = $1 and id <> all ($2) order by created_at',
    [real.job, real.runIds],
  );
  real.runIds.push(...rows.map(({ id }) => id));
}

/** The runs as the model describes them. */
async function looksOfRows(real: Real): Promise<object[]> {
  const { rows } = await real.world.pools.reads.query<{ id: string }>(
    `select id, status, attempt, epoch, hold is not null as held, idempotency_key is not null as keyed, checkpoint_seq as checkpoints
       from runs where job_id = $1 order by array_position($2::uuid[], id)`,
    [real.job, real.runIds],
  );
  return rows.map(({ id: _, ...row }) => row);
}

function at<T>(list: readonly T[], index: number): T {
  return list[index % list.length] as T;
}

function looksOf(model: Model): object[] {
  return model.runs.map(({ status, attempt, epoch, held, key, checkpoints }) => {
    return { status, attempt, epoch, held, keyed: key !== null, checkpoints };
  });
}

type Step = fc.AsyncCommand<Model, Real>;

/** One step: the same thing done to the model and to the real one, which then must agree on the answer and on every run. */
function step(
  label: string,
  needs: 'nothing' | 'runs' | 'claims',
  play: { readonly model: (model: Model) => Answer; readonly real: (real: Real) => Promise<Answer> },
): Step {
  return {
    check: (model) => needs === 'nothing' || model[needs].length > 0,
    async run(model, real) {
      const expected = play.model(model);
      const answer = await play.real(real);
      expect({ answer, runs: await looksOfRows(real) }, label).toEqual({ answer: expected, runs: looksOf(model) });
    },
    toString: () => label,
  };
}

const future = (): Date => new Date(Date.now() + 3_600_000);
const index = fc.nat({ max: 30 });
const key = fc.constantFrom('a', 'b');
const word = fc.constantFrom('one', 'two');

const triggers = fc
  .record({
    key: fc.option(key, { nil: null }),
    delayed: fc.boolean(),
    expires: fc.boolean(),
    maxAttempts: fc.integer({ min: 1, max: 3 }),
  })
  .map((input) =>
    step(`trigger ${JSON.stringify(input)}`, 'nothing', {
      model: (model) => trigger(model, input).answer,
      async real(real) {
        const item = {
          job: real.job,
          maxAttempts: input.maxAttempts,
          ...(input.key !== null && { idempotencyKey: input.key }),
          ...(input.delayed && { scheduledAt: future() }),
          ...(input.expires && { ttlSecs: 3_600 }),
        };
        const { id, idempotencyHit } = await triggerRun(real.world.admin, item, real.world.runs);
        if (!idempotencyHit) real.runIds.push(id);
        return idempotencyHit ? 'hit' : 'done';
      },
    }),
  );

const claims = fc.constant(
  step('claim', 'nothing', {
    model(model) {
      claim(model);
      return 'done';
    },
    async real({ world, runIds, actors }) {
      const claimed = await world.claim();
      // A claim answers by priority and age; the model counts its runs in the order of their making.
      const order = (actor: RunActor): number => runIds.indexOf(actor.runId);
      actors.push(...claimed.sort((a, b) => order(a) - order(b)));
      return 'done';
    },
  }),
);

const SAY: Readonly<Record<Report, (actor: RunActor, said: string, world: GraphQLWorld) => Promise<unknown>>> = {
  complete: (actor, said, { runs }) => completeRun(actor, { said }, runs),
  fail: (actor, said, { runs }) => failRun(actor, { error: said, retry: false }, runs),
  retry: (actor, said, { runs }) => failRun(actor, { error: said, retry: true }, runs),
  beat: (actor, _said, { runs }) => heartbeat(actor, runs),
  checkpoint: (actor, said, { runs }) => saveCheckpoint(actor, { state: { said } }, runs),
  log: (actor, said, { runs }) => logRun(actor, { message: said }, runs),
};

const reports = fc.tuple(index, fc.constantFrom(...(Object.keys(SAY) as Report[])), word).map(([claimed, kind, said]) =>
  step(`claim ${claimed} says ${kind} ${said}`, 'claims', {
    model: (model) => report(model, claimed, kind, said),
    real: ({ actors, world }) => answerOf(SAY[kind](at(actors, claimed), said, world)),
  }),
);

const waits = fc.tuple(index, key).map(([claimed, name]) =>
  step(`claim ${claimed} waits for ${name}`, 'claims', {
    model: (model) => waitFor(model, claimed, name),
    real: ({ actors, suffix, world }) =>
      answerOf(waitForEvent(at(actors, claimed), { eventKey: `${name}-${suffix}` }, world.runs)),
  }),
);

const sendings = fc.tuple(key, fc.integer({ min: 1, max: 2 })).map(([name, payload]) =>
  step(`send ${payload} to ${name}`, 'nothing', {
    model: (model) => send(model, name, payload),
    real: ({ world, suffix }) => answerOf(sendEvent(world.admin, `${name}-${suffix}`, { payload }, world.runs)),
  }),
);

const DO: Readonly<Record<Operation, (runId: string, world: GraphQLWorld) => Promise<unknown>>> = {
  cancel: (runId, { admin, runs }) => cancelRun(admin, runId, runs),
  dlqReplay: (runId, { admin, runs }) => replayDeadLetter(admin, runId, runs),
  replay: (runId, { admin, runs }) => replayRun(admin, { runId }, runs),
  toFuture: (runId, { admin, runs }) => rescheduleRun(admin, { runId, change: { scheduledAt: future() } }, runs),
  toPast: (runId, { admin, runs }) => rescheduleRun(admin, { runId, change: { scheduledAt: new Date(0) } }, runs),
  resetKey: (runId, { admin, runs }) => resetIdempotencyKey(admin, runId, runs),
  pause: (runId, { admin, runs }) => pauseRun(admin, runId, runs),
  resume: (runId, { admin, runs }) => resumeRun(admin, runId, runs),
  restart: (runId, { admin, runs }) => restartRun(admin, { runId }, runs),
};

const operations = fc.tuple(index, fc.constantFrom(...(Object.keys(DO) as Operation[]))).map(([run, operation]) =>
  step(`${operation} run ${run}`, 'runs', {
    model: (model) => operate(model, run, operation),
    async real(real) {
      const answer = await answerOf(DO[operation](at(real.runIds, run), real.world));
      if (operation === 'replay') await learnNewRuns(real);
      return answer;
    },
  }),
);

/** Makes everything of a kind due, as the passing of time does, or the death of the process that holds a lease. */
const BRING_DUE: Readonly<Record<Due, string>> = {
  delays: `update runs set wake_at = now() where status = 'delayed'`,
  retries: 'update runs set wake_at = now() where hold is not null',
  // Whoever dispatched, or executes, has died.
  leases: 'update run_leases set lease_until = now()',
  deadlines: 'update run_leases set deadline_at = now()',
  events: `update waits set expires_at = now() where status = 'waiting'`,
  ttl: `update runs set expires_at = now() where expires_at is not null and status in ('delayed', 'queued')`,
};

const dues = fc.constantFrom(...(Object.keys(BRING_DUE) as Due[])).map((due) =>
  step(`${due} fall due`, 'runs', {
    model(model) {
      fallDue(model, due);
      return 'done';
    },
    async real({ world }) {
      await world.pools.engine.query(BRING_DUE[due]);
      await fireTimers(world.runs);
      await reapDues(await findDues(1_000_000, world.runs), world.runs);
      return 'done';
    },
  }),
);

const commands = fc.commands(
  [triggers, triggers, claims, claims, reports, reports, reports, waits, sendings, operations, operations, dues],
  { maxCommands: MAX_COMMANDS, size: 'max' },
);

describe('runs', () => {
  it(`do what the model does, in ${SEQUENCES} random sequences`, { timeout: 300_000 }, async () => {
    await Promise.all(worlds.map((world) => play(world)));
  });
});

async function play(world: GraphQLWorld): Promise<void> {
  let played = 0;
  await fc.assert(
    fc.asyncProperty(commands, async (steps) => {
      const { id } = await world.createJob({ executionMode: 'managed', imageUri: 'exec:true', endpointUrl: null });
      const real: Real = { world, job: id, suffix: String(++played), runIds: [], actors: [] };
      await fc.asyncModelRun(() => ({ model: emptyModel(), real }), steps);
      // What is still due would be claimed by the next sequence.
      await world.runs.transitions.many(real.runIds.map((runId) => ({ runId, event: 'cancel', message: 'over' })));
    }),
    { numRuns: Math.ceil(SEQUENCES / WORLDS) },
  );
  expect(await findViolations(world.pools.reads)).toEqual([]);
}
