import { trackBackground } from './background.ts';
import { makeByteBudget } from './core/byte-budget.ts';
import { CIRCUIT_POLICY } from './core/circuit.ts';
import { beat, type Instance, leave } from './db/instances.ts';
import { dropRings, hasStaleRing, pendingRings, ring } from './db/queue.ts';
import { makeWakeHub } from './db/wake-hub.ts';
import { makeAdmissions } from './domain/admission/admissions.ts';
import { BATCH_MEMORY } from './domain/batches/batch-items.ts';
import { makeBatchFiller } from './domain/batches/fill-batches.ts';
import { makeBatchSettler } from './domain/batches/settle-batches.ts';
import { makeChangeFeed } from './domain/changes/change-feed.ts';
import { makeQueueStats } from './domain/changes/queue-stats.ts';
import { makeCircuits } from './domain/circuits/circuits.ts';
import { makeDependencyWaits } from './domain/dependencies/dependency-waits.ts';
import { makeDispatchEnvironments } from './domain/environments/dispatch-environments.ts';
import { tellNoticeFailure } from './domain/events/tell-notice-failure.ts';
import { makeJobCache } from './domain/jobs/job-cache.ts';
import { makeJobHealths } from './domain/jobs/job-health.ts';
import { makeJobSparklines } from './domain/jobs/job-sparkline.ts';
import { makeJobUsages } from './domain/jobs/job-usage.ts';
import { makeModelPrices } from './domain/pricing/model-prices.ts';
import { makeChunks } from './domain/runs/chunks.ts';
import type { ClaimedRun } from './domain/runs/claimed-run.ts';
import type { RunDeps } from './domain/runs/deps.ts';
import { makeEventReader } from './domain/runs/event-reader.ts';
import { makeHeartbeats } from './domain/runs/heartbeat.ts';
import { makeInserts } from './domain/runs/insert.ts';
import { type HeldClaim, renewLeases } from './domain/runs/leases.ts';
import { promoteHeld } from './domain/runs/limits.ts';
import { fireTimers } from './domain/runs/reap.ts';
import { makeRecords } from './domain/runs/records.ts';
import { makeReports } from './domain/runs/report.ts';
import { makeTails } from './domain/runs/tails.ts';
import { endedRun, makeTransitions, type TransitionNotice } from './domain/runs/transition.ts';
import { settleWaits } from './domain/runs/waits.ts';
import { makeScheduler } from './domain/schedules/scheduler.ts';
import { fireWorkflowTimers } from './domain/workflows/reap.ts';
import { makeWorkflowRuntime } from './domain/workflows/runtime.ts';
import type { Engine, EngineDeps } from './engine-parts.ts';
import { type Dispatcher, makeDispatcher } from './worker/dispatcher.ts';
import { makeDoorbell } from './worker/doorbell.ts';
import { makeLoop, type StartedLoop } from './worker/loop.ts';
import { makeReaper } from './worker/reaper.ts';
import { runAttempt } from './worker/run-attempt.ts';
import { makeTimers } from './worker/timers.ts';
import { makeWatchdog } from './worker/watchdog.ts';
import { makeWebhookSender } from './worker/webhook-sender.ts';

