import { defineRoute, gql, type Route } from '../route.ts';
import { printSchedule, SCHEDULE, type ScheduleV1, scheduleSchema } from '../v1/schedule-schema.ts';
import { BODY_LIMIT, launchParams, WAYS } from './launch.ts';
import { inputItem, jobOf, MAX_INPUT_BYTES, MAX_INPUTS, scheduledItems, scheduleOthers } from './launch-bodies.ts';

const SCHEDULED = gql`mutation scheduleAction($input: CreateBatchScheduleInput!) {
  schedule: createBatchSchedule(input: $input) { ...ScheduleV1 }
} ${SCHEDULE}`;

function scheduleRoute({ infix, suffix }: (typeof WAYS)[number]): Route {
  const operationId = `scheduleAction${suffix}`;
  return defineRoute({
    operationId,
    method: 'POST',
    path: `/v1/actions/{name}${infix}/schedule`,
    tag: 'Actions',
    summary: 'Schedule an action',
    description: [
      `Makes a schedule that runs an action on up to ${MAX_INPUTS} inputs whenever it fires: by \`cron\`, or once, at \`schedule_at\`. The inputs have at most 32 MB. One that breaks a rule refuses the whole.`,
      'The schedule is found under `/v1/schedules/{uid}`, what it has run under `/v1/runs?scheduled_run_uid={uid}`. Requires the scope `jobs:write`.',
    ].join('\n\n'),
    auth: 'key',
    errorStyle: 'actions',
    params: launchParams,
    bodyList: {
      field: 'inputs',
      element: inputItem,
      maxElements: MAX_INPUTS,
      maxElementBytes: MAX_INPUT_BYTES,
      describe: 'The inputs, each an object.',
      others: scheduleOthers,
    },
    bodyLimit: BODY_LIMIT,
    document: SCHEDULED,
    variables: ({ params, elements }) => ({ input: { job: jobOf(params), items: elements && scheduledItems(elements) } }),
    response: scheduleSchema,
    project: ({ schedule }: { schedule: ScheduleV1 }) => printSchedule(schedule),
    status: 201,
    errors: {
      BAD_REQUEST: 'A field or an input is invalid, the cron expression never fires, or the moment is past.',
      CONFLICT: 'The project has as many schedules, or bytes of inputs in them, as it may.',
      UNAVAILABLE: 'Too many large lists are being read at once.',
    },
  });
}

/** `/v1/actions/{name}/schedule`, with and without `/run`. */
export const actionScheduleRoutes: readonly Route[] = WAYS.map(scheduleRoute);
