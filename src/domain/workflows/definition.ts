import { z } from 'zod';
import { RETRY_STRATEGIES } from '../../core/retry.ts';
import { JsonObjectInput, key, Slug, Tags, text } from '../../core/schemas.ts';
import { FAILURE_POLICIES, STEP_KINDS } from '../../core/workflow-state.ts';
import { ConditionInput } from './condition.ts';

/** Steps of one workflow (reference semantics §5.5). */
export const MAX_STEPS = 1_000;
/** Workflows inside of workflows. */
export const MAX_NESTING = 10;
/** Items of one map step. */
export const MAX_MAP_ITEMS = 10_000;
/** A year: the longest sleep, wait or timeout. */
export const MAX_WAIT_SECS = 366 * 86_400;
/** Characters an expression may have. */
const MAX_EXPRESSION_LENGTH = 4_096;
const MAX_ROUTES = 50;

/** The name of a step within its workflow. */
export const StepRef = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,127}$/, 'must be 1 to 128 characters of a-z, A-Z, 0-9, _ and -, the first one no -');

const Refs = z.array(StepRef).max(MAX_STEPS);
const Expression = text(MAX_EXPRESSION_LENGTH).min(1);

/** A test: an object of the documented operators, or a JSONata expression. */
export const TestInput = z.union([Expression, ConditionInput]);

/** One way out of a router. */
export const RouteInput = z.strictObject({
  name: key(128).describe('What the way is called, unique within the router.'),
  when: TestInput.describe('Taken when this holds and none before it did: a condition, or a JSONata expression.'),
  to: Refs.describe('The steps on this way; they must depend on the router.'),
});

/** What a step says. Which fields it may have depends on its kind; `check-definition.ts` sees to that. */
export const StepInput = z.strictObject({
  ref: StepRef.describe('Its name within the workflow.'),
  name: text(255).min(1).optional().describe('What people call it; its ref when left out.'),
  kind: z.enum(STEP_KINDS).optional().describe('What it does; `JOB` when left out.'),
  dependsOn: Refs.optional().describe('The steps that must be over before it starts.'),
  condition: TestInput.optional().describe(
    'It is skipped unless this holds once its dependencies are over: a condition of the documented operators (`{"type": "gt", "left": "{{payload.n}}", "right": 3}`), or a JSONata expression.',
  ),
  onFailure: z.enum(FAILURE_POLICIES).optional().describe('What its failure means for the rest; `FAIL_WORKFLOW` when left out.'),
  payload: JsonObjectInput.optional().describe(
    'Laid over the payload of the workflow run; `{{payload.a}}`, `{{parent_outputs.ref.a}}` and `{{steps.ref.output.a}}` in its texts stand for values (in a map also `{{item}}` and `{{index}}`).',
  ),
  inputTransform: Expression.optional().describe(
    'JSONata over `payload`, `parent_outputs` and `steps` whose result is the whole input, in place of what is merged.',
  ),
  outputTransform: Expression.optional().describe('JSONata over what the step returned; its result is the output.'),
  job: key(128).optional().describe('For `JOB` and `MAP`: id or slug of the job.'),
  timeoutSecs: z
    .int()
    .min(1)
    .max(MAX_WAIT_SECS)
    .optional()
    .describe(
      'For `JOB` and `MAP` seconds an attempt may take, at most a day, in place of the timeout of the job; for `APPROVAL` and `WAIT_FOR_EVENT` seconds to wait, a year when left out for the first and an hour for the second.',
    ),
  maxAttempts: z.int().min(1).max(100).optional().describe('For `JOB` and `MAP`: in place of the maximum attempts of the job.'),
  retryStrategy: z.enum(RETRY_STRATEGIES).optional().describe('For `JOB` and `MAP`: in place of the retry strategy of the job.'),
  retryInitialDelaySecs: z.int().min(0).max(3_600).optional().describe('For `JOB` and `MAP`: in place of that of the job.'),
  retryMaxDelaySecs: z.int().min(1).max(3_600).optional().describe('For `JOB` and `MAP`: in place of that of the job.'),
  priority: z.int().min(0).max(10).optional().describe('For `JOB` and `MAP`: the priority of its runs, 0 when left out.'),
  items: Expression.optional().describe('For `MAP`: JSONata whose result is the list, one run for each item; at most 10,000.'),
  concurrency: z
    .int()
    .min(1)
    .max(MAX_MAP_ITEMS)
    .optional()
    .describe('For `MAP`: how many items are worked on at once; all when left out.'),
  toleratesFailedItems: z
    .boolean()
    .optional()
    .describe(
      'For `MAP`: a failed item has the result null, and the step completes; otherwise it fails and starts no more items.',
    ),
  approvers: z
    .array(key(256))
    .min(1)
    .max(100)
    .optional()
    .describe(
      'For `APPROVAL`: who may decide, by name; whoever decides must name one of them. Anybody with the scope when left out.',
    ),
  message: text(2_048).min(1).optional().describe('For `APPROVAL`: what is asked, for people.'),
  eventKey: text(512).min(1).optional().describe('For `WAIT_FOR_EVENT`: the key the event is sent to; may have `{{…}}`.'),
  sleepSecs: z.int().min(0).max(MAX_WAIT_SECS).optional().describe('For `SLEEP`: for how many seconds.'),
  sleepUntil: text(512)
    .min(1)
    .optional()
    .describe('For `SLEEP`: until when, an RFC 3339 date-time; may have `{{…}}`. A past moment ends it at once.'),
  workflow: key(128).optional().describe('For `SUB_WORKFLOW`: id or slug of the workflow; its version at the start is taken.'),
  when: TestInput.optional().describe('For `CONDITION`: what decides, a condition or a JSONata expression.'),
  whenTrue: Refs.optional().describe('For `CONDITION`: the steps that are skipped unless it holds; they must depend on it.'),
  whenFalse: Refs.optional().describe('For `CONDITION`: the steps that are skipped if it holds; they must depend on it.'),
  routes: z
    .array(RouteInput)
    .min(1)
    .max(MAX_ROUTES)
    .optional()
    .describe('For `ROUTER`: the ways out, the first that holds is taken.'),
  otherwise: Refs.optional().describe('For `ROUTER`: the steps that go on when no way holds; they must depend on it.'),
});

