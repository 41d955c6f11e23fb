import type { ContractCase } from './contract-cases.ts';
import { documentedShape } from './documented-shapes.ts';
import type { RestWorld } from './rest-world.ts';

const schedule = documentedShape('Schedule');
let slugs = 0;

/** Once a year: nothing fires while it is looked at. */
const wanted = (world: RestWorld) => ({
  project_id: 'default',
  name: 'Every year',
  slug: `yearly-${++slugs}`,
  job_id: world.job.slug,
  payload: { n: 1 },
  tags: { team: 'a' },
  metadata: { why: 'time' },
  priority: 1,
  concurrency_key: 'k',
  cron: '0 9 1 1 *',
  timezone: 'Europe/Berlin',
  overlap_policy: 'skip',
  catch_up: 'all',
  catch_up_limit: 10,
  grace_secs: 30,
});

async function made(world: RestWorld): Promise<{ id: string }> {
  const { id } = await world.done('POST', '/v1/schedules', { body: wanted(world) });
  return { id };
}

/** The routes of schedules, by operation id. */
export const scheduleCases: Readonly<Record<string, ContractCase>> = {
  createSchedule: { request: (world) => ({ body: wanted(world) }), status: 201, body: schedule, scope: 'jobs:write' },
  listSchedules: {
    request: async (world) => {
      await made(world);
      return { query: `project_id=default&status=ACTIVE&job_id=${world.job.slug}&limit=2` };
    },
    status: 200,
    body: [schedule],
    scope: null,
  },
  getSchedule: { request: made, status: 200, body: schedule, scope: 'jobs:read' },
  updateSchedule: {
    request: async (world) => ({ ...(await made(world)), body: { name: 'Another', cron: '0 10 1 1 *' } }),
    status: 200,
    body: schedule,
    scope: 'jobs:write',
  },
  pauseSchedule: { request: made, status: 200, body: schedule, scope: 'jobs:write' },
  resumeSchedule: {
    request: async (world) => {
      const { id } = await made(world);
      await world.done('POST', `/v1/schedules/${id}/pause`);
      return { id };
    },
    status: 200,
    body: schedule,
    scope: 'jobs:write',
  },
  cancelSchedule: { request: made, status: 200, body: schedule, scope: 'jobs:write' },
  runScheduleNow: {
    request: made,
    status: 201,
    body: documentedShape('ScheduleFire'),
    scope: 'jobs:trigger',
  },
  deleteSchedule: { request: made, status: 204, body: null, scope: 'jobs:write' },
};
