import { graphql, type ResultOf } from '../api/graphql.ts';

const ScheduleFields = graphql(`
  fragment ScheduleFields on Schedule {
    id
    name
    slug
    status
    cron
    runAt
    timezone
    nextFireAt
    lastFiredAt
    pausedAt
    overlapPolicy
    catchUp
    catchUpLimit
    graceSecs
    fireCount
    missedCount
    payload
    createdAt
    createdBy
    workflowId
    job {
      id
      name
      slug
    }
    workflow {
      id
      name
      slug
    }
  }
`);

/** A schedule as the list and the form show it. */
export type Schedule = ResultOf<typeof ScheduleFields>;

export const SchedulesQuery = graphql(
  `
  query Schedules($filter: ScheduleFilter, $after: String) {
    schedules(filter: $filter, first: 50, after: $after) {
      edges {
        node {
          ...ScheduleFields
          fires(first: 1) {
            edges {
              node {
                id
                fireAt
                outcome
                run {
                  id
                  status
                }
                workflowRun {
                  id
                  status
                }
              }
            }
          }
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`,
  [ScheduleFields],
);

/** A schedule in the list, with what became of its latest moment. */
export type ScheduleRow = ResultOf<typeof SchedulesQuery>['schedules']['edges'][number]['node'];

export const ScheduleQuery = graphql(
  `
  query Schedule($id: ID!) {
    schedule(id: $id) {
      ...ScheduleFields
      nextFireTimes(count: 5)
    }
  }
`,
  [ScheduleFields],
);

export const ScheduleFiresQuery = graphql(`
  query ScheduleFires($id: ID!, $filter: ScheduleFireFilter, $after: String) {
    schedule(id: $id) {
      id
      fires(filter: $filter, first: 50, after: $after) {
        edges {
          node {
            id
            fireAt
            settledAt
            outcome
            error
            missedCount
            missedUntil
            requestedBy
            run {
              id
              status
            }
            workflowRun {
              id
              status
            }
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  }
`);

/** One moment of a schedule and what became of it. */
export type ScheduleFire = ResultOf<typeof ScheduleFiresQuery>['schedule']['fires']['edges'][number]['node'];

/** When a cron expression or a moment would fire. */
export const PreviewScheduleQuery = graphql(`
  query PreviewSchedule($input: PreviewScheduleInput!) {
    previewSchedule(input: $input)
  }
`);

/** What a schedule can start. */
export const TargetsQuery = graphql(`
  query ScheduleTargets {
    jobs(first: 100) {
      edges {
        node {
          id
          name
          slug
        }
      }
    }
    workflows(first: 100) {
      edges {
        node {
          id
          name
          slug
        }
      }
    }
  }
`);

export const CreateScheduleMutation = graphql(
  `
  mutation CreateSchedule($input: CreateScheduleInput!) {
    createSchedule(input: $input) {
      ...ScheduleFields
    }
  }
`,
  [ScheduleFields],
);

export const UpdateScheduleMutation = graphql(
  `
  mutation UpdateSchedule($id: ID!, $input: UpdateScheduleInput!) {
    updateSchedule(id: $id, input: $input) {
      ...ScheduleFields
    }
  }
`,
  [ScheduleFields],
);

export const PauseScheduleMutation = graphql(`
  mutation PauseSchedule($id: ID!) {
    pauseSchedule(id: $id) {
      id
      status
    }
  }
`);

export const ResumeScheduleMutation = graphql(`
  mutation ResumeSchedule($id: ID!) {
    resumeSchedule(id: $id) {
      id
      status
    }
  }
`);

export const CancelScheduleMutation = graphql(`
  mutation CancelSchedule($id: ID!) {
    cancelSchedule(id: $id) {
      id
      status
    }
  }
`);

export const RunScheduleNowMutation = graphql(`
  mutation RunScheduleNow($id: ID!) {
    runScheduleNow(id: $id) {
      id
      outcome
      error
      runId
      workflowRunId
    }
  }
`);
