import type { KeyActor } from '../../src/auth/actor.ts';
import { newId } from '../../src/core/ids.ts';
import { CreateWorkflowInput } from '../../src/domain/workflows/definition.ts';
import { createWorkflow } from '../../src/domain/workflows/save-workflow.ts';
import { type TriggerWorkflow, triggerWorkflow } from '../../src/domain/workflows/trigger-workflow.ts';
import type { WorkflowRow } from '../../src/domain/workflows/workflow.ts';
import { startTestEngine, type TestEngine, type TestEngineOptions } from './engine.ts';

/** The columns of `workflow_runs` that tests look at. */
export interface WorkflowRunRow {
  readonly id: string;
  readonly status: string;
  readonly error: string | null;
  readonly failed_step: string | null;
  readonly output: unknown;
  readonly retry_of: string | null;
  readonly steps: Record<string, StepRow>;
}

/** The columns of `workflow_step_runs` that tests look at. */
export interface StepRow {
  readonly id: string;
  readonly step_ref: string;
  readonly status: string;
  readonly attempt: number;
  readonly skip_reason: string | null;
  readonly output: unknown;
  readonly input: unknown;
  readonly error: string | null;
  readonly decision: string | null;
  readonly decided_by: string | null;
  readonly decision_reason: string | null;
  readonly kept_from: string | null;
}

/** A test engine with workflows. */
export interface WorkflowWorld extends TestEngine {
  /** Saves a workflow of these steps, its input parsed as a face would. */
  save(steps: readonly object[], fields?: object, as?: KeyActor): Promise<WorkflowRow>;
  trigger(workflow: string, input?: Partial<TriggerWorkflow>): Promise<string>;
  /** The run of a workflow, read now. */
  read(id: string): Promise<WorkflowRunRow>;
  /** Resolves when the condition over a workflow run holds, looking again at every change. */
  untilRun(id: string, holds: (row: WorkflowRunRow) => boolean): Promise<WorkflowRunRow>;
  /** Resolves when the workflow run has ended. */
  ended(id: string): Promise<WorkflowRunRow>;
}

/** Starts a {@link WorkflowWorld}. */
export async function startWorkflowWorld(options: TestEngineOptions = {}): Promise<WorkflowWorld> {
  const t = await startTestEngine(options);
  const world: WorkflowWorld = {
    ...t,
    save: (steps, fields = {}, as = t.actor) =>
      createWorkflow(
        as,
        CreateWorkflowInput.parse({ slug: `w-${newId().slice(-12)}`, name: 'A workflow', steps, ...fields }),
        t.pools,
      ),
    trigger: async (workflow, input = {}) => (await triggerWorkflow(t.actor, { workflow, ...input }, t.engine.workflows)).id,
    async read(id) {
      const { rows } = await t.pools.reads.query(
        `select w.*, d.output, (select json_object_agg(s.step_ref, to_json(s)) from workflow_step_runs s where s.workflow_run_id = w.id) as steps
           from workflow_runs w join workflow_run_data d on d.workflow_run_id = w.id where w.id = $1`,
        [id],
      );
      return rows[0];
    },
    async untilRun(id, holds) {
      let woken = Promise.withResolvers<void>();
      const unsubscribe = t.engine.hub.onWake(id, () => woken.resolve());
      // Another process may change it, and its hints come by way of a listener that a test has none of.
      const ticking = setInterval(() => woken.resolve(), 100);
      try {
        for (;;) {
          woken = Promise.withResolvers();
          const row = await world.read(id);
          if (row && holds(row)) return row;
          await woken.promise;
        }
      } finally {
        clearInterval(ticking);
        unsubscribe();
      }
    },
    ended: (id) => world.untilRun(id, ({ status }) => ['completed', 'failed', 'timed_out', 'canceled'].includes(status)),
  };
  return world;
}
