import type { KeyActor, RunActor } from '../../src/auth/actor.ts';
import type { JsonValue } from '../../src/core/json.ts';
import { sendEvent } from '../../src/domain/events/send-event.ts';
import { waitForEvent } from '../../src/domain/events/wait-for-event.ts';
import { triggerRun } from '../../src/domain/runs/trigger.ts';
import { NO_TRACE, startTestEngine, type TestEngine } from './engine.ts';

/** Runs that their executors have accepted, and events for them; no reaper helps: it looks once at the start, and not again. */
export interface EventWorld {
  readonly t: TestEngine;
  readonly jobId: string;
  freshKey(): string;
  /** The executor of a run, once it executes. */
  executing(runId: string): Promise<RunActor>;
  start(): Promise<RunActor>;
  startMany(count: number): Promise<RunActor[]>;
  /** Starts a run that waits for an event. */
  waiting(eventKey: string): Promise<RunActor>;
  send(key: string, payload?: JsonValue, actor?: KeyActor): Promise<string>;
  stateOf(runId: string): Promise<Record<string, unknown>>;
  // biome-ignore lint/suspicious/noExplicitAny: rows as the database has them, which tests compare.
  waitsOf(runId: string): Promise<any[]>;
}

/** Starts an {@link EventWorld}; its engine is to be closed by the test. */
export async function startEventWorld(): Promise<EventWorld> {
  const t = await startTestEngine({ concurrency: 2_000, reaperMs: 600_000, leaseMs: 600_000 });
  t.answer(() => ({ kind: 'accepted', trace: NO_TRACE }));
  const jobId = (await t.createJob({ heartbeatTimeoutSecs: 3_600, timeoutSecs: 3_600 })).id;
  let keys = 0;
  const world: EventWorld = {
    t,
    jobId,
    freshKey: () => `key-${++keys}`,
    async executing(runId) {
      const run = await t.until(runId, (row) => row.status === 'executing');
      return { kind: 'run', projectId: 'default', runId, epoch: run.epoch };
    },
    async start() {
      const { id } = await triggerRun(t.actor, { job: jobId }, t.engine.runs);
      return world.executing(id);
    },
    async startMany(count) {
      const actors: RunActor[] = [];
      while (actors.length < count) {
        actors.push(...(await Promise.all(Array.from({ length: Math.min(250, count - actors.length) }, world.start))));
      }
      return actors;
    },
    async waiting(eventKey) {
      const actor = await world.start();
      await waitForEvent(actor, { eventKey }, t.engine.runs);
      return actor;
    },
    send: (key, payload = null, actor = t.actor) => sendEvent(actor, key, { payload }, t.engine.runs),
    async stateOf(runId) {
      const { rows } = await t.pools.reads.query('select state_key, value from run_state where run_id = $1', [runId]);
      return Object.fromEntries(rows.map((row) => [row.state_key, row.value]));
    },
    async waitsOf(runId) {
      const { rows } = await t.pools.reads.query('select * from waits where run_id = $1 order by id', [runId]);
      return rows;
    },
  };
  return world;
}
