import { z } from 'zod';
import { toCamelKeys } from '../names.ts';
import { projectParam, requireOwnProject } from '../own-project.ts';
import { limitParam, nextOf, opaqueCursorParam, type Page, rowsOf } from '../paging.ts';
import { defineRoute, gql, type Route } from '../route.ts';
import { newScheduleBody, scheduleChangesBody } from './schedule-bodies.ts';
import {
  enumOfStatus,
  printSchedule,
  SCHEDULE,
  SCHEDULE_FIRE,
  SCHEDULE_STATUSES,
  type ScheduleV1,
  scheduleFireSchema,
  scheduleSchema,
} from './schedule-schema.ts';

const params = z.strictObject({ id: z.string().describe('Id or slug of the schedule.') });
const WRITE = 'Requires the scope `jobs:write`, or `workflows:write` for one of a workflow.';
const BAD_TIMING = 'A field is invalid: a cron expression that never fires, an unknown time zone, a moment in the past.';

/** A row for something that is done to a schedule as a whole. */
function operation(
  verb: 'pause' | 'resume' | 'cancel',
  { summary, description, conflict }: { readonly summary: string; readonly description: string; readonly conflict: string },
): Route {
  const name = `${verb}Schedule`;
  return defineRoute({
    operationId: name,
    method: 'POST',
    path: `/v1/schedules/{id}/${verb}`,
    tag: 'Schedules',
    summary,
    description: `${description} ${WRITE}`,
    auth: 'key',
    params,
    document: DOCUMENTS[verb],
    variables: ({ params }) => ({ id: params.id }),
    response: scheduleSchema,
    project: ({ schedule }: { schedule: ScheduleV1 }) => printSchedule(schedule),
    errors: { CONFLICT: conflict },
  });
}

const DOCUMENTS = {
  pause: gql`mutation pauseSchedule($id: ID!) { schedule: pauseSchedule(id: $id) { ...ScheduleV1 } } ${SCHEDULE}`,
  resume: gql`mutation resumeSchedule($id: ID!) { schedule: resumeSchedule(id: $id) { ...ScheduleV1 } } ${SCHEDULE}`,
  cancel: gql`mutation cancelSchedule($id: ID!) { schedule: cancelSchedule(id: $id) { ...ScheduleV1 } } ${SCHEDULE}`,
};

