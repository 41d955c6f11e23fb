import { z } from 'zod';
import { notFound } from '../../src/core/errors.ts';
import { dateTime } from '../date-time.ts';
import { limitParam, nextOf, opaqueCursorParam, type Page, rowsOf } from '../paging.ts';
import { listParam } from '../query.ts';
import { defineRoute, gql, type Route } from '../route.ts';

const STATUSES = ['PENDING', 'RUNNING', 'FAILED', 'SUCCESS'] as const;
type CallbackStatus = (typeof STATUSES)[number];

const params = z.strictObject({ id: z.string().describe('The callback.') });

const callbackSchema = z
  .object({
    uid: z.string().describe('The callback, and the `webhook-id` of every attempt.'),
    parent_uid: z.string().nullable().describe('The callback that it replays.'),
    retry_count: z.int().describe('Attempts after the first.'),
    created_at: dateTime.describe('When it was stored, with the ending that it tells of.'),
    status: z.enum(STATUSES).describe('`FAILED` is tried again while `next_attempt_at` says when.'),
    callback_url: z.string().describe('Where it is sent to.'),
    http_status: z.int().nullable().describe('The HTTP status of the last answer; null when there was none.'),
    batch_uid: z.string().nullable().describe('The run of the job that has ended; null when the callback tells of the whole.'),
    run_uid: z.string().nullable().describe('The action run.'),
    workspace_uid: z.string().describe('The project.'),
    payload: z.record(z.string(), z.unknown()).describe('What is sent.'),
    error: z.string().nullable().describe('Why the last attempt failed.'),
    next_attempt_at: dateTime.nullable().describe('When the next attempt is due.'),
  })
  .meta({ id: 'ActionRunCallback', description: 'A message about the ending of an action run, or of one of its inputs.' });

const CALLBACK = gql`fragment CallbackFields on WebhookDelivery {
  uid: id kind parent_uid: replayOf attempts created_at: createdAt deliveryStatus: status isUnderWay callback_url: webhookUrl
  http_status: responseStatus batch_uid: runId run_uid: batchId workspace_uid: projectId payload error next_attempt_at: nextAttemptAt
}`;

type Printed = z.input<typeof callbackSchema>;

interface CallbackFields extends Omit<Printed, 'retry_count' | 'status'> {
  readonly kind: string;
  readonly attempts: number;
  readonly deliveryStatus: 'PENDING' | 'DELIVERED' | 'FAILED' | 'DEAD';
  readonly isUnderWay: boolean;
}

const WORD_OF = { PENDING: 'PENDING', DELIVERED: 'SUCCESS', FAILED: 'FAILED', DEAD: 'FAILED' } as const;

function callbackOf({ kind: _, attempts, deliveryStatus, isUnderWay, ...callback }: CallbackFields): Printed {
  const status = isUnderWay ? 'RUNNING' : WORD_OF[deliveryStatus];
  return { ...callback, retry_count: Math.max(0, attempts - 1), status };
}

const MEANT: Readonly<Record<CallbackStatus, object>> = {
  PENDING: { status: ['PENDING'], isUnderWay: false },
  RUNNING: { isUnderWay: true },
  FAILED: { status: ['FAILED', 'DEAD'], isUnderWay: false },
  SUCCESS: { status: ['DELIVERED'] },
};

/** `/v1/runs/callbacks`: what action runs have told, and whether it has arrived. */
export const actionCallbackRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'listActionRunCallbacks',
    method: 'GET',
    path: '/v1/runs/callbacks',
    tag: 'Actions',
    summary: 'List callbacks',
    description:
      'Lists the callbacks of action runs that meet every condition given, newest first. Requires the scope `runs:read`.',
    auth: 'key',
    errorStyle: 'actions',
    query: z.strictObject({
      status: z.enum(STATUSES).optional().describe('Only those that stand so.'),
      run_uid: listParam(z.string().min(1).max(64)).optional().describe('Only those of these action runs; may be repeated.'),
      limit: limitParam,
      cursor: opaqueCursorParam.optional(),
    }),
    document: gql`query listActionRunCallbacks($filter: WebhookDeliveryFilter!, $first: Int, $after: String) {
      callbacks: webhookDeliveries(filter: $filter, first: $first, after: $after) {
        edges { node { ...CallbackFields } } pageInfo { hasNextPage endCursor }
      }
    } ${CALLBACK}`,
    variables: ({ query: { status, run_uid, limit, cursor } }) => ({
      filter: { kind: 'BATCH_CALLBACK', batchIds: run_uid, ...(status && MEANT[status]) },
      first: limit,
      after: cursor,
    }),
    response: z.array(callbackSchema),
    project: ({ callbacks }: { callbacks: Page<CallbackFields> }) => rowsOf(callbacks).map(callbackOf),
    nextCursor: ({ callbacks }) => nextOf(callbacks),
    paginationNext: true,
  }),
  defineRoute({
    operationId: 'getActionRunCallback',
    method: 'GET',
    path: '/v1/runs/callbacks/{id}',
    tag: 'Actions',
    summary: 'Get a callback',
    description: 'Answers a callback as it stands. Requires the scope `runs:read`.',
    auth: 'key',
    errorStyle: 'actions',
    params,
    document: gql`query getActionRunCallback($id: ID!) { callback: webhookDelivery(id: $id) { ...CallbackFields } } ${CALLBACK}`,
    variables: ({ params }) => ({ id: params.id }),
    response: callbackSchema,
    project: ({ callback }: { callback: CallbackFields }) => {
      if (callback.kind !== 'BATCH_CALLBACK') throw notFound('webhook delivery');
      return callbackOf(callback);
    },
  }),
  defineRoute({
    operationId: 'replayActionRunCallback',
    method: 'POST',
    path: '/v1/runs/callbacks/{id}/replay',
    tag: 'Actions',
    summary: 'Replay a callback',
    description:
      'Sends what a callback said again, as a new one that names the old one. Only originals can be replayed, each three times. Requires the scope `runs:write`.',
    auth: 'key',
    errorStyle: 'actions',
    params,
    document: gql`mutation replayActionRunCallback($id: ID!) { callback: replayWebhookDelivery(id: $id, kind: BATCH_CALLBACK) { ...CallbackFields } } ${CALLBACK}`,
    variables: ({ params }) => ({ id: params.id }),
    response: callbackSchema,
    project: ({ callback }: { callback: CallbackFields }) => callbackOf(callback),
    status: 201,
    errors: { CONFLICT: 'It is a replay itself, or was replayed three times, or its run was canceled.' },
  }),
];
