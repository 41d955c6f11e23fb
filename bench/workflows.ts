import type { Extent } from './options.ts';
import type { Stage } from './stage.ts';
import { type ListFigures, measureLists } from './workflow-lists.ts';
import { measureSchedules, type ScheduleFigures } from './workflow-schedules.ts';
import { startWorkflowBench } from './workflow-stage.ts';
import { measureSteps, type StepFigures } from './workflow-steps.ts';

/** Everything measured of workflows and schedules. */
export interface WorkflowFigures {
  readonly steps: StepFigures;
  readonly schedules: ScheduleFigures;
  readonly lists: readonly ListFigures[];
  readonly losses: readonly string[];
}

/** Measures workflows and schedules on a server of their own. */
export async function measureWorkflows(stage: Stage, extent: Extent): Promise<WorkflowFigures> {
  const bench = await startWorkflowBench(stage);
  const say = (text: string) => process.stderr.write(`workflows: ${text}\n`);
  const steps = await measureSteps(bench, extent);
  say(`three steps take ${steps.chainMs.p50.toFixed(1)} ms (p50), ${steps.chainMs.p99.toFixed(1)} ms (p99)`);
  const rates = [steps.plain, steps.map, steps.graph].map(({ median }) => Math.round(median));
  say(`${rates[0]} runs per second plain, ${rates[1]} in a map, ${rates[2]} as steps`);
  const schedules = await measureSchedules(bench, extent.schedules);
  say(`${extent.schedules} schedules have fired after ${schedules.lastSeconds.toFixed(1)} s`);
  const lists = await measureLists(bench, extent.workflowRuns);
  for (const { title, p95 } of lists) say(`list, ${title}: ${p95.toFixed(1)} ms (p95)`);
  return { steps, schedules, lists, losses: bench.losses };
}
