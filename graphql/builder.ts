import SchemaBuilder from '@pothos/core';
import ComplexityPlugin from '@pothos/plugin-complexity';
import PrismaPlugin from '@pothos/plugin-prisma';
import RelayPlugin from '@pothos/plugin-relay';
import ScopeAuthPlugin, { type AuthFailure } from '@pothos/plugin-scope-auth';
import ValidationPlugin from '@pothos/plugin-validation';
import type PrismaTypes from '../generated/pothos.ts';
import { getDatamodel } from '../generated/pothos.ts';
import { allows, type Scope } from '../src/auth/scopes.ts';
import { AppError } from '../src/core/errors.ts';
import type { JsonObject, JsonValue } from '../src/core/json.ts';
import type { BatchItems } from '../src/domain/batches/batch-items.ts';
import { DEFAULT_PAGE } from './connection.ts';
import type { GraphQLContext } from './context.ts';
import { invalidInput } from './errors.ts';
import './subscription-limits.ts';

/**
 * What one document may ask for. Generous for people and dashboards: a page of 100 runs with all their fields costs about 5,000; a
 * page of 100 runs with 100 events each is refused.
 */
const LIMITS = { depth: 12, breadth: 500, complexity: 25_000 };

/** The one schema builder; types and fields register with it as their files are imported. */
export const builder = new SchemaBuilder<{
  Context: GraphQLContext;
  PrismaTypes: PrismaTypes;
  AuthScopes: { scope: Scope; orScope: Scope | readonly Scope[]; apiKey: boolean; runToken: boolean; follow: Scope };
  Scalars: {
    DateTime: { Input: Date; Output: Date | bigint };
    JSON: { Input: JsonValue; Output: unknown };
    JSONObject: { Input: JsonObject; Output: unknown };
    StringMap: { Input: Record<string, string>; Output: unknown };
    TriggerItemStream: { Input: BatchItems; Output: never };
  };
  DefaultFieldNullability: false;
  DefaultEdgesNullability: false;
  DefaultNodeNullability: false;
}>({
  // The first plugin wraps all others: nothing of a field happens before its caller is known to be allowed.
  plugins: [ScopeAuthPlugin, ValidationPlugin, RelayPlugin, PrismaPlugin, ComplexityPlugin, 'subscriptionLimits'],
  defaultFieldNullability: false,
  scopeAuth: {
    authorizeOnSubscribe: true,
    authScopes: ({ actor }) => ({
      scope: (needed) => actor.kind === 'key' && allows(actor.scopes, needed),
      // Beside `scope`, does in its place; `scope` is what a refusal names.
      orScope: (needed) => actor.kind === 'key' && [needed].flat().some((one) => allows(actor.scopes, one)),
      apiKey: actor.kind === 'key',
      runToken: actor.kind === 'run',
      // A stream token follows the run it names; which that is, the domain looks at.
      follow: (needed) => actor.kind === 'stream' || (actor.kind === 'key' && allows(actor.scopes, needed)),
    }),
    unauthorizedError: (_parent, _context, _info, { failure }) =>
      new AppError('FORBIDDEN', `insufficient permissions: requires ${whatIsMissing(failure)}`),
  },
  validation: { validationError: ({ issues }) => invalidInput(issues) },
  relay: {
    // Ids are plain, so that they are the same here and in REST; nothing is looked up by a global one.
    nodeQueryOptions: false,
    nodesQueryOptions: false,
    cursorType: 'String',
    edgesFieldOptions: {
      nullable: false,
      description: 'The rows of the page, in the order of the list.',
      complexity: { field: 0, multiplier: 1 },
    },
    nodeFieldOptions: { nullable: false, description: 'The row.' },
    cursorFieldOptions: { description: 'Where the row stands in the list, for `after` and `before`.' },
    pageInfoTypeOptions: { description: 'What lies around a page.' },
    pageInfoFieldOptions: { description: 'What lies around this page.' },
    hasNextPageFieldOptions: { description: 'Whether the list goes on after this page.' },
    hasPreviousPageFieldOptions: { description: 'Whether the list has rows before this page.' },
    startCursorFieldOptions: { description: 'Cursor of the first row; null on an empty page.' },
    endCursorFieldOptions: { description: 'Cursor of the last row; null on an empty page.' },
    firstArgOptions: { description: 'How many rows from the start, or from `after` on: 1 to 100, 50 when left out.' },
    afterArgOptions: { description: 'Only rows after this cursor; goes with `first`.' },
    lastArgOptions: { description: 'How many rows from the end, or up to `before`: 1 to 100.' },
    beforeArgOptions: { description: 'Only rows before this cursor; goes with `last`.' },
    defaultConnectionFieldOptions: {
      complexity: ({ first, last }) => ({ field: 5, multiplier: Math.max(first ?? last ?? DEFAULT_PAGE, 1) }),
    },
  },
  prisma: {
    client: ({ prisma }) => prisma,
    dmmf: getDatamodel(),
    exposeDescriptions: true,
    // A resolver that drops its selection costs a statement per row. It fails at its first call, so it cannot get past the tests.
    onUnusedQuery: 'error',
  },
  complexity: {
    // Lists that are no connections are short: versions of a job, children of a wait.
    defaultListMultiplier: 10,
    limit: ({ isTrustedDocument }) => (isTrustedDocument ? {} : LIMITS),
    complexityError: (kind, { depth, breadth, complexity }) =>
      new AppError(
        'BAD_REQUEST',
        `the document asks for too much (${kind.toLowerCase()}): depth ${depth} of ${LIMITS.depth}, breadth ${breadth} of ${LIMITS.breadth}, complexity ${complexity} of ${LIMITS.complexity}`,
      ),
  },
});

builder.queryType({ description: 'Everything that can be read.' });
builder.mutationType({ description: 'Everything that can be changed.' });
builder.subscriptionType({ description: 'Everything that can be followed live.' });

/** A field asks for one scope, which scope-auth reports as the only member of a group of alternatives. */
function whatIsMissing(failure: AuthFailure): string {
  const [only] = 'failures' in failure ? failure.failures : [];
  if (only) return whatIsMissing(only);
  if (failure.kind !== 'AuthScope') return 'more than this credential has';
  switch (failure.scope) {
    case 'scope':
    case 'orScope':
    case 'follow':
      return String(failure.parameter);
    case 'runToken':
      return 'the run token of an attempt';
    default:
      return 'an API key';
  }
}
