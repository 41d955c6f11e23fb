import { AppError } from '../../core/errors.ts';
import type { JsonValue } from '../../core/json.ts';
import { cancelDescendants } from '../runs/cancel.ts';
import { ACTIVE_SQL } from '../runs/transition-statement.ts';
import { prepare, triggerableJob } from '../runs/trigger.ts';
import type { StepDefinition } from './definition.ts';
import type { WorkflowDeps } from './deps.ts';
import { type Draft, fail } from './draft.ts';
import { startSubWorkflow } from './start-sub-workflow.ts';

/** The work of one step that is to begin. */
export interface StepWork {
  readonly projectId: string;
  readonly workflowRunId: string;
  readonly nesting: number;
  readonly stepRunId: string;
  readonly position: number;
  readonly attempt: number;
  readonly step: StepDefinition;
  readonly input: JsonValue;
  /** Of a map: which of its items. */
  readonly items: { readonly from: number; readonly to: number } | null;
}

/** Work that a stored draft has to begin. A map that goes on has its input stored and not in the draft. */
export function workOf(draft: Draft): StepWork[] {
  return [...draft.begins].flatMap(([position, from]) => {
    const now = draft.steps[position];
    const step = draft.version.definition.steps[position];
    if (!now || !step || now.status !== 'running') return [];
    return {
      projectId: draft.loaded.projectId,
      workflowRunId: draft.loaded.id,
      nesting: draft.loaded.nesting,
      stepRunId: now.id,
      position,
      attempt: now.attempt,
      step,
      input: now.input ?? null,
      items: step.kind === 'map' ? { from, to: now.mapStarted ?? 0 } : null,
    };
  });
}

/**
 * Begins the work of steps that are stored as running: runs of jobs, one for each item of a map, and runs of workflows. Named by step and
 * try, so beginning it again begins nothing twice. A step whose work cannot begin fails.
 *
 * Committed first, looked at afterwards: whoever stops a step stops the work it finds, and whoever begins work looks whether the step
 * still wants it. Should the process end in between, the reaper looks instead.
 */
export async function beginWork(works: readonly StepWork[], deps: WorkflowDeps): Promise<void> {
  if (works.length === 0) return;
  await Promise.all(works.map((work) => beginOne(work, deps)));
  await stopUnwanted(
    works.map(({ stepRunId }) => stepRunId),
    deps,
  );
}

async function beginOne(work: StepWork, deps: WorkflowDeps): Promise<void> {
  try {
    if (work.step.kind === 'sub_workflow') await startSubWorkflow(work, deps);
    else await startRuns(work, deps);
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'UNAVAILABLE') throw error;
    await failStep(work, error.message, deps);
  }
}

async function startRuns(work: StepWork, deps: WorkflowDeps): Promise<void> {
  const { projectId, stepRunId, attempt, step } = work;
  const actor = { kind: 'step', projectId, stepRunId } as const;
  const job = await triggerableJob(actor, step.jobId ?? '', deps);
  const runOf = (payload: JsonValue, key: string) =>
    prepare(actor, job, {
      item: {
        payload,
        priority: step.priority,
        timeoutSecs: step.timeoutSecs,
        maxAttempts: step.maxAttempts,
        retryBackoff: step.retryStrategy,
        retryInitialDelaySecs: step.retryInitialDelaySecs,
        retryMaxDelaySecs: step.retryMaxDelaySecs,
      },
      origin: { triggeredBy: 'workflow', step: { stepRunId, key } },
    });
  const runs = work.items
    ? (await itemsOf(work, deps)).map(({ payload, index }) => runOf(payload, `${attempt}:${index}`))
    : [runOf(work.input, String(attempt))];
  const outcomes = await Promise.all(runs.map((run) => deps.inserts.one(run)));
  // Its run is there, under another id, and may have ended before this process knew of it.
  if (outcomes.some(({ kind }) => kind === 'existing')) deps.advancer.touch([work.workflowRunId]);
}

async function itemsOf(work: StepWork, deps: WorkflowDeps): Promise<{ payload: JsonValue; index: number }[]> {
  const { from, to } = work.items ?? { from: 0, to: 0 };
  if (Array.isArray(work.input)) return work.input.slice(from, to).map((payload, offset) => ({ payload, index: from + offset }));
  const { rows } = await deps.engine.query<{ payload: JsonValue; index: number }>({
    name: 'map-items',
    text: `select s.input->i as payload, i as index from workflow_step_runs s cross join generate_series($2::int, $3::int - 1) as i
            where s.id = $1`,
    values: [work.stepRunId, from, to],
  });
  return rows;
}

/** Fails the try of a step whose work cannot begin, unless that has been settled otherwise meanwhile. */
async function failStep(work: StepWork, error: string, deps: WorkflowDeps): Promise<void> {
  await deps.advancer.change(work.workflowRunId, (draft) => {
    const now = draft.steps[work.position];
    if (now?.status === 'running' && now.attempt === work.attempt) fail(draft, work.position, error);
  });
}

/** Stops the work of steps that do not want it: runs that are active, and workflow runs that go on, of steps that are not running, or gone. */
export async function stopUnwanted(stepRunIds: readonly string[], deps: WorkflowDeps): Promise<void> {
  if (stepRunIds.length === 0) return;
  const { rows: settled } = await deps.engine.query<{ id: string }>({
    name: 'settled-steps',
    text: `select k.id from unnest($1::uuid[]) as k (id)
             left join lateral (select s.status from workflow_step_runs s where s.id = k.id offset 0) s on true
            where s.status is distinct from 'running'`,
    values: [[...new Set(stepRunIds)]],
  });
  await stopWork(
    settled.map(({ id }) => id),
    deps,
  );
}

const STOPPED = 'canceled: the workflow step is over';

/** Cancels whatever is still done for some steps. */
export async function stopWork(stepRunIds: readonly string[], deps: WorkflowDeps): Promise<void> {
  if (stepRunIds.length === 0) return;
  const { rows } = await deps.engine.query<{ run_id: string | null; workflow_run_id: string | null }>({
    name: 'work-of-steps',
    text: `select r.id as run_id, null::uuid as workflow_run_id from unnest($1::uuid[]) as k (id)
            cross join lateral (select r.id from runs r where r.workflow_step_run_id = k.id and r.status in (${ACTIVE_SQL})) r
            union all
           select null, w.id from unnest($1::uuid[]) as k (id)
            cross join lateral (select w.id, w.status from workflow_runs w where w.parent_step_run_id = k.id offset 0) w
            where w.status in ('pending', 'running', 'paused')`,
    values: [stepRunIds],
  });
  const runIds = rows.flatMap(({ run_id }) => run_id ?? []);
  if (runIds.length > 0) {
    await deps.transitions.many(
      runIds.map((runId) => ({ runId, event: 'cancel', message: STOPPED, error: STOPPED, level: 'warn' })),
    );
    deps.hub.stop(runIds);
    for (const runId of runIds) await cancelDescendants(runId, deps);
  }
  await Promise.all(
    rows.flatMap(({ workflow_run_id }) =>
      workflow_run_id ? [cancelBelow(workflow_run_id, 'the step it was the work of is over', deps)] : [],
    ),
  );
}

/** Cancels a workflow run that nobody wants any more, unless it has ended. */
export async function cancelBelow(workflowRunId: string, error: string, deps: Pick<WorkflowDeps, 'advancer'>): Promise<void> {
  await deps.advancer.change(workflowRunId, (draft) => {
    if (draft.status === 'pending' || draft.status === 'running' || draft.status === 'paused') {
      draft.move('canceled', `canceled: ${error}`, { error });
    }
  });
}
