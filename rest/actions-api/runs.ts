import { z } from 'zod';
import { dateTime } from '../date-time.ts';
import { limitParam, nextOf, opaqueCursorParam, type Page, rowsOf } from '../paging.ts';
import { defineRoute, gql, type Route } from '../route.ts';
import { ACTION_RUN, type ActionRunFields, actionRunOf, actionRunSchema, errorOf, lastErrorSchema } from './action-run.ts';
import { customDataOf } from './launch-bodies.ts';

const params = z.strictObject({ id: z.string().describe('The action run.') });

const statusSchema = actionRunSchema
  .pick({
    id: true,
    uid: true,
    status: true,
    postponed_until: true,
    started_at: true,
    finished_at: true,
    created_at: true,
    updated_at: true,
  })
  .meta({ id: 'ActionRunStatus', description: 'Where an action run stands.' });

const INPUT_STATUSES = ['CREATED', 'QUEUED', 'SCHEDULED', 'RUNNING', 'BLOCKED', 'FAILED', 'SUCCEEDED', 'STOPPED'] as const;
type InputStatus = (typeof INPUT_STATUSES)[number];

const inputSchema = z
  .object({
    uid: z.string().nullable().describe('The run of the job that it was given to; null when there is none.'),
    index: z.int().describe('Where it stands among the inputs, from 0.'),
    status: z.enum(INPUT_STATUSES).nullable().describe('Where it stands; null when its run has ended and is no longer kept.'),
    input_data: z.unknown().describe('What the executor is given; null for an input that was refused.'),
    custom_data: z.unknown().describe('The caller’s own data.'),
    last_error: lastErrorSchema.nullable(),
    output_count: z.int().describe('1 once it has an output.'),
    retry_count: z.int().describe('How often it was tried again.'),
    started_at: dateTime.nullable().describe('When it was last started.'),
    finished_at: dateTime.nullable().describe('When it ended.'),
  })
  .meta({ id: 'ActionRunInput', description: 'One input of an action run.' });

interface StoredInput {
  readonly index: number;
  readonly runId: string | null;
  readonly fireAt: string | null;
  readonly buffered: boolean;
  readonly error: string | null;
  readonly run: {
    readonly status: string;
    readonly hold: string | null;
    readonly payload: unknown;
    readonly metadata: Readonly<Record<string, string>>;
    readonly error: string | null;
    readonly errorClass: string | null;
    readonly attempt: number;
    readonly startedAt: string | null;
    readonly finishedAt: string | null;
  } | null;
}

const STATUS_OF: Readonly<Record<string, InputStatus>> = {
  DELAYED: 'SCHEDULED',
  QUEUED: 'QUEUED',
  DEQUEUED: 'RUNNING',
  EXECUTING: 'RUNNING',
  WAITING: 'BLOCKED',
  PAUSED: 'BLOCKED',
  COMPLETED: 'SUCCEEDED',
  CANCELED: 'STOPPED',
};

function statusOf({ run, runId, error, fireAt, buffered }: StoredInput): InputStatus | null {
  if (run?.status === 'QUEUED' && run.hold !== null && run.hold !== 'retry') return 'BLOCKED';
  if (run) return STATUS_OF[run.status] ?? 'FAILED';
  if (error !== null) return 'FAILED';
  if (fireAt !== null) return 'SCHEDULED';
  return buffered || runId === null ? 'CREATED' : null;
}

function inputOf(input: StoredInput): z.input<typeof inputSchema> {
  const { run } = input;
  return {
    uid: input.runId,
    index: input.index,
    status: statusOf(input),
    input_data: run?.payload ?? null,
    custom_data: run ? customDataOf(run.metadata) : null,
    last_error: errorOf(run?.error ?? input.error, run?.errorClass ?? null),
    output_count: run?.status === 'COMPLETED' ? 1 : 0,
    retry_count: Math.max(0, (run?.attempt ?? 1) - 1),
    started_at: run?.startedAt ?? null,
    finished_at: run?.finishedAt ?? null,
  };
}

/** What action runs have of their own under `/v1/runs/{id}`; the rest they share with the runs of jobs. */
export const actionRunRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'getActionRunStatus',
    method: 'GET',
    path: '/v1/runs/{id}/status',
    tag: 'Actions',
    summary: 'Get the status of an action run',
    description: 'Answers where an action run stands now. Requires the scope `runs:read`.',
    auth: 'key',
    errorStyle: 'actions',
    params,
    document: gql`query getActionRunStatus($id: ID!) { run: batch(id: $id) { ...ActionRunFields } } ${ACTION_RUN}`,
    variables: ({ params }) => ({ id: params.id }),
    response: statusSchema,
    project: ({ run }: { run: ActionRunFields }) => actionRunOf(run),
  }),
  defineRoute({
    operationId: 'listActionRunInputs',
    method: 'GET',
    path: '/v1/runs/{id}/inputs',
    tag: 'Actions',
    summary: 'List the inputs of an action run',
    description: 'Lists the inputs of an action run in their order, and how each stands. Requires the scope `runs:read`.',
    auth: 'key',
    errorStyle: 'actions',
    params,
    query: z.strictObject({ limit: limitParam, cursor: opaqueCursorParam.optional() }),
    document: gql`query listActionRunInputs($id: ID!, $first: Int, $after: String) {
      batch(id: $id) {
        inputs(first: $first, after: $after) {
          edges {
            node {
              index runId fireAt buffered error
              run { status hold payload metadata error errorClass attempt startedAt finishedAt }
            }
          }
          pageInfo { hasNextPage endCursor }
        }
      }
    }`,
    variables: ({ params, query }) => ({ id: params.id, first: query.limit, after: query.cursor }),
    response: z.array(inputSchema),
    project: ({ batch }: { batch: { inputs: Page<StoredInput> } }) => rowsOf(batch.inputs).map(inputOf),
    nextCursor: ({ batch }) => nextOf(batch.inputs),
    paginationNext: true,
  }),
  defineRoute({
    operationId: 'cancelActionRun',
    method: 'POST',
    path: '/v1/runs/{id}/cancel',
    tag: 'Actions',
    summary: 'Cancel an action run',
    description:
      'Stops an action run: what has not ended is canceled, results stay, and nobody is called back any more. It can be resumed. Requires the scope `runs:write`.',
    auth: 'key',
    errorStyle: 'actions',
    params,
    document: gql`mutation cancelActionRun($id: ID!) { run: cancelBatch(id: $id) { ...ActionRunFields } } ${ACTION_RUN}`,
    variables: ({ params }) => ({ id: params.id }),
    response: actionRunSchema,
    project: ({ run }: { run: ActionRunFields }) => actionRunOf(run),
    errors: { CONFLICT: 'The run has ended already, or its caller waits for it.' },
  }),
];
