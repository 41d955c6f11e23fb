import { isFinalWorkflow } from '../../core/workflow-state.ts';
import type { RunDeps } from '../runs/deps.ts';
import { makeAdvancer } from './advance.ts';
import { batchWorkOf, beginItems, stopUnwantedItems } from './batch-work.ts';
import { makeDefinitions } from './definitions.ts';
import type { WorkflowDeps } from './deps.ts';
import type { Draft } from './draft.ts';
import { makeExpressions } from './expression.ts';
import { makeWorkflowInserts } from './insert-runs.ts';
import { makeRunWaits } from './run-waits.ts';
import { beginWork, stopUnwanted, workOf } from './work.ts';

/** What moves workflow runs in one process. */
export interface WorkflowRuntime {
  readonly deps: WorkflowDeps;
  /** Runs that are the work of these steps have ended: their workflow runs are to be looked at. */
  stepsEnded(stepRunIds: readonly string[]): Promise<void>;
  /** Lets what is under way be stored. */
  idle(): Promise<void>;
  close(): void;
}

interface RuntimeDeps extends Pick<RunDeps, 'engine' | 'reads' | 'jobs' | 'managedExec' | 'inserts' | 'transitions' | 'hub'> {
  /** Runs work that nobody waits for; what fails is healed by the reaper. */
  readonly background: (name: string, work: Promise<unknown>) => void;
  /** A sleep or a deadline of a workflow run is due in so many milliseconds. */
  readonly onTimer: (ms: number) => void;
  /** There are webhooks to be sent. */
  readonly onFired: () => void;
  readonly onError: (error: unknown) => void;
}

/** Builds the {@link WorkflowRuntime} of a process and connects its parts. */
export function makeWorkflowRuntime(deps: RuntimeDeps): WorkflowRuntime {
  const { engine, background, onError } = deps;
  const definitions = makeDefinitions(engine);
  const expressions = makeExpressions();
  const advancer = makeAdvancer({ engine, expressions, definitions, onStored, onFired: deps.onFired, onError });
  const workflowInserts = makeWorkflowInserts({ pool: engine, onStored: (ids) => advancer.touch(ids) });
  const runWaits = makeRunWaits(deps);
  const all: WorkflowDeps = { ...deps, definitions, expressions, advancer, workflowInserts, runWaits };

  function onStored(drafts: readonly Draft[]): void {
    if (drafts.length === 0) return;
    deps.hub.wake(drafts.map(({ loaded }) => loaded.id));
    const works = drafts.flatMap(workOf);
    if (works.length > 0) background('begin-steps', beginWork(works, all));
    const batches = drafts.flatMap(batchWorkOf);
    if (batches.length > 0) background('begin-items', beginItems(batches, all));
    const over = drafts.filter(({ loaded, status }) => loaded.batch && isFinalWorkflow(status)).map(({ loaded }) => loaded.id);
    if (over.length > 0) background('stop-items', stopUnwantedItems(over, all));
    const stops = drafts.flatMap((draft) => [...draft.stops]);
    if (stops.length > 0) background('stop-steps', stopUnwanted(stops, all));
    for (const draft of drafts) {
      for (const position of draft.changed) {
        const { status, wakeAt } = draft.steps[position] ?? {};
        if (status !== 'waiting' || !wakeAt) continue;
        deps.onTimer(wakeAt instanceof Date ? wakeAt.getTime() - Date.now() : wakeAt.inSecs * 1_000);
      }
    }
    onEnded(drafts.filter(({ status, loaded }) => isFinalWorkflow(status) && !isFinalWorkflow(loaded.status)));
  }

  /** The one place where a process learns that it has ended workflow runs, each told once. */
  function onEnded(drafts: readonly Draft[]): void {
    advancer.touch(drafts.flatMap(({ loaded }) => loaded.parentRunId ?? []));
  }

  return {
    deps: all,
    async stepsEnded(stepRunIds) {
      const { rows } = await engine.query<{ id: string }>({
        name: 'workflow-runs-of-steps',
        text: `select distinct s.workflow_run_id as id from unnest($1::uuid[]) as k (id)
                cross join lateral (select s.workflow_run_id from workflow_step_runs s where s.id = k.id offset 0) s`,
        values: [stepRunIds],
      });
      advancer.touch(rows.map(({ id }) => id));
    },
    async idle() {
      await workflowInserts.idle();
      await advancer.idle();
    },
    close: () => expressions.close(),
  };
}