/** Builds the engine of a process and connects its parts: what one statement reports is what the others act on. */
export function makeEngine(deps: EngineDeps): Engine {
  const { config, log, observer } = deps;
  const { engine, reads } = deps.pools;
  const dispatches = config.role !== 'api';
  let claimOf: Dispatcher | null = null;

  const hub = makeWakeHub({
    pool: engine,
    sender: deps.instanceId,
    onError: (error) => log.debug({ err: error }, 'a hint was not sent; those who wait for it poll'),
  });
  const background = trackBackground(log);
  const jobs = makeJobCache(reads);
  const timers = makeTimers(async () => {
    await fireTimers({ engine, jobs, transitions, inserts, hub, dependencies }).then(
      (fired) => (fired > 0 ? announce() : undefined),
      (error: unknown) => log.warn({ err: error }, 'timers could not fire; the reaper will'),
    );
  });

  /** Somebody should claim: this process if it has room, otherwise whoever answers the doorbell. */
  function announce(): void {
    if (claimOf && !claimOf.isFull()) background('claim', claimOf.pump());
    else background('ring', ring(engine));
  }

  function onMoved(notice: TransitionNotice): void {
    const moved = notice.items.filter(({ result }) => result.moved);
    hub.wake([...moved.map(({ item }) => item.runId), ...notice.batchIds]);
    batches.touch(notice.batchIds);
    for (const { item, result } of moved) {
      observer.transitioned(result.becomes ?? 'unknown');
      log.debug({ runId: item.runId, event: item.event, from: result.was, to: result.becomes, epoch: result.epoch }, 'run moved');
      if (item.event === 'retry' || item.event === 'snooze') timers.inMs(item.delayMs ?? 0);
      else if (item.at) timers.inMs(item.at.getTime() - Date.now());
    }
    const childIds = moved.filter(({ result, hasParent }) => hasParent && endedRun(result)).map(({ item }) => item.runId);
    if (childIds.length > 0) background('settle-waits', settleWaits({ runIds: [], childIds }, { engine, transitions }));
    const stepRunIds = moved.flatMap(({ result, stepRunId }) => (stepRunId !== null && endedRun(result) ? [stepRunId] : []));
    if (stepRunIds.length > 0) background('advance', workflows.stepsEnded([...new Set(stepRunIds)]));
    const endings = moved.flatMap(({ item, result: { projectId }, result, jobId }) =>
      endedRun(result) && projectId !== null && jobId !== null ? [{ runId: item.runId, projectId, jobId }] : [],
    );
    if (endings.length > 0) background('release-dependents', dependencies.ended(endings));
    if (notice.contendedLimits.length > 0) background('promote', promote(notice.contendedLimits));
    if (notice.claimable && !notice.rung) announce();
    if (notice.fired) webhooks.poke();
  }

  const batches = makeBatchSettler({
    engine,
    background,
    onSettled(ids) {
      hub.wake(ids);
      webhooks.poke();
    },
  });

  async function promote(keys: readonly string[]): Promise<void> {
    if ((await promoteHeld(keys, { engine })) > 0) announce();
  }

  const transitions = makeTransitions({ pool: engine, shouldRing: () => claimOf?.isFull() ?? true, onMoved });
  const dependencies = makeDependencyWaits({ engine, jobs, transitions, background });
  const heartbeats = makeHeartbeats(engine);
  const reports = makeReports({ pool: engine, onReported: (runIds) => hub.wake(runIds) });
  const records = makeRecords({ pool: engine, onReported: (runIds) => hub.wake(runIds) });
  const chunks = makeChunks({ pool: engine, onReported: (runIds) => hub.wake(runIds) });
  const tails = makeTails({
    reader: makeEventReader({ pool: engine }),
    hub,
    pool: engine,
    onError: (error) => log.debug({ err: error }, 'could not look for lost hints; the next look will'),
  });

  const now = () => performance.now();
  const dispatchEnvironments = makeDispatchEnvironments({ pool: reads, box: deps.box, now });
  const circuits = makeCircuits({
    engine,
    policy: deps.circuitPolicy ?? CIRCUIT_POLICY,
    now,
    onFreed: announce,
    onError: (error) => log.warn({ err: error }, 'the circuit of an endpoint could not be looked at or changed'),
  });

  const dispatcher = makeDispatcher({
    engine,
    holder: deps.instanceId,
    concurrency: config.concurrency,
    leaseMs: config.leaseMs,
    log,
    run(run, signal) {
      hub.wake([run.id]);
      return runAttempt(run, signal, {
        engine,
        reads,
        jobs,
        transitions,
        heartbeats,
        reports,
        circuits,
        dispatchEnvironments,
        tokens: deps.tokens,
        executor: deps.executor,
        managed: deps.managed,
        onStart: (started) => observer.startLatency(startLatencySecs(started)),
        onDispatched: (outcome) => observer.dispatched(outcome.kind),
      });
    },
  });
  if (dispatches) claimOf = dispatcher;

  const inserts = makeInserts({
    pool: engine,
    dependencies,
    slots: claimOf?.slots ?? null,
    onStored(notice) {
      hub.stir();
      observer.triggered(notice.stored);
      if (notice.waiting.length > 0) background('look at dependencies', dependencies.stored(notice.waiting));
      if (notice.nextTimerMs !== null) timers.inMs(notice.nextTimerMs);
      if (notice.queued && !notice.rung) announce();
    },
  });
  const admissions = makeAdmissions({ pool: engine, inserts, onBuffered: timers.inMs });
  const workflowTimers = makeTimers(() =>
    fireWorkflowTimers(workflows.deps).catch((error: unknown) =>
      log.warn({ err: error }, 'timers of workflows could not fire; the reaper will'),
    ),
  );
  const workflows = makeWorkflowRuntime({
    engine,
    reads,
    jobs,
    managedExec: config.managedExec,
    inserts,
    transitions,
    hub,
    background,
    onTimer: workflowTimers.inMs,
    onFired: () => webhooks.poke(),
    onError: (error) => log.warn({ err: error }, 'a workflow run could not be advanced; the reaper tries again'),
  });
  const scheduleTimers = makeTimers(() =>
    scheduler.pass().catch((error: unknown) => log.warn({ err: error }, 'schedules could not fire; the reaper tries again')),
  );
  const batchMemory = makeByteBudget(BATCH_MEMORY);
  const filler = makeBatchFiller(() => runs, background);
  const scheduler = makeScheduler({
    ...workflows.deps,
    endpointPolicy: deps.endpointPolicy,
    batchMemory,
    onBatchOpened: filler.poke,
    onNextFire: scheduleTimers.inMs,
  });
  const webhooks = makeWebhookSender({
    engine,
    post: deps.post,
    intervalMs: config.pollMs,
    ...(deps.webhookPausesMs && { pausesMs: deps.webhookPausesMs }),
    async onSettled({ waitId }, { status, error }) {
      observer.webhookSettled(status);
      if (waitId !== null && status === 'dead')
        await tellNoticeFailure({ waitId, fault: error ?? 'unknown' }, { engine, reports });
    },
    log,
  });
  const changes = makeChangeFeed({
    reads,
    hub,
    onError: (error) => log.debug({ err: error }, 'the changes of runs could not be read; it is tried again'),
  });
  const queueStats = makeQueueStats({
    reads,
    changes,
    onError: (error) => log.debug({ err: error }, 'the queue could not be counted; it is tried again'),
  });
  const runs: RunDeps = {
    engine,
    reads,
    jobs,
    transitions,
    inserts,
    admissions,
    dependencies,
    reports,
    records,
    chunks,
    heartbeats,
    circuits,
    prices: makeModelPrices({ pool: reads, now }),
    jobHealths: makeJobHealths({ pool: reads, now }),
    jobSparklines: makeJobSparklines({ pool: reads, now }),
    jobUsages: makeJobUsages({ pool: reads }),
    tails,
    hub,
    changes,
    queueStats,
    tokens: deps.tokens,
    streamTokens: deps.streamTokens,
    managedExec: config.managedExec,
    batchMemory,
    endpointPolicy: deps.endpointPolicy,
    batchChanged: batches.touch,
    stepsChanged: workflows.deps.advancer.touch,
  };

  /** Many triggers taken on elsewhere leave many rings; the one that finds the queue empty answers for all that came before it. */
  async function answerRings(): Promise<void> {
    const others = await pendingRings(engine);
    const isEmpty = await dispatcher.drainQueue();
    if (isEmpty && others.length > 0) await dropRings(engine, others);
  }
  const doorbell = makeDoorbell({ pool: engine, pollMs: config.pollMs, answer: answerRings, log });
  const presence = makeLoop({
    name: 'presence',
    intervalMs: config.leaseMs / 3,
    log,
    async step() {
      const self: Instance = { id: deps.instanceId, role: config.role, poolId: doorbell.poolId() };
      hub.setHasPeers(await beat(engine, self, 2 * config.leaseMs));
      dispatcher.abort(await renewLeases(dispatcher.inFlight(), config.leaseMs, { engine }));
    },
  });
  const watchdog = makeWatchdog({
    intervalMs: config.pollMs,
    dispatcher,
    doorbell,
    hasStaleRing: () => hasStaleRing(engine, 2 * config.pollMs),
    onHopeless: deps.onHopeless,
    log,
  });
  const reaper = makeReaper({
    engine,
    jobs,
    transitions,
    inserts,
    hub,
    workflows: workflows.deps,
    onNextWorkflowTimer: workflowTimers.inMs,
    fireSchedules: scheduler.pass,
    onNextFire: scheduleTimers.inMs,
    healBatches() {
      filler.poke();
      return batches.heal();
    },
    stepsChanged: workflows.deps.advancer.touch,
    dependencies,
    intervalMs: config.reaperMs,
    unclaimedAfterMs: config.pollMs,
    silentMs: config.leaseMs,
    announce,
    onNextTimer: timers.inMs,
    log,
  });
  const loops: readonly StartedLoop[] = dispatches ? [presence, reaper, watchdog, webhooks] : [presence];

  /** A hint may come late: the run may have been claimed again since, by this very process. */
  async function stopEnded(runIds: readonly string[], claims: readonly HeldClaim[]): Promise<void> {
    const meant = new Set(runIds);
    const suspects = claims.filter(({ runId }) => meant.has(runId));
    dispatcher.abort(await renewLeases(suspects, config.leaseMs, { engine }));
  }

  hub.onStop((runIds) => {
    const claims = dispatcher.inFlight();
    if (runIds) background('stop', stopEnded(runIds, claims));
    else if (claims.length > 0) background('renew', presence.now());
  });

  return {
    runs,
    dispatchEnvironments,
    workflows: workflows.deps,
    schedules: scheduler.deps,
    hub,
    webhookDue: webhooks.poke,
    loops,
    inFlight: () => dispatcher.inFlight().length,
    async start() {
      for (const loop of loops) loop.start();
      if (dispatches) await doorbell.start();
    },
    async drain(graceMs) {
      await Promise.all([watchdog.stop(), reaper.stop(), doorbell.stop(), dispatcher.stop(graceMs), webhooks.stop(graceMs)]);
      // Whoever still waits for a workflow run is answered while the server can.
      workflows.deps.runWaits.close();
    },
    async close() {
      timers.stop();
      workflowTimers.stop();
      scheduleTimers.stop();
      dependencies.stop();
      await presence.stop();
      await queueStats.close();
      await changes.close();
      await scheduler.idle();
      await workflows.idle();
      await admissions.idle();
      await Promise.all([transitions.idle(), inserts.idle(), reports.idle(), records.idle(), chunks.idle(), heartbeats.idle()]);
      await background.idle();
      await workflows.idle();
      await background.idle();
      await batches.close().catch((error: unknown) => log.debug({ err: error }, 'batches were not looked at; the reaper does'));
      workflows.close();
      await hub.close();
      await leave(engine, deps.instanceId).catch((error: unknown) =>
        log.debug({ err: error }, 'could not leave the list of processes'),
      );
    },
  };
}

function startLatencySecs(run: ClaimedRun): number {
  return Math.max(0, run.startedAt.getTime() - (run.queuedAt ?? run.createdAt).getTime()) / 1_000;
}
