import { z } from 'zod';
import { dateTime } from '../date-time.ts';
import { wordInput, wordOutput } from '../names.ts';
import {
  createdAtCursorParam,
  limitParam,
  MAX_PAGE,
  nextOf,
  opaqueCursorParam,
  optionalLimitParam,
  type Page,
  rowsOf,
} from '../paging.ts';
import { defineRoute, gql, type Route } from '../route.ts';
import { RUN_OUTPUT, type RunOutputV1, runOutputSchema } from './run-output-schema.ts';
import { JOB_RUN, type JobRunV1, jobRunSchema } from './run-schema.ts';
import { runStatus } from './run-status.ts';

/** What kinds of events there are. */
export const EVENT_TYPES = [
  'state_change',
  'log',
  'progress',
  'error',
  'output',
  'checkpoint',
  'usage',
  'tool_call',
  'state',
  'annotation',
  'resource_sample',
  'continuation',
  'chunk',
  'debug',
  'other',
] as const;
/** How much events matter. */
export const EVENT_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

const params = z.strictObject({ id: z.string().describe('The run.') });

/** Outputs of a run of an action that one page has at most. */
const MAX_ACTION_OUTPUTS = 500;

interface OutputsOfEither {
  readonly run: { readonly outputs: Page<RunOutputV1> } | { readonly results: Page<{ readonly result: unknown }> };
}

/** One line of the story of a run, in an answer. */
export const runEventSchema = z
  .object({
    id: z.string().describe('The run and the number of the event in it.'),
    run_id: z.string().describe('The run.'),
    type: wordOutput(EVENT_TYPES).describe('What kind of event it is.'),
    level: wordOutput(EVENT_LEVELS).describe('How much it matters.'),
    message: z.string().describe('What happened, for people.'),
    data: z.record(z.string(), z.unknown()).nullable().describe('What else there is to know, depending on the type.'),
    created_at: dateTime.describe('When it happened.'),
  })
  .meta({ id: 'RunEvent', description: 'One line of the story of a run.' });

/** Selects a {@link runEventSchema}. */
export const RUN_EVENT = gql`fragment RunEventV1 on RunEvent {
  id run_id: runId type level message data attempt fromStatus toStatus created_at: createdAt
}`;

type RunEventV1 = z.input<typeof runEventSchema>;

/** What {@link RUN_EVENT} yields; the statuses are set on changes of status. */
export interface StoredEvent extends RunEventV1 {
  readonly attempt: number;
  readonly fromStatus: string | null;
  readonly toStatus: string | null;
}

/** The documented event; the reference has no field for a change of status but `data`. */
export function documentedEvent({ attempt, fromStatus, toStatus, ...event }: StoredEvent): RunEventV1 {
  if (toStatus === null) return event;
  return {
    ...event,
    data: { from: runStatus.nullable().parse(fromStatus), to: runStatus.parse(toStatus), attempt, ...event.data },
  };
}

/** What belongs to one run: `/v1/runs/{id}/children`, `/events` and `/outputs`. */
export const runHistoryRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'listChildRuns',
    method: 'GET',
    path: '/v1/runs/{id}/children',
    tag: 'Runs',
    summary: 'List child runs',
    description: 'Lists the runs that a run has spawned, oldest first. Requires the scope `runs:read`.',
    auth: 'key',
    params,
    query: z.strictObject({ limit: limitParam, cursor: createdAtCursorParam.optional() }),
    document: gql`query listChildRuns($id: ID!, $first: Int, $after: String) {
      run(id: $id) { children(first: $first, after: $after) { edges { node { ...JobRunV1 } } pageInfo { hasNextPage endCursor } } }
    } ${JOB_RUN}`,
    variables: ({ params, query }) => ({ id: params.id, first: query.limit, after: query.cursor }),
    response: z.array(jobRunSchema),
    project: ({ run }: { run: { children: Page<JobRunV1> } }) => rowsOf(run.children),
    nextCursor: ({ run }) => nextOf(run.children),
  }),
  defineRoute({
    operationId: 'listRunEvents',
    method: 'GET',
    path: '/v1/runs/{id}/events',
    tag: 'Runs',
    summary: 'List run events',
    description:
      'Lists what happened to a run and what its executor has reported, in order: changes of status, log lines, progress, errors, outputs. Requires the scope `runs:read`.',
    auth: 'key',
    params,
    query: z.strictObject({
      level: wordInput(EVENT_LEVELS, 'is invalid').optional().describe('Only events of this level.'),
      type: wordInput(EVENT_TYPES, 'is invalid').optional().describe('Only events of this type.'),
      limit: limitParam,
      cursor: opaqueCursorParam.optional(),
    }),
    document: gql`query listRunEvents($id: ID!, $level: [LogLevel!], $type: [RunEventType!], $first: Int, $after: String) {
      run(id: $id) {
        events(level: $level, type: $type, first: $first, after: $after) {
          edges { node { ...RunEventV1 } }
          pageInfo { hasNextPage endCursor }
        }
      }
    } ${RUN_EVENT}`,
    variables: ({ params, query: { level, type, limit, cursor } }) => ({
      id: params.id,
      level: level && [level],
      type: type && [type],
      first: limit,
      after: cursor,
    }),
    response: z.array(runEventSchema),
    project: ({ run }: { run: { events: Page<StoredEvent> } }) => rowsOf(run.events).map(documentedEvent),
    nextCursor: ({ run }) => nextOf(run.events),
  }),
  defineRoute({
    operationId: 'listRunOutputs',
    method: 'GET',
    path: '/v1/runs/{id}/outputs',
    tag: 'Runs',
    summary: 'List run structured outputs',
    description:
      'Of a run of a job, lists the named values that it has reported, in the order of their first report. Of a run of an action, lists what its inputs have returned so far, in their order. Requires the scope `runs:read`.',
    auth: 'key',
    params,
    query: z.strictObject({
      limit: optionalLimitParam(MAX_ACTION_OUTPUTS).describe(
        `How many to answer: 50 of a job when left out, ${MAX_PAGE} at most; 100 of an action, ${MAX_ACTION_OUTPUTS} at most.`,
      ),
      cursor: opaqueCursorParam.optional(),
    }),
    document: gql`query listRunOutputs($id: ID!, $first: Int, $results: Int, $after: String) {
      run: runOrBatch(id: $id) {
        ... on Run { outputs(first: $first, after: $after) { edges { node { ...RunOutputV1 } } pageInfo { hasNextPage endCursor } } }
        ... on Batch { results: outputs(first: $results, after: $after) { edges { node { result } } pageInfo { hasNextPage endCursor } } }
      }
    } ${RUN_OUTPUT}`,
    variables: ({ params, query: { limit, cursor } }) => ({
      id: params.id,
      first: Math.min(limit ?? 50, MAX_PAGE),
      results: limit ?? 100,
      after: cursor,
    }),
    response: z.union([z.array(runOutputSchema), z.array(z.unknown())]),
    project: ({ run }: OutputsOfEither) =>
      'results' in run ? rowsOf(run.results).map(({ result }) => result) : rowsOf(run.outputs),
    nextCursor: ({ run }) => nextOf('results' in run ? run.results : run.outputs),
    paginationNext: true,
  }),
];
