import { z } from 'zod';
import { JsonObjectInput, key, text } from '../../src/core/schemas.ts';
import { dateTime, dateTimeInput } from '../date-time.ts';
import { defineRoute, gql, type Route } from '../route.ts';
import { RUN, type RunFields, runOf, runSchema } from './run-schema.ts';
import { ABOUT, ABOUT_RUN, ABOUT_WORKFLOW, pageInput, pageQuery } from './shared.ts';
import { asObject, FILTER_OF, STATUSES } from './words.ts';

const nullableText = z.string().nullable();
const ACTIONS = ['APPROVE', 'DECLINE', 'OVERRIDE'] as const;

const pauseSchema = z
  .object({
    id: z.string().describe('The pause.'),
    run_id: z.string().describe('The run.'),
    node_id: nullableText.describe('The step that waited; null when the whole was paused.'),
    pause_message: nullableText.describe('What was asked, or why it was paused.'),
    pause_time: dateTime.describe('When it began.'),
    resume_time: dateTime.nullable().describe('When it ended; null while it lasts.'),
    resume_user_id: nullableText.describe('Who ended it.'),
    resume_action: z.enum(ACTIONS).nullable().describe('How.'),
    input_data: z.record(z.string(), z.unknown()).nullable().describe('What the task was completed with, up to 16 kB.'),
    comments: nullableText.describe('Why.'),
  })
  .meta({ id: 'WorkflowApiPause', description: 'A time in which a run waited for a person.' });

const pausedSchema = z
  .object({
    run: runSchema.describe('The run.'),
    current_pause: pauseSchema.nullable().describe('What it waits for; of several the first.'),
    workflow: z
      .object({
        id: z.string().describe('The workflow.'),
        name: z.string().describe('What people call it.'),
        description: z.string().describe('What it does, for people.'),
      })
      .describe('Its workflow.'),
  })
  .meta({ id: 'WorkflowApiPausedRun', description: 'A run that waits for a person.' });

const PAUSES = gql`fragment PauseFields on WorkflowRun {
  id pauses { id step message pausedAt resumedAt resumedBy decision reason output }
}`;

interface PauseFields {
  readonly id: string;
  readonly pauses: readonly {
    readonly id: string;
    readonly step: string | null;
    readonly message: string;
    readonly pausedAt: string;
    readonly resumedAt: string | null;
    readonly resumedBy: string | null;
    readonly decision: string | null;
    readonly reason: string | null;
    readonly output: unknown;
  }[];
}

type PausedFields = RunFields & PauseFields & { readonly workflow: z.input<typeof pausedSchema>['workflow'] };

/** What a decision about an approval is called here; a pause of the whole that was ended was approved. */
const ACTION_OF: Readonly<Record<string, (typeof ACTIONS)[number]>> = {
  APPROVED: 'APPROVE',
  DECLINED: 'DECLINE',
  COMPLETED: 'OVERRIDE',
};

function pausesOf(run: PauseFields): z.input<typeof pauseSchema>[] {
  return run.pauses.map((pause) => ({
    id: pause.id,
    run_id: run.id,
    node_id: pause.step,
    pause_message: pause.message,
    pause_time: pause.pausedAt,
    resume_time: pause.resumedAt,
    resume_user_id: pause.resumedBy,
    resume_action: ACTION_OF[pause.decision ?? (pause.step === null && pause.resumedAt !== null ? 'APPROVED' : '')] ?? null,
    input_data: pause.output === null ? null : asObject(pause.output),
    comments: pause.reason,
  }));
}

