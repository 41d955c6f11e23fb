import { z } from 'zod';
import { JsonInput, text } from '../../src/core/schemas.ts';
import { limitParam, nextOf, opaqueCursorParam, type Page, rowsOf } from '../paging.ts';
import { defineRoute, gql, type Route } from '../route.ts';
import { RUN_STATE, type RunStateV1, runStateSchema } from '../v1/run-report-schemas.ts';
import { ownRunParams, STALE } from './own-run.ts';

const keyParams = ownRunParams.extend({ key: z.string().describe('Name of the value within the run.') });
const UNKNOWN = { NOT_FOUND: 'The state has no value under that key.' } as const;

/** What an executor keeps from one attempt to the next: `/sdk/v1/runs/{id}/state`. */
export const stateRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'listOwnState',
    method: 'GET',
    path: '/sdk/v1/runs/{id}/state',
    tag: 'Executors',
    summary: 'List all run state keys',
    description: 'Lists what the run keeps from one attempt to the next, by key.',
    auth: 'run-token',
    params: ownRunParams,
    query: z.strictObject({ limit: limitParam, cursor: opaqueCursorParam.optional() }),
    document: gql`query listOwnState($first: Int, $after: String) {
      state: ownStates(first: $first, after: $after) { edges { node { ...RunStateV1 } } pageInfo { hasNextPage endCursor } }
    } ${RUN_STATE}`,
    variables: ({ query }) => ({ first: query.limit, after: query.cursor }),
    response: z.array(runStateSchema),
    project: ({ state }: { state: Page<RunStateV1> }) => rowsOf(state),
    nextCursor: ({ state }) => nextOf(state),
  }),
  defineRoute({
    operationId: 'setOwnState',
    method: 'POST',
    path: '/sdk/v1/runs/{id}/state',
    tag: 'Executors',
    summary: 'Set run state key',
    description: 'Keeps a value with the run, in place of the one before under that key.',
    auth: 'run-token',
    params: ownRunParams,
    body: z
      .strictObject({
        key: text(256).min(1).describe('Name of the value within the run.'),
        value: JsonInput.describe('The value, any JSON up to 64 KB.'),
      })
      .meta({ id: 'StateValue', description: 'A named value.' }),
    document: gql`mutation setOwnState($input: SetStateInput!) { state: setState(input: $input) { ...RunStateV1 } } ${RUN_STATE}`,
    variables: ({ body }) => ({ input: body }),
    response: runStateSchema,
    project: ({ state }: { state: RunStateV1 }) => state,
    status: 201,
    errors: STALE,
  }),
  defineRoute({
    operationId: 'getOwnState',
    method: 'GET',
    path: '/sdk/v1/runs/{id}/state/{key}',
    tag: 'Executors',
    summary: 'Get run state key',
    description: 'Answers one value of the state of the run.',
    auth: 'run-token',
    params: keyParams,
    document: gql`query getOwnState($key: String!) { state: ownState(key: $key) { ...RunStateV1 } } ${RUN_STATE}`,
    variables: ({ params }) => ({ key: params.key }),
    response: runStateSchema,
    project: ({ state }: { state: RunStateV1 }) => state,
    errors: UNKNOWN,
  }),
  defineRoute({
    operationId: 'deleteOwnState',
    method: 'DELETE',
    path: '/sdk/v1/runs/{id}/state/{key}',
    tag: 'Executors',
    summary: 'Delete run state key',
    description: 'Forgets one value of the state of the run.',
    auth: 'run-token',
    params: keyParams,
    document: gql`mutation deleteOwnState($key: String!) { deleteState(key: $key) { id } }`,
    variables: ({ params }) => ({ key: params.key }),
    status: 204,
    errors: { ...STALE, ...UNKNOWN },
  }),
];
