import { graphql, type ResultOf } from '../../api/graphql.ts';

/** What a list shows of a run: nothing that costs a look-up of its own for each row. */
export const RunRowFields = graphql(`
  fragment RunRowFields on Run {
    id
    status
    attempt
    priority
    createdAt
    startedAt
    finishedAt
    scheduledAt
    triggeredBy
    concurrencyKey
    tags
    error
    job {
      id
      slug
      name
    }
  }
`);

/** A run in a list. */
export type RunRow = ResultOf<typeof RunRowFields>;
