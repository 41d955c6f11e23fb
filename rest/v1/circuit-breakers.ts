import { z } from 'zod';
import { dateTime } from '../date-time.ts';
import { wordInput, wordOutput } from '../names.ts';
import { projectParam, requireOwnProject } from '../own-project.ts';
import { limitParam, nextOf, opaqueCursorParam, type Page, rowsOf } from '../paging.ts';
import { defineRoute, gql, type Route } from '../route.ts';

const STATES = ['closed', 'open', 'half_open'] as const;

const circuitSchema = z
  .object({
    id: z.string().describe('The circuit breaker.'),
    project_id: z.string().describe('The project whose jobs have the endpoint.'),
    endpoint: z.string().describe('The endpoint, without its query.'),
    state: wordOutput(STATES).describe(
      '`open`: no runs are sent there. `half_open`: one is, to find out whether it can be reached. `closed`: it can again.',
    ),
    failures: z.int().describe('How often in a row it could not be reached, as the server knows that has opened it.'),
    opened_at: dateTime.describe('When it last could no longer be reached.'),
    retry_at: dateTime.nullable().describe('From when on a run may try it; null when closed.'),
    updated_at: dateTime.describe('When its state last changed.'),
  })
  .meta({ id: 'CircuitBreaker', description: 'An endpoint that could not be reached several times in a row.' });

const CIRCUIT = gql`fragment CircuitBreakerV1 on CircuitBreaker {
  id project_id: projectId endpoint state failures opened_at: openedAt retry_at: retryAt updated_at: updatedAt
}`;
type CircuitV1 = z.input<typeof circuitSchema>;

/** `/v1/circuit-breakers`. */
export const circuitBreakerRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'listCircuitBreakers',
    method: 'GET',
    path: '/v1/circuit-breakers',
    tag: 'Jobs',
    summary: 'List circuit breakers',
    description:
      'Lists endpoints that could not be reached; those that always could are not among them. Requires the scope `jobs:read`.',
    auth: 'key',
    query: z.strictObject({
      project_id: projectParam,
      state: wordInput(STATES).optional().describe('Only those in this state.'),
      limit: limitParam,
      cursor: opaqueCursorParam.optional(),
    }),
    document: gql`query listCircuitBreakers($filter: CircuitBreakerFilter, $first: Int, $after: String) {
      circuitBreakers(filter: $filter, first: $first, after: $after) {
        edges { node { ...CircuitBreakerV1 } } pageInfo { hasNextPage endCursor }
      }
    } ${CIRCUIT}`,
    variables: ({ query, actorProjectId }) => {
      requireOwnProject(query.project_id, actorProjectId);
      return { filter: query.state ? { state: [query.state] } : {}, first: query.limit, after: query.cursor };
    },
    response: z.array(circuitSchema),
    project: ({ circuitBreakers }: { circuitBreakers: Page<CircuitV1> }) => rowsOf(circuitBreakers),
    nextCursor: ({ circuitBreakers }) => nextOf(circuitBreakers),
    errors: { NOT_FOUND: 'The project is not that of the key.' },
  }),
  defineRoute({
    operationId: 'resetCircuitBreaker',
    method: 'POST',
    path: '/v1/circuit-breakers/{id}/reset',
    tag: 'Jobs',
    summary: 'Reset a circuit breaker',
    description: 'Closes a circuit breaker: runs that wait for it go at once. Requires the scope `jobs:write`.',
    auth: 'key',
    params: z.strictObject({ id: z.string().describe('The circuit breaker.') }),
    document: gql`mutation resetCircuitBreaker($id: ID!) { circuit: resetCircuitBreaker(id: $id) { ...CircuitBreakerV1 } } ${CIRCUIT}`,
    variables: ({ params }) => ({ id: params.id }),
    response: circuitSchema,
    project: ({ circuit }: { circuit: CircuitV1 }) => circuit,
  }),
];
