import type { VariablesOf } from '../api/graphql.ts';
import type { CreateScheduleMutation, Schedule } from './documents.ts';

type CreateInput = VariablesOf<typeof CreateScheduleMutation>['input'];

/** What the form holds: everything as it stands in its fields. */
export interface ScheduleForm {
  readonly name: string;
  /** `job:<id>` or `workflow:<id>`. */
  readonly target: string;
  readonly kind: 'cron' | 'once';
  readonly cron: string;
  readonly timezone: string;
  /** The viewer's local time as `datetime-local` writes it. */
  readonly runAt: string;
  readonly overlapPolicy: Schedule['overlapPolicy'];
  readonly catchUp: Schedule['catchUp'];
  /** JSON text; empty for none. */
  readonly payload: string;
}

/** An empty form: each working day at nine, in the viewer's zone. */
export function newForm(): ScheduleForm {
  const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return {
    name: '',
    target: '',
    kind: 'cron',
    cron: '0 9 * * 1-5',
    timezone,
    runAt: '',
    overlapPolicy: 'ALLOW',
    catchUp: 'SKIP',
    payload: '',
  };
}

/** The form of a schedule that is there. */
export function formOf(schedule: Schedule): ScheduleForm {
  return {
    name: schedule.name,
    target: schedule.job ? `job:${schedule.job.id}` : `workflow:${schedule.workflow?.id ?? ''}`,
    kind: schedule.cron === null ? 'once' : 'cron',
    cron: schedule.cron ?? '',
    timezone: schedule.timezone,
    runAt: schedule.runAt ? toLocal(schedule.runAt) : '',
    overlapPolicy: schedule.overlapPolicy,
    catchUp: schedule.catchUp,
    payload: schedule.payload === null ? '' : JSON.stringify(schedule.payload, null, 2),
  };
}

/** What `datetime-local` shows for an instant: local time without a zone. */
function toLocal(instant: string): string {
  const at = new Date(instant);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The instant of a local time; empty while it is incomplete. */
export function toInstant(local: string): string {
  const at = new Date(local);
  return Number.isNaN(at.getTime()) ? '' : at.toISOString();
}

/** What can be changed of a schedule, as the API takes it. Throws in words when the payload is no JSON. */
export function toInput(form: ScheduleForm): Omit<CreateInput, 'job' | 'workflow'> {
  return {
    name: form.name.trim(),
    ...(form.kind === 'cron' ? { cron: form.cron.trim(), timezone: form.timezone.trim() } : { runAt: toInstant(form.runAt) }),
    overlapPolicy: form.overlapPolicy,
    catchUp: form.catchUp,
    ...(form.payload.trim() !== '' && { payload: parsePayload(form.payload) }),
  };
}

/** As {@link toInput}, of a schedule that is there: the API keeps what is left out, so that an empty payload is sent as an empty object. */
export function toChange(form: ScheduleForm, { payload }: Pick<Schedule, 'payload'>): Omit<CreateInput, 'job' | 'workflow'> {
  return { ...(payload !== null && { payload: {} }), ...toInput(form) };
}

/** What it starts, as the API takes it. */
export function toTarget(form: ScheduleForm): Pick<CreateInput, 'job' | 'workflow'> {
  const [kind, id = ''] = form.target.split(':');
  return kind === 'workflow' ? { workflow: id } : { job: id };
}

function parsePayload(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`The payload is no JSON: ${error instanceof Error ? error.message : error}`);
  }
}
