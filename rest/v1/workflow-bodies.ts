import { z } from 'zod';
import { AppError } from '../../src/core/errors.ts';
import { JsonInput, JsonObjectInput, key, Slug, Tags, text } from '../../src/core/schemas.ts';
import { toCamelKeys, wordInput } from '../names.ts';
import { RETRY_STRATEGIES } from './job-schema.ts';
import { FAILURE_POLICIES, STEP_TYPES } from './workflow-schema.ts';

// The limits are the domain's, said once more in the words of REST so that an error names the field as the caller wrote it;
// a test compares the two.

const MAX_STEPS = 1_000;
const MAX_MAP_ITEMS = 10_000;
const MAX_ROUTES = 50;
const YEAR_SECS = 366 * 86_400;

const stepRef = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,127}$/, 'must be 1 to 128 characters of a-z, A-Z, 0-9, _ and -, the first one no -');
const refs = z.array(stepRef).max(MAX_STEPS);
const expression = text(4_096).min(1);
/** Objects are conditions of the documented operators, and checked with the whole workflow. */
const test = z.union([expression, JsonObjectInput]);

const routeBody = z
  .strictObject({
    name: key(128).describe('What the way is called, unique within the router.'),
    when: test.describe('Taken when this holds and none before it did: a condition, or a JSONata expression.'),
    to: refs.describe('The steps on this way; they must depend on the router.'),
  })
  .meta({ id: 'NewWorkflowRoute', description: 'One way out of a router.' });

const OF_JOB = 'For `job` and `map`: in place of that of the job.';

/** A step as it is sent. */
export const stepBody = z
  .strictObject({
    step_ref: stepRef.describe('Its name within the workflow.'),
    name: text(255).min(1).optional().describe('What people call it; its ref when left out.'),
    type: wordInput(STEP_TYPES).optional().describe('What it does; `job` when left out.'),
    depends_on: refs.optional().describe('The steps that must be over before it starts.'),
    condition: test
      .optional()
      .describe(
        'It is skipped unless this holds once its dependencies are over: `{"type": "gt", "left": "{{payload.n}}", "right": 3}`, with the types `step_status`, `step_status_in`, `not`, `all_of`, `any_of`, `eq`, `ne`, `gt`, `gte`, `lt`, `lte`, `contains`, `in`, `regex` and `exists`, or a JSONata expression.',
      ),
    on_failure: wordInput(FAILURE_POLICIES)
      .optional()
      .describe('What its failure means for the rest; `fail_workflow` when left out.'),
    payload: JsonObjectInput.optional().describe(
      'Laid over the payload of the workflow run; `{{payload.a}}`, `{{parent_outputs.ref.a}}` and `{{steps.ref.output.a}}` in its texts stand for values (in a map also `{{item}}` and `{{index}}`).',
    ),
    input_transform: expression
      .optional()
      .describe(
        'JSONata over `payload`, `parent_outputs` and `steps` whose result is the whole input, in place of what is merged.',
      ),
    output_transform: expression.optional().describe('JSONata over what the step returned; its result is the output.'),
    job_id: key(128).optional().describe('For `job` and `map`: id or slug of the job.'),
    job_slug: key(128).optional().describe('The same as `job_id`.'),
    workflow_id: key(128).optional().describe('For `sub_workflow`: id or slug of the workflow.'),
    workflow_slug: key(128).optional().describe('The same as `workflow_id`.'),
    timeout_secs: z
      .int()
      .min(1)
      .max(YEAR_SECS)
      .optional()
      .describe(
        'For `job` and `map` seconds an attempt may take, at most a day; for `approval` and `wait_for_event` seconds to wait, a year when left out for the first and an hour for the second.',
      ),
    max_attempts: z.int().min(1).max(100).optional().describe(OF_JOB),
    retry_strategy: wordInput(RETRY_STRATEGIES).optional().describe(OF_JOB),
    retry_initial_delay_secs: z.int().min(0).max(3_600).optional().describe(OF_JOB),
    retry_max_delay_secs: z.int().min(1).max(3_600).optional().describe(OF_JOB),
    priority: z.int().min(0).max(10).optional().describe('For `job` and `map`: the priority of its runs, 0 when left out.'),
    items: expression.optional().describe('For `map`: JSONata whose result is the list, one run for each item; at most 10,000.'),
    concurrency: z
      .int()
      .min(1)
      .max(MAX_MAP_ITEMS)
      .optional()
      .describe('For `map`: how many items are worked on at once; all when left out.'),
    tolerates_failed_items: z
      .boolean()
      .optional()
      .describe('For `map`: a failed item has the result null, and the step completes; otherwise it fails.'),
    approvers: z
      .array(key(256))
      .min(1)
      .max(100)
      .optional()
      .describe('For `approval`: who may decide, by name; anybody otherwise.'),
    message: text(2_048).min(1).optional().describe('For `approval`: what is asked, for people.'),
    event_key: text(512).min(1).optional().describe('For `wait_for_event`: the key the event is sent to; may have `{{…}}`.'),
    sleep_secs: z.int().min(0).max(YEAR_SECS).optional().describe('For `sleep`: for how many seconds.'),
    sleep_until: text(512).min(1).optional().describe('For `sleep`: until when, an RFC 3339 date-time; may have `{{…}}`.'),
    when: test.optional().describe('For `condition`: what decides, a condition or a JSONata expression.'),
    when_true: refs.optional().describe('For `condition`: the steps that are skipped unless it holds; they must depend on it.'),
    when_false: refs.optional().describe('For `condition`: the steps that are skipped if it holds; they must depend on it.'),
    routes: z
      .array(routeBody)
      .min(1)
      .max(MAX_ROUTES)
      .optional()
      .describe('For `router`: the ways out, the first that holds is taken.'),
    otherwise: refs.optional().describe('For `router`: the steps that go on when no way holds; they must depend on it.'),
  })
  .meta({ id: 'NewWorkflowStep', description: 'A node of a workflow. Which fields it may have depends on its type.' });

