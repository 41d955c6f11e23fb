import { type CronSchedule, cronFault, parseCron, timezoneFault } from '../../core/cron.ts';
import { AppError } from '../../core/errors.ts';

/** When a schedule fires: a cron expression or a moment, and a time zone. */
export interface Timing {
  readonly cron: string | null;
  readonly runAt: Date | null;
  readonly timezone: string;
}

/**
 * The first moment after `now`. BAD_REQUEST for an expression that cannot be read or never fires, a zone that does not exist, and a
 * moment that does not lie ahead.
 */
export function firstFire({ cron, runAt, timezone }: Timing, now: Date): Date {
  const zone = timezoneFault(timezone);
  if (zone !== null) throw refused('timezone', zone);
  if (cron === null) {
    if (runAt === null) throw new Error('a schedule has a cron expression or a moment');
    if (runAt <= now) throw refused('run_at', 'must lie in the future');
    return runAt;
  }
  const fault = cronFault(cron, { timezone, now });
  if (fault !== null) throw refused('cron', fault);
  const first = parseCron(cron, { timezone, now }).nextAfter(now);
  if (first === null) throw refused('cron', 'never fires');
  return first;
}

/** The first `count` moments from `first` on, itself included. */
export function fireTimes({ cron, timezone }: Timing, first: Date, count: number): Date[] {
  if (cron === null || count <= 1) return [first].slice(0, count);
  return [first, ...parseCron(cron, { timezone, now: first }).nextTimes(first, count - 1)];
}

/** The expression of a stored schedule, made to be asked; null for a moment. Throws a `CronError` when it is not valid here. */
export function storedCron({ cron, timezone }: Timing, now: Date): CronSchedule | null {
  return cron === null ? null : parseCron(cron, { timezone, now });
}

function refused(field: string, message: string): AppError {
  return new AppError('BAD_REQUEST', `${field} ${message}`, { details: [{ path: field, message }] });
}
