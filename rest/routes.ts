import type { ApiInfo, ApiTag } from './openapi.ts';
import type { Route } from './route.ts';

/** Every documented route: the single source of the router, the validation, the OpenAPI document and its tests. */
export const routes: readonly Route[] = [];

/** The groups of the reference, in its order. */
export const apiTags: readonly ApiTag[] = [];

/** What the reference says about the API as a whole. */
export const apiInfo: ApiInfo = {
  title: 'Baton API',
  version: '1',
  description: 'Trigger runs of jobs, watch them, and report on them from an executor. GraphQL at `/graphql` offers the same and more.',
};
