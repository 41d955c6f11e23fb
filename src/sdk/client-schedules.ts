import { asRecord } from './http.ts';
import type { JobRef, PayloadInput } from './job.ts';
import type { Rest } from './rest.ts';
import { toCamelKeys, toSnakeKeys } from './wire-names.ts';

/** Rows of one page while schedules are listed. */
const PAGE = 100;

/** Where a schedule stands. */
export type ScheduleStatus = 'ACTIVE' | 'PAUSED' | 'COMPLETED' | 'CANCELLED';

/** How a schedule fires, whatever it triggers. */
export interface ScheduleSettings {
  /** For people; the slug, or what it triggers, by default. */
  readonly name?: string;
  /** Names the schedule within its project, in place of its id. */
  readonly slug?: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** What happens when a moment comes while the run of an earlier one is active; `allow` by default. */
  readonly overlapPolicy?: 'allow' | 'skip' | 'cancel_previous';
  /** Which moments fire that no server was there for; `skip` by default, `one` for a schedule of one moment. */
  readonly catchUp?: 'skip' | 'one' | 'all';
  /** For `all`: how many at most, 1 to 1,000. */
  readonly catchUpLimit?: number;
  /** Seconds a moment may be late without counting as missed, 60 by default. */
  readonly graceSecs?: number;
}

/** When it fires: a cron expression of five or six fields in an IANA time zone (`UTC` by default), or one moment. */
type Timing = { readonly cron: string; readonly timezone?: string } | { readonly runAt: Date | string };

/** What it triggers: a job, by its slug, id or a `job` that has a slug, or a workflow by slug or id. */
type Target<J extends JobRef | string> =
  | {
      readonly job: J;
      readonly payload: PayloadInput<J>;
      readonly metadata?: Readonly<Record<string, string>>;
      /** 0 (default) to 10, higher goes first. */
      readonly priority?: number;
      readonly concurrencyKey?: string;
    }
  | { readonly workflow: string; readonly payload?: unknown };

/** What a schedule is made from. */
export type NewSchedule<J extends JobRef | string = string> = ScheduleSettings & Timing & Target<J>;

/** A schedule as Baton has it. */
export interface Schedule {
  readonly id: string;
  readonly projectId: string;
  readonly slug: string | null;
  readonly name: string;
  readonly status: ScheduleStatus;
  /** What it triggers; one of the two is null. */
  readonly jobId: string | null;
  readonly workflowId: string | null;
  readonly cron: string | null;
  readonly runAt: string | null;
  readonly timezone: string;
  /** RFC 3339, like every time; null unless it is active. */
  readonly nextExecutionAt: string | null;
  readonly lastExecutedAt: string | null;
  /** How many moments it has fired for, and missed. */
  readonly fireCount: number;
  readonly missedCount: number;
  /** Every other field, in camelCase. */
  readonly [field: string]: unknown;
}

/** One moment of a schedule, and what came of it. */
export interface ScheduleFire {
  readonly id: string;
  readonly scheduleId: string;
  readonly fireAt: string;
  readonly outcome: 'pending' | 'started' | 'skipped_overlap' | 'missed' | 'failed';
  /** The run it has made, for `client.runs`; null when it has made none. */
  readonly runId: string | null;
  readonly workflowRunId: string | null;
  /** Why it made no run. */
  readonly error: string | null;
}

/** Which schedules to list; all conditions must hold. */
export interface ListSchedulesOptions {
  readonly status?: ScheduleStatus;
  /** Id or slug of what they trigger. */
  readonly job?: string;
  readonly workflow?: string;
}

/** Schedules of one project, each named by its id or slug. */
export interface SchedulesClient {
  /** Creates a schedule, active at once. Throws with the status 409 when its slug is taken. */
  create<J extends JobRef | string>(schedule: NewSchedule<J>): Promise<Schedule>;
  get(schedule: string): Promise<Schedule>;
  /** Every schedule that is meant, newest first, read page by page as the loop goes on. */
  list(options?: ListSchedulesOptions): AsyncGenerator<Schedule, void, undefined>;
  /** Lets its moments pass by until it is resumed. Throws unless it is active. */
  pause(schedule: string): Promise<Schedule>;
  /** Lets it go on from now. Throws unless it is paused. */
  resume(schedule: string): Promise<Schedule>;
  /** Fires it now, beside its own moments and under its overlap policy, paused or not. Throws when it has ended. */
  runNow(schedule: string): Promise<ScheduleFire>;
  /** Ends it for good; its runs go on. Throws when it has ended. */
  cancel(schedule: string): Promise<Schedule>;
}

/** Makes the client for the schedules of `projectId`. */
export function makeSchedulesClient(rest: Rest, projectId: string): SchedulesClient {
  const pathOf = (schedule: string, verb = '') => `/v1/schedules/${encodeURIComponent(schedule)}${verb}`;
  const operation = (verb: string) => async (schedule: string) =>
    toSchedule(await rest.once({ method: 'POST', path: pathOf(schedule, verb) }));
  return {
    async create(schedule) {
      return toSchedule(await rest.once({ method: 'POST', path: '/v1/schedules', json: newScheduleJson(projectId, schedule) }));
    },
    get: async (schedule) => toSchedule(await rest.repeatable({ method: 'GET', path: pathOf(schedule) })),
    async *list({ status, job, workflow } = {}) {
      const query = new URLSearchParams({
        project_id: projectId,
        limit: String(PAGE),
        ...(status !== undefined && { status }),
        ...(job !== undefined && { job_id: job }),
        ...(workflow !== undefined && { workflow_id: workflow }),
      });
      for await (const row of rest.rows(`/v1/schedules?${query}`)) yield toSchedule(row);
    },
    pause: operation('/pause'),
    resume: operation('/resume'),
    cancel: operation('/cancel'),
    async runNow(schedule) {
      const row = await rest.once({ method: 'POST', path: pathOf(schedule, '/run-now') });
      // Baton's own answer, described by its OpenAPI document.
      return toCamelKeys(asRecord(row)) as unknown as ScheduleFire;
    },
  };
}

function newScheduleJson<J extends JobRef | string>(projectId: string, schedule: NewSchedule<J>): string {
  const { job, workflow, runAt, payload, ...settings } = { job: undefined, workflow: undefined, runAt: undefined, ...schedule };
  const job_id = job === undefined || typeof job === 'string' ? job : job.slug;
  const run_at = runAt instanceof Date ? runAt.toISOString() : runAt;
  const name = settings.slug ?? job_id ?? workflow;
  // JSON leaves out what is undefined; what the payload holds is the caller's, and its names stay.
  return JSON.stringify({
    project_id: projectId,
    name,
    ...toSnakeKeys(settings),
    job_id,
    workflow_id: workflow,
    run_at,
    payload,
  });
}

function toSchedule(row: unknown): Schedule {
  // Baton's own answer, described by its OpenAPI document; checking it field by field would refuse newer servers.
  return toCamelKeys(asRecord(row)) as unknown as Schedule;
}
