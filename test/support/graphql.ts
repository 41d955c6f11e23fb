import { type ExecutionResult, execute, type GraphQLFormattedError, parse, subscribe, validate } from 'graphql';
import { expect } from 'vitest';
import type { GraphQLContext } from '../../graphql/context.ts';
import { makeToGraphQLError, mapErrors } from '../../graphql/errors.ts';
import { schema } from '../../graphql/schema.ts';
import type { Actor, KeyActor, RunActor } from '../../src/auth/actor.ts';
import { makeRunTokens } from '../../src/auth/run-token.ts';
import type { Scope } from '../../src/auth/scopes.ts';
import { makeSecretBox } from '../../src/auth/secret-box.ts';
import { makeStreamTokens } from '../../src/auth/stream-token.ts';
import { makeByteBudget } from '../../src/core/byte-budget.ts';
import { CIRCUIT_POLICY } from '../../src/core/circuit.ts';
import { newId } from '../../src/core/ids.ts';
import { isConnectionError, toUnavailable } from '../../src/db/errors.ts';
import { openPools, type Pools } from '../../src/db/pool.ts';
import { makePrisma } from '../../src/db/prisma.ts';
import { makeWakeHub } from '../../src/db/wake-hub.ts';
import { makeAdmissions } from '../../src/domain/admission/admissions.ts';
import { BATCH_MEMORY } from '../../src/domain/batches/batch-items.ts';
import { makeChangeFeed } from '../../src/domain/changes/change-feed.ts';
import { makeQueueStats } from '../../src/domain/changes/queue-stats.ts';
import { makeCircuits } from '../../src/domain/circuits/circuits.ts';
import { makeDependencyWaits } from '../../src/domain/dependencies/dependency-waits.ts';
import { makeDispatchEnvironments } from '../../src/domain/environments/dispatch-environments.ts';
import { createJob } from '../../src/domain/jobs/create-job.ts';
import type { JobRow } from '../../src/domain/jobs/job.ts';
import { makeJobCache } from '../../src/domain/jobs/job-cache.ts';
import { makeJobHealths } from '../../src/domain/jobs/job-health.ts';
import { makeJobSparklines } from '../../src/domain/jobs/job-sparkline.ts';
import { makeJobUsages } from '../../src/domain/jobs/job-usage.ts';
import { makeModelPrices } from '../../src/domain/pricing/model-prices.ts';
import { bootstrap } from '../../src/domain/projects/bootstrap.ts';
import { createProject } from '../../src/domain/projects/create-project.ts';
import { makeChunks } from '../../src/domain/runs/chunks.ts';
import { claimRuns } from '../../src/domain/runs/claim.ts';
import type { RunDeps } from '../../src/domain/runs/deps.ts';
import { makeEventReader } from '../../src/domain/runs/event-reader.ts';
import { makeHeartbeats } from '../../src/domain/runs/heartbeat.ts';
import { makeInserts } from '../../src/domain/runs/insert.ts';
import { makeRecords } from '../../src/domain/runs/records.ts';
import { makeReports } from '../../src/domain/runs/report.ts';
import { makeTails } from '../../src/domain/runs/tails.ts';
import { makeTransitions } from '../../src/domain/runs/transition.ts';
import { type TriggerRun, triggerRun } from '../../src/domain/runs/trigger.ts';
import { settleWaits } from '../../src/domain/runs/waits.ts';
import { makeScheduler } from '../../src/domain/schedules/scheduler.ts';
import { makeWorkflowRuntime } from '../../src/domain/workflows/runtime.ts';
import { createTestDatabase } from './database.ts';

/** Data of an answer, as loosely as JSON is: tests compare it whole. */
// biome-ignore lint/suspicious/noExplicitAny: the shape of an answer is what its document asks for.
type Data = any;

/** An answer as a client would see it. */
export interface Answer {
  readonly data?: Data;
  readonly errors?: readonly GraphQLFormattedError[];
}

/** The schema over a database of its own, with everything behind it but a dispatcher: runs stay queued until `claim` takes them. */
export interface GraphQLWorld {
  readonly pools: Pools;
  readonly runs: RunDeps;
  /** Everything of the project `default`, and of the installation. */
  readonly admin: KeyActor;
  /** What was logged as unplanned. */
  readonly logged: object[];
  /** Executes a document; by the admin unless somebody else is named. */
  ask(
    document: string,
    options?: { readonly variables?: object; readonly as?: Actor; readonly trusted?: boolean },
  ): Promise<Answer>;
  /** As `ask`, for the data of an answer without errors. */
  get(document: string, options?: { readonly variables?: object; readonly as?: Actor }): Promise<Data>;
  follow(
    document: string,
    options?: { readonly variables?: object; readonly as?: Actor },
  ): Promise<AsyncIterableIterator<Answer> | Answer>;
  /** Every statement that was sent since the last `statementsOf`. */
  statements(): readonly string[];
  /** Executes a document and answers the statements it sent, hints to other processes left out. */
  statementsOf(document: string, options?: { readonly variables?: object; readonly as?: Actor }): Promise<string[]>;
  createJob(fields?: object, as?: Actor): Promise<JobRow>;
  trigger(input: TriggerRun, as?: Actor): Promise<string>;
  /** Triggers a run and claims it with every other due run, as a dispatcher would; answers the actor of its executor. */
  start(input: TriggerRun): Promise<RunActor>;
  /** Claims every due run; answers the actors of their executors. */
  claim(): Promise<RunActor[]>;
  /** Resolves when nothing of a workflow is under way in the background. */
  workflowsIdle(): Promise<void>;
  close(): Promise<void>;
}