/** What stands under `/wf/`: the runs of a workflow, paused ones, their history, what people do about them, and cancel. */
export const workflowApiPauseRoutes: readonly Route[] = [
  defineRoute({
    ...ABOUT_WORKFLOW,
    operationId: 'listRunsOfWorkflowApi',
    method: 'GET',
    path: '/wf/{workflow_id}/runs/',
    summary: 'List the runs of a workflow',
    description: 'Lists the runs of one workflow, newest first. Requires the scope `workflows:read`.',
    query: z.strictObject({
      ...pageQuery({ pageSize: 10, maxPageSize: 100 }),
      start_date: dateTimeInput.optional().describe('Only runs started for at this moment or later.'),
      end_date: dateTimeInput.optional().describe('Only runs started for before this moment.'),
      status: z.enum(STATUSES).optional().describe('Only runs with this status.'),
    }),
    document: gql`query listRunsOfWorkflowApi($id: ID!, $filter: WorkflowRunFilter, $page: PageByNumberInput) {
      workflow(id: $id) { id }
      page: workflowRunPage(filter: $filter, page: $page) { items { ...RunFields } }
    } ${RUN}`,
    variables: ({ params, query }) => ({
      id: params.workflow_id,
      filter: {
        ...(query.status && FILTER_OF[query.status]),
        workflow: params.workflow_id.slice(0, 128),
        createdAfter: query.start_date,
        createdBefore: query.end_date,
      },
      page: pageInput(query),
    }),
    response: z.array(runSchema),
    project: ({ page }: { page: { items: readonly RunFields[] } }) => page.items.map(runOf),
  }),
  defineRoute({
    ...ABOUT,
    operationId: 'listPausedWorkflows',
    method: 'GET',
    path: '/wf/paused_workflows/',
    summary: 'List paused runs',
    description: 'Lists the runs of all workflows that wait for a person, newest first. Requires the scope `workflows:read`.',
    query: z.strictObject(pageQuery({ pageSize: 10, maxPageSize: 100 })),
    document: gql`query listPausedWorkflows($page: PageByNumberInput) {
      page: workflowRunPage(filter: { waitsForPerson: true }, page: $page) {
        items { ...RunFields ...PauseFields workflow { id name description } }
      }
    } ${RUN} ${PAUSES}`,
    variables: ({ query }) => ({ page: pageInput(query) }),
    response: z.array(pausedSchema),
    project: ({ page }: { page: { items: readonly PausedFields[] } }) =>
      page.items.map((run) => ({
        run: runOf(run),
        current_pause: pausesOf(run).find(({ resume_time }) => resume_time === null) ?? null,
        workflow: run.workflow,
      })),
  }),
  defineRoute({
    ...ABOUT_RUN,
    operationId: 'getPauseHistory',
    method: 'GET',
    path: '/wf/pause_history/{run_id}/',
    summary: 'List the pauses of a run',
    description:
      'Lists when a run waited for a person, what was asked and who decided what, the oldest first. Requires the scope `workflows:read`.',
    document: gql`query getPauseHistory($id: ID!) { run: workflowRun(id: $id) { ...PauseFields } } ${PAUSES}`,
    variables: ({ params }) => ({ id: params.run_id }),
    response: z.array(pauseSchema),
    project: ({ run }: { run: PauseFields }) => pausesOf(run),
  }),
  defineRoute({
    ...ABOUT_RUN,
    says: { ...ABOUT_RUN.says, CONFLICT: 'Run is not in a paused state' },
    operationId: 'processPauseAction',
    method: 'POST',
    path: '/wf/process_pause_action/{run_id}/',
    summary: 'Decide about a paused run',
    description:
      'Decides the task that a run waits for, and lets the run go on: `APPROVE` completes it, with `inputs` as its outputs if there are any, `DECLINE` fails it, `OVERRIDE` completes it with `inputs`, whoever should decide. Requires the scope `workflows:write`.',
    body: z
      .strictObject({
        action: z.enum(ACTIONS).describe('What is decided.'),
        inputs: JsonObjectInput.nullish().describe('What the task is completed with.'),
        user_id: key(256).nullish().describe('Who decides; must be one of the approvers of the step if it names any.'),
        comments: text(1_024).min(1).nullish().describe('Why.'),
      })
      .meta({ id: 'PauseAction', description: 'A decision about a paused run.' }),
    document: gql`mutation processPauseAction($input: ResolveWorkflowPauseInput!) {
      run: resolveWorkflowPause(input: $input) { ...RunFields }
    } ${RUN}`,
    variables: ({ params, body }) => ({
      input: {
        id: params.run_id,
        action: body.action,
        output: body.inputs ?? undefined,
        approver: body.user_id ?? undefined,
        reason: body.comments ?? undefined,
      },
    }),
    response: runSchema,
    project: ({ run }: { run: RunFields }) => runOf(run),
    errors: { CONFLICT: 'The run does not wait for a person.', FORBIDDEN: 'The user is no approver of the step.' },
  }),
  defineRoute({
    ...ABOUT_RUN,
    operationId: 'cancelWorkflowApiRun',
    method: 'POST',
    path: '/wf/cancel_workflow/{run_id}/',
    summary: 'Cancel a run',
    description: 'Cancels a run that has not ended, with everything that works for it. Requires the scope `workflows:write`.',
    document: gql`mutation cancelWorkflowApiRun($input: WorkflowRunOperationInput!) {
      run: cancelWorkflowRun(input: $input) { ...RunFields }
    } ${RUN}`,
    variables: ({ params }) => ({ input: { id: params.run_id } }),
    response: runSchema,
    project: ({ run }: { run: RunFields }) => runOf(run),
    errors: { CONFLICT: 'The run has ended already.' },
  }),
];
