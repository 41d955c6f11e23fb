import { z } from 'zod';
import { dateTime } from '../date-time.ts';
import { wordOutput } from '../names.ts';
import { gql } from '../route.ts';
import { RETRY_STRATEGIES } from './job-schema.ts';

/** What a step can be. */
export const STEP_TYPES = ['job', 'map', 'approval', 'wait_for_event', 'sleep', 'sub_workflow', 'condition', 'router'] as const;
/** What the failure of a step means for the rest. */
export const FAILURE_POLICIES = ['fail_workflow', 'skip_dependents', 'continue'] as const;

const refs = z.array(z.string());
const whole = z.int().nullable();

const routeSchema = z
  .object({
    name: z.string().describe('What the way is called.'),
    when: z.unknown().describe('When it is taken: a condition, or a JSONata expression.'),
    to: refs.describe('The steps on this way.'),
  })
  .meta({ id: 'WorkflowRoute', description: 'One way out of a router.' });

/** A step in an answer: every field is there, null where it means nothing to its type. */
export const workflowStepSchema = z
  .object({
    step_ref: z.string().describe('Its name within the workflow.'),
    name: z.string().describe('What people call it.'),
    type: wordOutput(STEP_TYPES).describe('What it does.'),
    depends_on: refs.describe('The steps that must be over before it starts.'),
    condition: z.unknown().describe('It is skipped unless this holds: a condition, or a JSONata expression.'),
    on_failure: wordOutput(FAILURE_POLICIES).describe('What its failure means for the rest.'),
    payload: z.record(z.string(), z.unknown()).nullable().describe('Laid over the payload of the workflow run.'),
    input_transform: z.string().nullable().describe('JSONata whose result is its whole input.'),
    output_transform: z.string().nullable().describe('JSONata over what it returned.'),
    job_id: z.string().nullable().describe('The job it runs.'),
    workflow_id: z.string().nullable().describe('The workflow it runs.'),
    timeout_secs: whole.describe('Seconds an attempt may take, or it waits.'),
    max_attempts: whole.describe('In place of that of the job.'),
    retry_strategy: wordOutput(RETRY_STRATEGIES).nullable().describe('In place of that of the job.'),
    retry_initial_delay_secs: whole.describe('In place of that of the job.'),
    retry_max_delay_secs: whole.describe('In place of that of the job.'),
    priority: whole.describe('The priority of its runs.'),
    items: z.string().nullable().describe('JSONata whose result is the list of a map.'),
    concurrency: whole.describe('Items of a map that are worked on at once.'),
    tolerates_failed_items: z.boolean().describe('Whether a map completes although items failed.'),
    approvers: refs.nullable().describe('Who may decide about an approval, by name.'),
    message: z.string().nullable().describe('What an approval asks.'),
    event_key: z.string().nullable().describe('The key whose event is waited for.'),
    sleep_secs: whole.describe('How long a sleep takes.'),
    sleep_until: z.string().nullable().describe('Until when a sleep goes.'),
    when: z.unknown().describe('What decides about the sides of a condition.'),
    when_true: refs.describe('The steps that are skipped unless it holds.'),
    when_false: refs.describe('The steps that are skipped if it holds.'),
    routes: z.array(routeSchema).describe('The ways out of a router.'),
    otherwise: refs.describe('The steps that go on when no way holds.'),
  })
  .meta({ id: 'WorkflowStep', description: 'A node of a workflow.' });

const said = {
  steps: z.array(workflowStepSchema).describe('Its nodes.'),
  input_schema: z.record(z.string(), z.unknown()).nullable().describe('JSON Schema that payloads must match; null accepts any.'),
  output_schema: z.record(z.string(), z.unknown()).nullable().describe('JSON Schema that outputs must match; null accepts any.'),
  output: z.string().nullable().describe('JSONata whose result is the output; null for the outputs of the last steps.'),
  timeout_secs: whole.describe('Seconds a run may take, pauses not counted; null is unlimited.'),
  max_parallel_steps: whole.describe('How many steps may be under way at once; null is unlimited.'),
};