/** A key of a project with some scopes. */
export function keyOf(projectId: string, ...scopes: Scope[]): KeyActor {
  return { kind: 'key', projectId, keyId: newId(), scopes: new Set(scopes) };
}

/** Makes a {@link GraphQLWorld} with the projects `default` and `other`. */
export async function makeGraphQLWorld(): Promise<GraphQLWorld> {
  const database = await createTestDatabase();
  const pools = openPools(database.url, { engineSize: 4, readSize: 4, applicationName: 'baton-test' });
  const statements: string[] = [];
  const logged: object[] = [];
  for (const pool of [pools.engine, pools.reads]) pool.on('connect', (client) => record(client, statements));
  const prisma = makePrisma(pools.reads);
  const hub = makeWakeHub({ pool: pools.engine, sender: newId(), onError: () => {} });
  // Time stands still for it, or how many statements a trigger takes would depend on how fast the test is.
  const jobs = makeJobCache(pools.reads, { now: () => 0 });
  const transitions = makeTransitions({
    pool: pools.engine,
    shouldRing: () => false,
    onMoved: ({ items, batchIds }) => hub.wake([...items.map(({ item }) => item.runId), ...batchIds]),
  });
  const changes = makeChangeFeed({ reads: pools.reads, hub, onError: () => {} });
  const dependencies = makeDependencyWaits({ engine: pools.engine, jobs, transitions, background: () => {} });
  const inserts = makeInserts({ pool: pools.engine, dependencies, slots: null, onStored: () => hub.stir() });
  const runs: RunDeps = {
    engine: pools.engine,
    reads: pools.reads,
    jobs,
    transitions,
    inserts,
    admissions: makeAdmissions({ pool: pools.engine, inserts, onBuffered: () => {} }),
    dependencies,
    reports: makeReports({ pool: pools.engine, onReported: (runIds) => hub.wake(runIds) }),
    records: makeRecords({ pool: pools.engine, onReported: (runIds) => hub.wake(runIds) }),
    chunks: makeChunks({ pool: pools.engine, onReported: (runIds) => hub.wake(runIds) }),
    heartbeats: makeHeartbeats(pools.engine),
    circuits: makeCircuits({
      engine: pools.engine,
      policy: CIRCUIT_POLICY,
      now: () => performance.now(),
      onFreed: () => {},
      onError: (error) => logged.push({ err: error }),
    }),
    prices: makeModelPrices({ pool: pools.reads, now: () => performance.now() }),
    jobHealths: makeJobHealths({ pool: pools.reads, now: () => performance.now() }),
    jobSparklines: makeJobSparklines({ pool: pools.reads, now: () => performance.now() }),
    jobUsages: makeJobUsages({ pool: pools.reads }),
    tails: makeTails({ reader: makeEventReader({ pool: pools.engine }), hub, pool: pools.engine, onError: () => {} }),
    hub,
    changes,
    queueStats: makeQueueStats({ reads: pools.reads, changes, onError: () => {} }),
    tokens: await makeRunTokens('a signing secret for tests, long enough'),
    streamTokens: await makeStreamTokens('a signing secret for tests, long enough'),
    batchMemory: makeByteBudget(BATCH_MEMORY),
    managedExec: true,
    endpointPolicy: { allowPrivate: true },
    batchChanged: () => {},
    stepsChanged: (ids) => workflows.deps.advancer.touch(ids),
  };
  const box = makeSecretBox('a signing secret for tests, long enough');
  const environments = {
    pool: pools.reads,
    endpointPolicy: { allowPrivate: true },
    box,
    dispatchEnvironments: makeDispatchEnvironments({ pool: pools.reads, box, now: () => performance.now() }),
  };
  const background = new Set<Promise<unknown>>();
  const workflows = makeWorkflowRuntime({
    ...runs,
    background: (_name, work) => void background.add(work.catch(() => {}).finally(() => background.delete(work))),
    onTimer: () => {},
    onFired: () => {},
    onError: (error) => logged.push({ err: error }),
  });
  const scheduler = makeScheduler({
    ...workflows.deps,
    endpointPolicy: { allowPrivate: true },
    batchMemory: makeByteBudget(BATCH_MEMORY),
    onBatchOpened: () => {},
    onNextFire: () => {},
  });
  const admin = keyOf('default', '*', 'instance:admin');
  await bootstrap(pools.reads, { projectId: 'default', apiKey: 'a-key-for-tests-only' });
  await createProject(admin, { id: 'other', name: 'Other' }, { pool: pools.reads });

  const toGraphQLError = makeToGraphQLError({
    translate: (error) => (isConnectionError(error) ? toUnavailable(error) : null),
    log: { error: (fields) => logged.push(fields) },
  });
  const jobDeps = { pool: pools.reads, endpointPolicy: { allowPrivate: true }, managedExec: true, jobCache: jobs };
  const contextOf = (actor: Actor, isTrustedDocument: boolean): GraphQLContext => ({
    actor,
    requestId: 'req-1',
    isTrustedDocument,
    prisma,
    projects: { pool: pools.reads, jobCache: jobs },
    jobs: jobDeps,
    environments,
    runs,
    delivery: { lastEventId: null, deliver() {}, concludes() {} },
    webhooks: { ...jobDeps, onDue: () => {} },
    workflows: workflows.deps,
    schedules: scheduler.deps,
    system: {
      reads: pools.reads,
      version: '0.0.0',
      loops: () => [{ name: 'reaper', ageSecs: 1, intervalSecs: 5, isHealthy: true }],
    },
  });
  const present = (result: ExecutionResult | AsyncIterable<ExecutionResult>) =>
    mapErrors(result, (error) => toGraphQLError(error, 'req-1'));

  const prepare = (
    document: string,
    { variables = {}, as = admin, trusted = false } = {} as Parameters<GraphQLWorld['ask']>[1] & object,
  ) => {
    const parsed = parse(document);
    const errors = validate(schema, parsed);
    return {
      refused: errors.length > 0 ? { errors } : null,
      args: { schema, document: parsed, contextValue: contextOf(as, trusted), variableValues: { ...variables } },
    };
  };

  const world: GraphQLWorld = {
    pools,
    runs,
    admin,
    logged,
    async ask(document, options) {
      const { refused, args } = prepare(document, options);
      const result = present(refused ?? (await execute(args)));
      // As it goes over the wire.
      return JSON.parse(JSON.stringify(result)) as Answer;
    },
    async get(document, options) {
      const { data, errors } = await world.ask(document, options);
      expect(errors).toBeUndefined();
      return data;
    },
    async follow(document, options) {
      const { refused, args } = prepare(document, options);
      return present(refused ?? (await subscribe(args))) as AsyncIterableIterator<Answer> | Answer;
    },
    statements: () => statements,
    async statementsOf(document, options) {
      statements.length = 0;
      const { errors } = await world.ask(document, options);
      expect(errors).toBeUndefined();
      return statements.filter((text) => !text.includes('pg_notify'));
    },
    createJob: (fields = {}, as = admin) =>
      createJob(as, { name: 'A job', slug: `job-${newId().slice(-12)}`, endpointUrl: 'http://127.0.0.1:9/', ...fields }, jobDeps),
    trigger: async (input, as = admin) => (await triggerRun(as, input, runs)).id,
    async start(input) {
      const runId = await world.trigger(input);
      const actor = (await world.claim()).find((claimed) => claimed.runId === runId);
      if (!actor) throw new Error(`run ${runId} was not claimed`);
      return actor;
    },
    async claim() {
      const { runs: claimed, more } = await claimRuns(pools.engine, { holder: newId(), limit: 100, leaseMs: 60_000 });
      const actors = claimed.map(({ id, projectId, epoch }): RunActor => ({ kind: 'run', projectId, runId: id, epoch }));
      return more ? [...actors, ...(await world.claim())] : actors;
    },
    async workflowsIdle() {
      await workflows.idle();
      await Promise.all([...background]);
    },
    async close() {
      await world.workflowsIdle();
      workflows.close();
      await Promise.all([
        runs.transitions.idle(),
        runs.inserts.idle(),
        runs.reports.idle(),
        runs.records.idle(),
        runs.chunks.idle(),
        runs.heartbeats.idle(),
      ]);
      await runs.queueStats.close();
      await changes.close();
      await hub.close();
      await prisma.$disconnect();
      await pools.close();
      await database.drop();
    },
  };
  return world;
}

/** Does what the engine does when a child has ended. */
export async function settleChild(world: GraphQLWorld, childId: string): Promise<void> {
  await settleWaits({ runIds: [], childIds: [childId] }, world.runs);
}

/** Notes the text of every statement a connection is sent. */
function record(client: object, statements: string[]): void {
  const queries = client as { query: (...args: unknown[]) => unknown };
  const send = queries.query.bind(client);
  queries.query = (...args) => {
    const [statement] = args;
    const text = typeof statement === 'object' && statement !== null ? Reflect.get(statement, 'text') : statement;
    if (typeof text === 'string') statements.push(text);
    return send(...args);
  };
}
