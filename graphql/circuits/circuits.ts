import { CIRCUIT_STATES, type CircuitState, circuitEndpoint } from '../../src/core/circuit.ts';
import { resetCircuit } from '../../src/domain/circuits/reset-circuit.ts';
import { CircuitFilterInput, visibleCircuits } from '../../src/domain/circuits/visible-circuits.ts';
import { builder } from '../builder.ts';
import { NEWEST_FIRST, pageOf, sliceOf } from '../connection.ts';
import { enumValues, memberOf } from '../enum-values.ts';
import { describedBy, leavingOutNulls } from '../input.ts';
import { Job } from '../jobs/type.ts';
import { rowSelection } from '../selection.ts';

const CircuitStateEnum = builder.enumType('CircuitState', {
  description: 'Whether runs are sent to an endpoint.',
  values: enumValues<CircuitState>({
    closed: 'They are: it could be reached again.',
    open: 'They are not: it could not be reached several times in a row.',
    half_open: 'One is, to find out; the others wait for what comes of it.',
  }),
});

const CircuitBreaker = builder.prismaObject('Circuit', {
  name: 'CircuitBreaker',
  fields: (t) => ({
    id: t.exposeID('id'),
    projectId: t.exposeID('projectId'),
    endpoint: t.exposeString('endpoint'),
    state: t.field({
      type: CircuitStateEnum,
      description: 'Whether runs are sent there.',
      select: { state: true },
      resolve: ({ state }) => memberOf(CIRCUIT_STATES, state),
    }),
    failures: t.exposeInt('failures'),
    openedAt: t.expose('openedAt', { type: 'DateTime' }),
    retryAt: t.expose('retryAt', { type: 'DateTime', nullable: true }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime' }),
  }),
});

const described = describedBy(CircuitFilterInput);
const CircuitFilter = builder
  .inputType('CircuitBreakerFilter', {
    description: 'Which circuit breakers are meant.',
    fields: (t) => ({ state: t.field({ type: [CircuitStateEnum], ...described.state }) }),
  })
  .validate(leavingOutNulls(CircuitFilterInput));

builder.queryFields((t) => ({
  circuitBreakers: t.connection(
    {
      type: CircuitBreaker,
      description:
        'Endpoints that could not be reached, the first ones that ever could not last; those that always could are not among them. Requires `jobs:read`.',
      args: { filter: t.arg({ type: CircuitFilter, description: 'Which; all of them when left out.' }) },
      authScopes: { scope: 'jobs:read' },
      resolve: async (_root, { filter, ...page }, context, info) => {
        const slice = sliceOf(page, NEWEST_FIRST);
        const rows = await context.prisma.circuit.findMany({
          ...rowSelection(context, info),
          ...slice.within(visibleCircuits(context.actor, filter ?? {})),
        });
        return pageOf(rows, slice);
      },
    },
    { name: 'CircuitBreakerConnection', description: 'A page of circuit breakers.' },
    { name: 'CircuitBreakerEdge', description: 'A circuit breaker on a page.' },
  ),
}));

builder.prismaObjectFields(Job, (t) => ({
  circuitBreaker: t.prismaField({
    type: CircuitBreaker,
    nullable: true,
    description:
      'The circuit breaker of its endpoint; null for one that could always be reached, and for a managed job. Requires `jobs:read`.',
    select: { projectId: true, endpointUrl: true },
    authScopes: { scope: 'jobs:read' },
    // Prisma asks for all jobs of a list in one statement.
    resolve: (query, { projectId, endpointUrl }, _args, { prisma }) =>
      endpointUrl === null
        ? null
        : prisma.circuit.findUnique({
            ...query,
            where: { projectId_endpoint: { projectId, endpoint: circuitEndpoint(endpointUrl) } },
          }),
  }),
}));

builder.mutationFields((t) => ({
  resetCircuitBreaker: t.field({
    type: CircuitBreaker,
    description:
      'Closes a circuit breaker: runs that wait for it go at once, in every server within a second. One that is closed stays as it is. Requires `jobs:write`.',
    args: { id: t.arg.id({ required: true, description: 'The circuit breaker.' }) },
    authScopes: { scope: 'jobs:write' },
    resolve: (_root, { id }, { actor, runs }) => resetCircuit(actor, id, runs),
  }),
}));
