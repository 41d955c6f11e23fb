import { graphql, type ResultOf, type VariablesOf } from '../api/graphql.ts';

export const GroupsQuery = graphql(`
  query DeadLetterGroups($filter: RunFilter) {
    deadLetterGroups(filter: $filter) {
      id
      error
      count
      isCapped
      firstAt
      lastAt
      job {
        id
        name
        slug
      }
    }
  }
`);

/** Dead letters of one job with the same kind of error. */
export type Group = ResultOf<typeof GroupsQuery>['deadLetterGroups'][number];

export const GroupQuery = graphql(`
  query DeadLetterGroup($filter: RunFilter) {
    deadLetterGroups(filter: $filter) {
      id
      error
      count
      isCapped
      firstAt
      lastAt
      job {
        id
        name
        slug
      }
      sample {
        id
        error
        errorClass
        attempt
        payload
        finishedAt
      }
    }
  }
`);

/** A group with its newest dead letter. */
export type OpenGroup = ResultOf<typeof GroupQuery>['deadLetterGroups'][number];

export const DeadLettersQuery = graphql(`
  query DeadLetters($filter: RunFilter, $after: String) {
    runs(filter: $filter, first: 50, after: $after) {
      edges {
        node {
          id
          attempt
          createdAt
          finishedAt
          error
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export type DeadLetter = ResultOf<typeof DeadLettersQuery>['runs']['edges'][number]['node'];

/** Which runs, as the API's filter says it. */
export type RunFilter = NonNullable<VariablesOf<typeof DeadLettersQuery>['filter']>;

export const ReplayDeadLetterMutation = graphql(`
  mutation ReplayDeadLetter($id: ID!) {
    replayDeadLetter(id: $id) {
      id
      status
    }
  }
`);

export const ReplayDeadLettersMutation = graphql(`
  mutation ReplayDeadLetters($input: ReplayDeadLettersInput!) {
    replayDeadLetters(input: $input) {
      total
      replayed
      failed
      endCursor
      results {
        id
        error
      }
      runs {
        id
        status
        queuedAt
      }
    }
  }
`);

/** How a replayed run fares, until it has ended. */
export const CanaryEvents = graphql(`
  subscription CanaryEvents($runId: ID!, $after: Int) {
    runEvents(runId: $runId, after: $after, type: [STATE_CHANGE]) {
      seq
      toStatus
      message
      createdAt
    }
  }
`);