/** `/v1/schedules`. */
export const scheduleRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'createSchedule',
    method: 'POST',
    path: '/v1/schedules',
    tag: 'Schedules',
    summary: 'Create a schedule',
    description: `Creates a schedule of a job or a workflow, active at once. ${WRITE}`,
    auth: 'key',
    body: newScheduleBody,
    document: gql`mutation createSchedule($input: CreateScheduleInput!) {
      schedule: createSchedule(input: $input) { ...ScheduleV1 }
    } ${SCHEDULE}`,
    variables: ({ body: { job_id: job, workflow_id: workflow, ...body } }) => ({
      input: { ...toCamelKeys(body), job, workflow },
    }),
    response: scheduleSchema,
    project: ({ schedule }: { schedule: ScheduleV1 }) => printSchedule(schedule),
    status: 201,
    errors: {
      BAD_REQUEST: BAD_TIMING,
      NOT_FOUND: 'The project is not that of the key, or there is no such job or workflow.',
      CONFLICT: 'The slug is taken, or the project has as many schedules as it may.',
    },
  }),
  defineRoute({
    operationId: 'listSchedules',
    method: 'GET',
    path: '/v1/schedules',
    tag: 'Schedules',
    summary: 'List schedules',
    description:
      'Lists the schedules of the project, newest first: those of jobs with the scope `jobs:read`, those of workflows with `workflows:read`.',
    auth: 'key',
    query: z.strictObject({
      project_id: projectParam,
      status: z.enum(SCHEDULE_STATUSES).optional().describe('Only those that stand there.'),
      job_id: z.string().min(1).max(128).optional().describe('Only those of this job, by its id or slug.'),
      workflow_id: z.string().min(1).max(128).optional().describe('Only those of this workflow, by its id or slug.'),
      limit: limitParam,
      cursor: opaqueCursorParam.optional(),
    }),
    document: gql`query listSchedules($filter: ScheduleFilter!, $first: Int, $after: String) {
      schedules(filter: $filter, first: $first, after: $after) {
        edges { node { ...ScheduleV1 } } pageInfo { hasNextPage endCursor }
      }
    } ${SCHEDULE}`,
    variables: ({ query: { project_id, status, job_id: job, workflow_id: workflow, limit, cursor }, actorProjectId }) => {
      requireOwnProject(project_id, actorProjectId);
      return { filter: { status: status && [enumOfStatus(status)], job, workflow }, first: limit, after: cursor };
    },
    response: z.array(scheduleSchema),
    project: ({ schedules }: { schedules: Page<ScheduleV1> }) => rowsOf(schedules).map(printSchedule),
    nextCursor: ({ schedules }) => nextOf(schedules),
    errors: { NOT_FOUND: 'The project is not that of the key.' },
  }),
  defineRoute({
    operationId: 'getSchedule',
    method: 'GET',
    path: '/v1/schedules/{id}',
    tag: 'Schedules',
    summary: 'Get a schedule',
    description: 'Answers a schedule. Requires the scope `jobs:read`, or `workflows:read` for one of a workflow.',
    auth: 'key',
    params,
    document: gql`query getSchedule($id: ID!) { schedule(id: $id) { ...ScheduleV1 } } ${SCHEDULE}`,
    variables: ({ params }) => ({ id: params.id }),
    response: scheduleSchema,
    project: ({ schedule }: { schedule: ScheduleV1 }) => printSchedule(schedule),
  }),
  defineRoute({
    operationId: 'updateSchedule',
    method: 'PATCH',
    path: '/v1/schedules/{id}',
    tag: 'Schedules',
    summary: 'Change a schedule',
    description: `Changes a schedule; what the body leaves out stays, and new times count from now. ${WRITE}`,
    auth: 'key',
    params,
    body: scheduleChangesBody,
    document: gql`mutation updateSchedule($id: ID!, $input: UpdateScheduleInput!) {
      schedule: updateSchedule(id: $id, input: $input) { ...ScheduleV1 }
    } ${SCHEDULE}`,
    variables: ({ params, body }) => ({ id: params.id, input: toCamelKeys(body) }),
    response: scheduleSchema,
    project: ({ schedule }: { schedule: ScheduleV1 }) => printSchedule(schedule),
    errors: { BAD_REQUEST: BAD_TIMING, CONFLICT: 'The schedule has ended, or the slug is taken.' },
  }),
  operation('pause', {
    summary: 'Pause a schedule',
    description: 'Lets the moments of a schedule pass by until it is resumed; they are not made up for.',
    conflict: 'The schedule is not active.',
  }),
  operation('resume', {
    summary: 'Resume a schedule',
    description: 'Lets a paused schedule go on from now.',
    conflict: 'The schedule is not paused, or its one moment has passed.',
  }),
  operation('cancel', {
    summary: 'Cancel a schedule',
    description: 'Ends a schedule for good; its runs go on. It can be looked at for 30 days.',
    conflict: 'The schedule has ended.',
  }),
  defineRoute({
    operationId: 'runScheduleNow',
    method: 'POST',
    path: '/v1/schedules/{id}/run-now',
    tag: 'Schedules',
    summary: 'Fire a schedule now',
    description:
      'Fires a schedule beside its own moments and under its overlap policy, one that is paused, too; answers what came of it. Requires the scope `jobs:trigger`, or `workflows:trigger` for one of a workflow.',
    auth: 'key',
    params,
    document: gql`mutation runScheduleNowV1($id: ID!) { fire: runScheduleNow(id: $id) { ...ScheduleFireV1 } } ${SCHEDULE_FIRE}`,
    variables: ({ params }) => ({ id: params.id }),
    response: scheduleFireSchema,
    project: ({ fire }: { fire: z.input<typeof scheduleFireSchema> }) => fire,
    status: 201,
    errors: { CONFLICT: 'The schedule has ended.' },
  }),
  defineRoute({
    operationId: 'deleteSchedule',
    method: 'DELETE',
    path: '/v1/schedules/{id}',
    tag: 'Schedules',
    summary: 'Delete a schedule',
    description: `Deletes a schedule with what is known of its moments; its runs stay. ${WRITE}`,
    auth: 'key',
    params,
    document: gql`mutation deleteSchedule($id: ID!) { deleteSchedule(id: $id) { id } }`,
    variables: ({ params }) => ({ id: params.id }),
    status: 204,
  }),
];
