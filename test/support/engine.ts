import { pino } from 'pino';
import type { KeyActor } from '../../src/auth/actor.ts';
import { makeRunTokens } from '../../src/auth/run-token.ts';
import { makeSecretBox } from '../../src/auth/secret-box.ts';
import { makeStreamTokens } from '../../src/auth/stream-token.ts';
import type { CircuitPolicy } from '../../src/core/circuit.ts';
import { newId } from '../../src/core/ids.ts';
import type { Attempt, Executor, ManagedAttempt, Outcome } from '../../src/core/outcome.ts';
import type { PostAnswer, PostSigned } from '../../src/core/signed-post.ts';
import { openPools, type Pools } from '../../src/db/pool.ts';
import { createJob } from '../../src/domain/jobs/create-job.ts';
import type { Job } from '../../src/domain/jobs/job.ts';
import { bootstrap } from '../../src/domain/projects/bootstrap.ts';
import { makeEngine } from '../../src/engine.ts';
import type { Engine } from '../../src/engine-parts.ts';
import type { WebhookPauses } from '../../src/worker/webhook-sender.ts';
import { createTestDatabase } from './database.ts';

/** What a test may change about its engine. */
export interface TestEngineOptions {
  readonly role?: 'all' | 'api' | 'worker';
  readonly concurrency?: number;
  readonly leaseMs?: number;
  readonly reaperMs?: number;
  /** An existing database, for a second process on it. */
  readonly url?: string;
  /** Runs managed jobs; there is nobody to do that by default. */
  readonly managed?: Executor<ManagedAttempt>;
  /** Plays the receivers of webhooks; the default takes them all. */
  readonly post?: PostSigned;
  readonly circuitPolicy?: CircuitPolicy;
  readonly webhookPausesMs?: WebhookPauses;
  /** False refuses URLs on this machine. */
  readonly allowPrivate?: boolean;
}

/** An engine on a database of its own, with an executor the test plays itself. */
export interface TestEngine {
  readonly engine: Engine;
  readonly pools: Pools;
  readonly actor: KeyActor;
  readonly url: string;
  /** Every attempt that was handed out, in order. */
  readonly attempts: Attempt[];
  /** How attempts end from now on; the default completes with `{ok: true}`. */
  answer(with_: (attempt: Attempt, signal: AbortSignal) => Outcome | Promise<Outcome>): void;
  createJob(input?: object): Promise<Job>;
  /** Resolves when the condition over a run's row holds, looking again at every change. */
  until(runId: string, holds: (row: RunRow) => boolean): Promise<RunRow>;
  close(): Promise<void>;
}

/** The columns of `runs` that tests look at. */
export interface RunRow {
  readonly id: string;
  readonly status: string;
  readonly attempt: number;
  readonly epoch: number;
  readonly hold: string | null;
  readonly error: string | null;
  readonly error_class: string | null;
  readonly result: unknown;
  readonly event_seq: number;
  readonly next_retry_at: Date | null;
  readonly priority: number;
}

/** The phases of a dispatch nobody measured. */
export const NO_TRACE = { connect_ms: 0, ttfb_ms: 0, transfer_ms: 0, dispatch_ms: 0 };

/** A receiver has taken a message. */
export const TAKEN: PostAnswer = { fault: null, status: 200, excerpt: '', retryAfterMs: null, blocked: false };

const COMPLETED: Outcome = { kind: 'completed', result: { ok: true }, trace: NO_TRACE };

/** Starts a {@link TestEngine}; `close` ends it and drops its database. */
export async function startTestEngine(options: TestEngineOptions = {}): Promise<TestEngine> {
  const database = options.url ? { url: options.url, drop: async () => {} } : await createTestDatabase();
  const pools = openPools(database.url, { engineSize: 8, readSize: 4, applicationName: 'baton-test' });
  const attempts: Attempt[] = [];
  let play: (attempt: Attempt, signal: AbortSignal) => Outcome | Promise<Outcome> = () => COMPLETED;
  const executor: Executor = {
    async execute(attempt, signal) {
      attempts.push(attempt);
      return play(attempt, signal);
    },
  };
  await bootstrap(pools.reads, { projectId: 'default', apiKey: 'a-key-for-tests-only' });
  const engine = makeEngine({
    config: {
      role: options.role ?? 'all',
      concurrency: options.concurrency ?? 10,
      leaseMs: options.leaseMs ?? 3_000,
      reaperMs: options.reaperMs ?? 200,
      pollMs: 500,
      managedExec: true,
    },
    instanceId: newId(),
    pools,
    tokens: await makeRunTokens('a signing secret for tests, long enough'),
    box: makeSecretBox('a signing secret for tests, long enough'),
    streamTokens: await makeStreamTokens('a signing secret for tests, long enough'),
    executor,
    managed: options.managed ?? null,
    post: options.post ?? (async () => TAKEN),
    endpointPolicy: { allowPrivate: options.allowPrivate ?? true },
    ...(options.webhookPausesMs && { webhookPausesMs: options.webhookPausesMs }),
    ...(options.circuitPolicy && { circuitPolicy: options.circuitPolicy }),
    observer: { startLatency() {}, dispatched() {}, transitioned() {}, triggered() {}, webhookSettled() {} },
    log: pino({ level: process.env['TEST_LOG'] ?? 'silent' }),
    onHopeless(reason) {
      throw new Error(reason);
    },
  });
  await engine.start();
  const actor: KeyActor = { kind: 'key', projectId: 'default', keyId: newId(), scopes: new Set(['*']) };

  return {
    engine,
    pools,
    actor,
    url: database.url,
    attempts,
    answer(with_) {
      play = with_;
    },
    createJob: (input = {}) =>
      createJob(
        actor,
        { name: 'A job', slug: `job-${attempts.length}-${newId().slice(-8)}`, endpointUrl: 'http://127.0.0.1:9/', ...input },
        { pool: pools.reads, endpointPolicy: { allowPrivate: true }, managedExec: true, jobCache: engine.runs.jobs },
      ),
    until: (runId, holds) => until(engine, pools, { runId, holds }),
    async close() {
      await engine.drain(2_000);
      await engine.close();
      await pools.close();
      await database.drop();
    },
  };
}

async function until(
  engine: Engine,
  pools: Pools,
  { runId, holds }: { readonly runId: string; readonly holds: (row: RunRow) => boolean },
): Promise<RunRow> {
  let woken = Promise.withResolvers<void>();
  const unsubscribe = engine.hub.onWake(runId, () => woken.resolve());
  // Changes that are no status change (a hold that ends) wake nobody: those are looked for.
  const ticking = setInterval(() => woken.resolve(), 50);
  try {
    for (;;) {
      woken = Promise.withResolvers();
      const { rows } = await pools.reads.query<RunRow>(
        'select r.*, x.result from runs r left join run_results x on x.run_id = r.id where r.id = $1',
        [runId],
      );
      const [row] = rows;
      if (row && holds(row)) return row;
      await woken.promise;
    }
  } finally {
    clearInterval(ticking);
    unsubscribe();
  }
}