/** What a workflow says, as it is given. */
export const DefinitionFields = {
  steps: z.array(StepInput).min(1).max(MAX_STEPS).describe('The nodes of the graph, 1 to 1,000.'),
  inputSchema: JsonObjectInput.nullish().describe('JSON Schema (2020-12) that payloads must match.'),
  outputSchema: JsonObjectInput.nullish().describe('JSON Schema (2020-12) that the output must match, or the run fails.'),
  output: Expression.nullish().describe(
    'JSONata over `payload` and `steps` whose result is the output; the outputs of the last steps by ref when left out.',
  ),
  timeoutSecs: z.int().min(1).max(MAX_WAIT_SECS).nullish().describe('Seconds a run may take, pauses not counted.'),
  maxParallelSteps: z
    .int()
    .min(1)
    .max(MAX_STEPS)
    .nullish()
    .describe('How many steps may be under way at once; all when left out.'),
} as const;

/** Input of a new workflow. */
export const CreateWorkflowInput = z.strictObject({
  slug: Slug.describe('Its name in URLs and code, unique among the workflows of the project.'),
  name: text(255).min(1).describe('What people call it.'),
  description: text(4_096).optional().describe('What it does, for people.'),
  enabled: z.boolean().optional().describe('Whether it takes triggers; true when left out.'),
  tags: Tags.optional().describe('Labels that its runs start with.'),
  ...DefinitionFields,
});

/** Input of a change; what is left out stays. */
export const UpdateWorkflowInput = z.strictObject({
  slug: CreateWorkflowInput.shape.slug.optional().describe('Its name in URLs and code.'),
  name: CreateWorkflowInput.shape.name.optional().describe('What people call it.'),
  description: text(4_096).optional().describe('What it does, for people.'),
  enabled: z.boolean().optional().describe('Whether it takes triggers; runs it has go on.'),
  tags: Tags.optional().describe('Labels that its runs start with.'),
  expectedVersion: z.int().min(1).optional().describe('CONFLICT unless the workflow is at this version.'),
  ...DefinitionFields,
  steps: DefinitionFields.steps.optional().describe('All steps of the next version.'),
});

/** A parsed {@link StepInput}. */
export type Step = z.output<typeof StepInput>;
/** A parsed {@link TestInput}. */
export type Test = z.output<typeof TestInput>;

/** A step as it is stored: checked, its kind named, jobs and workflows by id. */
export type StepDefinition = Omit<Step, 'kind' | 'dependsOn'> & {
  readonly kind: (typeof STEP_KINDS)[number];
  readonly dependsOn: readonly string[];
  readonly jobId?: string;
  readonly workflowId?: string;
};

/** What a version of a workflow says. Never changed once stored. */
export interface Definition {
  readonly steps: readonly StepDefinition[];
  readonly inputSchema: z.output<typeof JsonObjectInput> | null;
  readonly outputSchema: z.output<typeof JsonObjectInput> | null;
  readonly output: string | null;
  readonly timeoutSecs: number | null;
  readonly maxParallelSteps: number | null;
}
