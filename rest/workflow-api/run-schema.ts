import { z } from 'zod';
import { dateTime } from '../date-time.ts';
import { gql } from '../route.ts';
import {
  asObject,
  asObjects,
  PAUSED_MESSAGE,
  runStatusOf,
  runTypeOf,
  STATUSES,
  secondsBetween,
  taskErrorOf,
  taskStatusOf,
} from './words.ts';

const nullableText = z.string().nullable();
const byName = z.record(z.string(), z.record(z.string(), z.unknown()));
const values = z.record(z.string(), z.unknown()).nullable();

/** Every documented field of a task. */
export const taskSchema = z
  .object({
    id: z.string().describe('The task.'),
    run_id: z.string().describe('Its run.'),
    node_id: z.string().describe('The step of the workflow that it executes.'),
    node_type: z.string().describe('What that does: `job`, `map`, `approval`, `sub_workflow` and so on.'),
    status: z.enum(STATUSES).describe('Where it stands; a step that was left out is canceled.'),
    start_time: dateTime.nullable().describe('When it started.'),
    end_time: dateTime.nullable().describe('When it ended.'),
    inputs: values.describe('Its inputs. Null in lists of runs, and before it has started.'),
    outputs: values.describe(
      'Its outputs; what is no object is the field `value` of one. Null in lists of runs, and before it has completed. `{"truncated": true}` when all values of the run come to more than 16 MB.',
    ),
    error: nullableText.describe('Why it failed.'),
    is_downstream_of_pause: z.boolean().describe('Whether it cannot start before a paused task is decided.'),
  })
  .meta({ id: 'Task', description: 'One step of a run.' });

const versionSchema = z
  .object({
    version: z.int().describe('Its number.'),
    name: z.string().describe('What people called the workflow.'),
    description: z.string().describe('What it did, for people.'),
    definition: z.record(z.string(), z.unknown()).describe('What it said.'),
    definition_hash: z.string().describe('SHA-256 of that.'),
    created_at: dateTime.describe('When it was saved.'),
    updated_at: dateTime.describe('The same: a version never changes.'),
  })
  .meta({ id: 'WorkflowVersionOfRun', description: 'What a workflow said when a run of it was started.' });

/** Every documented field of a run; null stands for nothing. */
export const runSchema = z
  .object({
    id: z.string().describe('The run.'),
    workflow_id: z.string().describe('The workflow.'),
    workflow_version_id: nullableText.describe('The version of it that the run keeps to.'),
    workflow_version: versionSchema.nullable().describe('That version. Null in lists.'),
    status: z
      .enum(STATUSES)
      .describe('Where it stands: `PAUSED` while it waits for a person, `FAILED` also when it took too long.'),
    start_time: dateTime.describe('When it started; while it is pending, when that was asked for.'),
    end_time: dateTime.nullable().describe('When it ended.'),
    initial_inputs: byName.nullable().describe('What it was started with; what is no object is the field `value` of one.'),
    outputs: byName.nullable().describe('What it returned, by name; what is no object is the field `value` of one.'),
    tasks: z.array(taskSchema).describe('Its steps, in the order of the workflow; a batch has runs instead, its children.'),
    parent_run_id: nullableText.describe('The run that it is part of.'),
    run_type: z.string().describe('`interactive`, `batch`, `partial`, or what else triggered it: `workflow`, `retry`, `cron`.'),
    output_file_id: nullableText.describe('Always null: outputs are in the answers, not in files.'),
    input_dataset_id: nullableText.describe('Always null: the inputs of a batch are sent with it.'),
    message: nullableText.describe('What it waits for, or why it failed.'),
    duration: z.number().nullable().describe('Seconds from its start to its end, or so far.'),
    percentage_complete: z.number().describe('How many of its tasks have completed, in percent; of a batch, of its runs.'),
  })
  .meta({ id: 'WorkflowApiRun', description: 'One execution of a workflow.' });

/** Selects what {@link runOf} reads in every case. */
export const RUN = gql`fragment RunFields on WorkflowRun {
  id workflowId workflowVersionId status payload output error triggeredBy parentRunId batchTotal partialStep startedAt finishedAt createdAt
  percentComplete waitsForPerson stepsBehindApprovals
  graph { nodes { id ref kind status skipReason attempt error startedAt finishedAt } }
}`;

/** Selects what {@link runOf} reads of a run that is asked for by itself. */
export const WHOLE_RUN = gql`fragment WholeRunFields on WorkflowRun {
  ...RunFields
  version { version name description definition definition_hash: definitionHash created_at: createdAt updated_at: createdAt }
  stepValues { input output isTruncated }
} ${RUN}`;

interface Step {
  readonly id: string;
  readonly ref: string;
  readonly kind: string;
  readonly status: string;
  readonly skipReason: string | null;
  readonly attempt: number;
  readonly error: string | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
}

/** What {@link RUN} yields, and with the last two {@link WHOLE_RUN}. */
export interface RunFields {
  readonly id: string;
  readonly workflowId: string;
  readonly workflowVersionId: string;
  readonly status: string;
  readonly payload: unknown;
  readonly output: unknown;
  readonly error: string | null;
  readonly triggeredBy: string;
  readonly parentRunId: string | null;
  readonly batchTotal: number | null;
  readonly partialStep: string | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly createdAt: string;
  readonly percentComplete: number;
  readonly waitsForPerson: boolean;
  readonly stepsBehindApprovals: readonly string[];
  readonly graph: { readonly nodes: readonly Step[] };
  readonly version?: z.input<typeof versionSchema>;
  readonly stepValues?: readonly { readonly input: unknown; readonly output: unknown; readonly isTruncated: boolean }[];
}

/** A workflow run as the documented API prints it. */
export function runOf(run: RunFields): z.input<typeof runSchema> {
  const status = runStatusOf(run);
  const startTime = run.startedAt ?? run.createdAt;
  return {
    id: run.id,
    workflow_id: run.workflowId,
    workflow_version_id: run.workflowVersionId,
    workflow_version: run.version ?? null,
    status,
    start_time: startTime,
    end_time: run.finishedAt,
    initial_inputs: asObjects(run.payload),
    outputs: asObjects(run.output),
    tasks: tasksOf(run),
    parent_run_id: run.parentRunId,
    run_type: runTypeOf(run),
    output_file_id: null,
    input_dataset_id: null,
    message: status === 'PAUSED' ? PAUSED_MESSAGE : run.error,
    duration: secondsBetween(startTime, run.finishedAt),
    percentage_complete: run.percentComplete,
  };
}

/** The steps of a workflow run as the documented API prints them. */
export function tasksOf(
  run: Pick<RunFields, 'id' | 'status' | 'stepsBehindApprovals' | 'graph' | 'stepValues'>,
): z.input<typeof taskSchema>[] {
  const held = new Set(run.stepsBehindApprovals);
  // Both lists are in the order of the definition.
  return run.graph.nodes.map((step, position) => ({
    id: step.id,
    run_id: run.id,
    node_id: step.ref,
    node_type: step.kind.toLowerCase(),
    status: taskStatusOf(step),
    start_time: step.startedAt,
    end_time: step.finishedAt,
    ...valuesOf(run.stepValues?.[position]),
    error: taskErrorOf(step, run),
    is_downstream_of_pause: held.has(step.ref),
  }));
}

function valuesOf(found: NonNullable<RunFields['stepValues']>[number] | undefined) {
  if (found?.isTruncated) return { inputs: { truncated: true }, outputs: { truncated: true } };
  const { input = null, output = null } = found ?? {};
  return { inputs: input === null ? null : asObject(input), outputs: output === null ? null : asObject(output) };
}