const fields = {
  description: text(4_096).optional().describe('What it does, for people.'),
  enabled: z.boolean().optional().describe('Whether it takes triggers; true when left out.'),
  tags: Tags.optional().describe('Labels that its runs start with.'),
  input_schema: JsonObjectInput.nullish().describe('JSON Schema (2020-12) that payloads must match.'),
  output_schema: JsonObjectInput.nullish().describe('JSON Schema (2020-12) that the output must match, or the run fails.'),
  output: expression
    .nullish()
    .describe(
      'JSONata over `payload` and `steps` whose result is the output; the outputs of the last steps by ref when left out.',
    ),
  timeout_secs: z.int().min(1).max(YEAR_SECS).nullish().describe('Seconds a run may take, pauses not counted.'),
  max_parallel_steps: z
    .int()
    .min(1)
    .max(MAX_STEPS)
    .nullish()
    .describe('How many steps may be under way at once; all when left out.'),
};
const slug = Slug.describe('Its name in URLs and code, unique among the workflows of the project.');
const name = text(255).min(1).describe('What people call it.');
const steps = z.array(stepBody).min(1).max(MAX_STEPS);

/** A new workflow as it is sent. */
export const newWorkflowBody = z
  .strictObject({
    project_id: z.string().optional().describe('The project, which is that of the API key.'),
    slug,
    name,
    steps: steps.describe('The nodes of the graph, 1 to 1,000.'),
    ...fields,
  })
  .meta({ id: 'NewWorkflow', description: 'What a new workflow is made from.' });

/** Changes of a workflow as they are sent. */
export const workflowChangesBody = z
  .strictObject({
    slug: slug.optional().describe('Its name in URLs and code.'),
    name: name.optional().describe('What people call it.'),
    steps: steps.optional().describe('All steps of the next version.'),
    expected_version: z.int().min(1).optional().describe('409 unless the workflow is at this version.'),
    ...fields,
  })
  .meta({ id: 'WorkflowChanges', description: 'What to change in a workflow; what is left out stays.' });

/** What a workflow is triggered with. */
export const workflowTriggerBody = z
  .strictObject({
    project_id: z.string().optional().describe('The project, which is that of the API key.'),
    payload: JsonInput.optional().describe('Its input, any JSON up to 5 MB; checked against the input schema.'),
    tags: Tags.optional().describe('Labels to find it by, over those of the workflow.'),
    step_overrides: z
      .array(
        z.strictObject({
          step_ref: stepRef.describe('The step.'),
          enabled: z.boolean().describe('False leaves it out: it is skipped, and what depends on it goes on.'),
        }),
      )
      .max(MAX_STEPS)
      .optional()
      .describe('Steps to leave out.'),
    parent_workflow_run_id: key(64)
      .optional()
      .describe('A workflow run that it is listed below, as one of its children. Neither waits for the other.'),
    timeout_secs: z.int().min(1).max(YEAR_SECS).optional().describe('In place of the timeout of the workflow, in seconds.'),
  })
  .meta({ id: 'WorkflowTrigger', description: 'What to trigger a workflow run with; every field has a default.' });

interface WrittenWorkflow {
  readonly project_id?: string | undefined;
  readonly steps?: readonly z.output<typeof stepBody>[] | undefined;
}

/** The fields of a workflow as GraphQL knows them; BAD_REQUEST for a step that names its job or workflow in two ways. */
export function workflowInput({ project_id: _, steps: given, ...body }: WrittenWorkflow): Record<string, unknown> {
  return { ...toCamelKeys(body), ...(given && { steps: given.map(stepInput) }) };
}

/** The fields of a trigger as GraphQL knows them. */
export function workflowTriggerInput({
  project_id: _,
  step_overrides: overrides,
  parent_workflow_run_id: parentRunId,
  ...body
}: z.output<typeof workflowTriggerBody>): Record<string, unknown> {
  const stepOverrides = overrides?.map(({ step_ref: ref, enabled }) => ({ ref, enabled }));
  return { ...toCamelKeys(body), ...(stepOverrides && { stepOverrides }), ...(parentRunId !== undefined && { parentRunId }) };
}

function stepInput(step: z.output<typeof stepBody>, index: number): Record<string, unknown> {
  const { step_ref: ref, type: kind, job_id, job_slug, workflow_id, workflow_slug, ...others } = step;
  const job = namedOnce({ job_id, job_slug }, `steps.${index}`);
  const workflow = namedOnce({ workflow_id, workflow_slug }, `steps.${index}`);
  return {
    ...toCamelKeys(others),
    ref,
    ...(kind && { kind }),
    ...(job !== undefined && { job }),
    ...(workflow !== undefined && { workflow }),
  };
}

/** The one name among the spellings of a field of the step at a path; BAD_REQUEST for two. */
export function namedOnce(spellings: Readonly<Record<string, unknown>>, path: string): unknown {
  const [first, second] = Object.entries(spellings).filter(([, value]) => value !== undefined);
  if (!second) return first?.[1];
  const message = `goes without ${first?.[0]}`;
  throw new AppError('BAD_REQUEST', `${second[0]} ${message}`, { details: [{ path: `${path}.${second[0]}`, message }] });
}
