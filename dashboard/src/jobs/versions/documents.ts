import { graphql, type ResultOf } from '../../api/graphql.ts';
import { DefinitionFields } from '../documents.ts';

export const JobVersionsQuery = graphql(
  `
    query JobVersions($id: ID!, $before: Int) {
      job(id: $id) {
        id
        versions(limit: 20, before: $before) {
          version
          versionId
          backwardsCompatible
          createdBy
          createdAt
          ...DefinitionFields
        }
      }
    }
  `,
  [DefinitionFields],
);

/** What a job said at one of its versions. */
export type JobVersion = ResultOf<typeof JobVersionsQuery>['job']['versions'][number];
