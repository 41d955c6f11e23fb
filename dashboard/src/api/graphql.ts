import { initGraphQLTada } from 'gql.tada';
import type { introspection } from './introspection.d.ts';

/**
 * Writes a GraphQL document whose result and variables are typed from `graphql/schema.graphql`. Put the document beside the component
 * that shows its data; a fragment is given as the second argument of the document that uses it.
 */
export const graphql = initGraphQLTada<{
  introspection: introspection;
  disableMasking: true;
  scalars: {
    /** RFC 3339. */
    DateTime: string;
    JSON: unknown;
    JSONObject: Record<string, unknown>;
    StringMap: Record<string, string>;
  };
}>();

export type { FragmentOf, ResultOf, TadaDocumentNode, VariablesOf } from 'gql.tada';
