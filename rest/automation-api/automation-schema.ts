import { z } from 'zod';
import { JsonInput, text } from '../../src/core/schemas.ts';
import { dateTime } from '../date-time.ts';
import { toCamelKeys, wordOutput } from '../names.ts';
import { gql } from '../route.ts';
import { RETRY_STRATEGIES } from '../v1/job-schema.ts';
import { namedOnce, newWorkflowBody, stepBody } from '../v1/workflow-bodies.ts';
import { FAILURE_POLICIES, STEP_TYPES } from '../v1/workflow-schema.ts';
import { ORCHESTRATOR_TAG, ORCHESTRATOR_TYPES, orchestratorOf, TRIGGER_TAG, TRIGGER_TYPES, triggerTypeOf } from './run-schema.ts';

const { step_ref: stepKey, ...stepFields } = stepBody.shape;
const { input_schema, output_schema, output, timeout_secs, max_parallel_steps } = newWorkflowBody.shape;

const newStep = z
  .strictObject({ key: stepKey, ...inCamelCase(stepFields) })
  .meta({ id: 'NewAutomationStep', description: 'A step: the fields of a workflow step in camel case, `key` for its name.' });

/** What an automation says, as it is sent. */
const newConfig = z
  .strictObject({
    steps: z.array(newStep).min(1).max(1_000).describe('The nodes of the graph, 1 to 1,000.'),
    ...inCamelCase({ input_schema, output_schema, output, timeout_secs, max_parallel_steps }),
  })
  .meta({ id: 'NewAutomationConfig', description: 'What an automation says.' });

/** A new automation as it is sent. */
export const newAutomationBody = z
  .strictObject({
    name: text(255).min(1).describe('What people call it.'),
    description: text(4_096).nullish().describe('What it does, for people.'),
    orchestratorType: z
      .enum(ORCHESTRATOR_TYPES)
      .optional()
      .describe('Kept and answered; every automation runs as a graph. `dag` when left out.'),
    triggerType: z
      .enum(TRIGGER_TYPES)
      .optional()
      .describe(
        'How it is meant to be started: by hand, by schedules (`POST /v1/schedules` with its id as `workflow_id`), or by calls of `/run` from elsewhere, whose runs say `webhook`. Each takes the others, too; `manual` when left out.',
      ),
    templateId: z.null().optional().describe('There are no templates.'),
    config: newConfig.describe('What it says.'),
  })
  .meta({ id: 'NewAutomation', description: 'What a new automation is made from.' });

/** What an automation is started with. */
export const automationStartBody = z
  .strictObject({ input: JsonInput.optional().describe('Its input, any JSON up to 5 MB.') })
  .optional();

const nullableText = z.string().nullable();
const stepOut = z.looseObject({
  key: z.string().describe('Its name within the automation.'),
  name: z.string().describe('What people call it.'),
  type: wordOutput(STEP_TYPES).describe('What it does.'),
  dependsOn: z.array(z.string()).describe('The steps that must be over before it starts.'),
  onFailure: wordOutput(FAILURE_POLICIES).describe('What its failure means for the rest.'),
  retryStrategy: wordOutput(RETRY_STRATEGIES).nullable().describe('In place of that of the job.'),
});