/** A workflow in a list, without what it says. */
export const workflowSummarySchema = z
  .object({
    id: z.string().describe('The workflow.'),
    project_id: z.string().describe('The project it belongs to.'),
    slug: z.string().describe('What it is called in URLs and code.'),
    name: z.string().describe('What people call it.'),
    description: z.string().describe('What it does, for people.'),
    enabled: z.boolean().describe('Whether it takes triggers.'),
    tags: z.record(z.string(), z.string()).describe('Labels that its runs start with.'),
    version: z.int().describe('Its current version.'),
    version_id: z.string().describe('Public id of the current version, `ver_…`.'),
    created_by: z.string().describe('Who created it.'),
    created_at: dateTime.describe('When it was created.'),
    updated_at: dateTime.describe('When it was last changed.'),
  })
  .meta({ id: 'WorkflowSummary', description: 'A workflow, without its steps.' });

/** A workflow in an answer, with what it says now. */
export const workflowSchema = z
  .object({ ...workflowSummarySchema.shape, ...said })
  .meta({ id: 'Workflow', description: 'A graph of steps over jobs.' });

/** What a workflow said at one version. */
export const workflowVersionSchema = z
  .object({
    workflow_id: z.string().describe('The workflow.'),
    version: z.int().describe('Counts from 1.'),
    version_id: z.string().describe('Public id of the version, `ver_…`.'),
    name: z.string().describe('What people called it.'),
    description: z.string().describe('What it did, for people.'),
    definition_hash: z.string().describe('SHA-256 of what it says, in hexadecimal.'),
    ...said,
    created_by: z.string().describe('Who said it.'),
    created_at: dateTime.describe('When it was said.'),
  })
  .meta({ id: 'WorkflowVersion', description: 'What a workflow said at one version.' });

const SAID = gql`fragment WorkflowSaidV1 on WorkflowVersion {
  steps {
    step_ref: ref name type: kind depends_on: dependsOn condition on_failure: onFailure payload input_transform: inputTransform
    output_transform: outputTransform job_id: jobId workflow_id: workflowId timeout_secs: timeoutSecs max_attempts: maxAttempts
    retry_strategy: retryStrategy retry_initial_delay_secs: retryInitialDelaySecs retry_max_delay_secs: retryMaxDelaySecs
    priority items concurrency tolerates_failed_items: toleratesFailedItems approvers message event_key: eventKey
    sleep_secs: sleepSecs sleep_until: sleepUntil when when_true: whenTrue when_false: whenFalse routes { name when to } otherwise
  }
  input_schema: inputSchema output_schema: outputSchema output timeout_secs: timeoutSecs max_parallel_steps: maxParallelSteps
}`;

/** Selects a {@link workflowSummarySchema}. */
export const WORKFLOW_SUMMARY = gql`fragment WorkflowSummaryV1 on Workflow {
  id project_id: projectId slug name description enabled tags version version_id: versionId created_by: createdBy
  created_at: createdAt updated_at: updatedAt
}`;

/** Selects what {@link workflowOf} makes a {@link workflowSchema} of. */
export const WORKFLOW = gql`fragment WorkflowV1 on Workflow {
  ...WorkflowSummaryV1 current { ...WorkflowSaidV1 }
} ${WORKFLOW_SUMMARY} ${SAID}`;

/** Selects a {@link workflowVersionSchema}. */
export const WORKFLOW_VERSION = gql`fragment WorkflowVersionV1 on WorkflowVersion {
  workflow_id: workflowId version version_id: versionId name description definition_hash: definitionHash ...WorkflowSaidV1
  created_by: createdBy created_at: createdAt
} ${SAID}`;

/** What {@link WORKFLOW_SUMMARY} yields. */
export type WorkflowSummaryV1 = z.input<typeof workflowSummarySchema>;
/** What {@link WORKFLOW_VERSION} yields. */
export type WorkflowVersionV1 = z.input<typeof workflowVersionSchema>;
/** What {@link WORKFLOW} yields. */
export type WorkflowV1 = WorkflowSummaryV1 & {
  readonly current: Pick<z.input<typeof workflowSchema>, keyof typeof said>;
};

/** The documented workflow: with what it says as fields of its own. */
export function workflowOf({ current, ...workflow }: WorkflowV1): z.input<typeof workflowSchema> {
  return { ...workflow, ...current };
}