/** An automation in an answer. */
export const automationSchema = z
  .object({
    id: z.string().describe('The automation.'),
    tenantId: z.string().describe('The project it belongs to.'),
    name: z.string().describe('What people call it.'),
    description: z.string().describe('What it does, for people.'),
    orchestratorType: z.enum(ORCHESTRATOR_TYPES).describe('As it was given.'),
    triggerType: z.enum(TRIGGER_TYPES).describe('How it is meant to be started, as it was given.'),
    templateId: nullableText.describe('Always null: there are no templates.'),
    status: z.enum(['active', 'paused']).describe('Whether it takes starts.'),
    automationVersionId: z.string().describe('Its current version.'),
    versionNumber: z.int().describe('The number of that.'),
    config: z
      .object({
        steps: z.array(stepOut).describe('Its nodes; what means nothing to the type of a step is null or empty.'),
        inputSchema: z.record(z.string(), z.unknown()).nullable().describe('JSON Schema that inputs must match.'),
        outputSchema: z.record(z.string(), z.unknown()).nullable().describe('JSON Schema that outputs must match.'),
        output: nullableText.describe('JSONata whose result is the output.'),
        timeoutSecs: z.int().nullable().describe('Seconds a run may take.'),
        maxParallelSteps: z.int().nullable().describe('How many steps may be under way at once.'),
      })
      .describe('What it says.'),
    createdAt: dateTime.describe('When it was created.'),
    updatedAt: dateTime.describe('When it was last changed.'),
  })
  .meta({ id: 'Automation', description: 'A graph of steps over jobs, which is a workflow.' });

/** Selects what {@link automationOf} reads. */
export const AUTOMATION = gql`fragment AutomationFields on Workflow {
  id projectId name description enabled tags version versionId createdAt updatedAt
  current {
    steps {
      key: ref name type: kind dependsOn condition onFailure payload inputTransform outputTransform jobId workflowId timeoutSecs
      maxAttempts retryStrategy retryInitialDelaySecs retryMaxDelaySecs priority items concurrency toleratesFailedItems approvers
      message eventKey sleepSecs sleepUntil when whenTrue whenFalse routes { name when to } otherwise
    }
    inputSchema outputSchema output timeoutSecs maxParallelSteps
  }
}`;

/** What {@link AUTOMATION} yields. */
export interface AutomationFields {
  readonly id: string;
  readonly projectId: string;
  readonly name: string;
  readonly description: string;
  readonly enabled: boolean;
  readonly tags: Readonly<Record<string, string>>;
  readonly version: number;
  readonly versionId: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly current: z.input<typeof automationSchema>['config'];
}

/** A workflow as the documented API prints it. */
export function automationOf(workflow: AutomationFields): z.input<typeof automationSchema> {
  return {
    id: workflow.id,
    tenantId: workflow.projectId,
    name: workflow.name,
    description: workflow.description,
    orchestratorType: orchestratorOf(workflow.tags),
    triggerType: triggerTypeOf(workflow.tags),
    templateId: null,
    status: workflow.enabled ? 'active' : 'paused',
    automationVersionId: workflow.versionId,
    versionNumber: workflow.version,
    config: workflow.current,
    createdAt: workflow.createdAt,
    updatedAt: workflow.updatedAt,
  };
}

/** The `CreateWorkflowInput` of an automation; its slug, which this API has no word for, is made from its name. */
export function workflowInputOf(body: z.output<typeof newAutomationBody>, unique: string): Record<string, unknown> {
  const { steps, ...config } = body.config;
  const words = body.name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 100);
  return {
    name: body.name,
    slug: `${words || 'automation'}-${unique}`,
    ...(body.description != null && { description: body.description }),
    tags: { [ORCHESTRATOR_TAG]: body.orchestratorType ?? 'dag', [TRIGGER_TAG]: body.triggerType ?? 'manual' },
    ...config,
    steps: steps.map(stepInput),
  };
}

function stepInput(given: Readonly<Record<string, unknown>>, index: number): Record<string, unknown> {
  const { key: ref, type: kind, jobId, jobSlug, workflowId, workflowSlug, ...step } = given;
  const path = `config.steps.${index}`;
  const job = namedOnce({ jobId, jobSlug }, path);
  const workflow = namedOnce({ workflowId, workflowSlug }, path);
  return {
    ...step,
    ref,
    ...(kind !== undefined && { kind }),
    ...(job !== undefined && { job }),
    ...(workflow !== undefined && { workflow }),
  };
}

/** The same fields under camel-case names. */
function inCamelCase(shape: Readonly<Record<string, z.ZodType>>): Record<string, z.ZodType> {
  return toCamelKeys(shape) as Record<string, z.ZodType>; // only the keys change
}
