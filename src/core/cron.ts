import { Cron } from 'croner';

/** Longest expression that is looked at. */
export const MAX_CRON_LENGTH = 256;

/** More moments are not worked out at once. */
const MAX_NEXT = 1_000;

const MINUTE_MS = 60_000;

/**
 * A cron expression in a time zone: five fields (minute, hour, day of month, month, day of week), or six with the second in front; also
 * names (`MON-FRI`, `JAN`), `L`, `W`, `#` and nicknames such as `@daily`. When both days are restricted, either one matching is enough.
 *
 * Where clocks change, an expression that names one time of day fires once on each day: at the first moment after a gap that swallows
 * it, and at the first of two moments with the same name. Any other expression follows the clock: nothing happens in a gap, and a
 * repeated hour counts twice. This file reads no clock; every question brings its moment.
 */
export interface CronSchedule {
  readonly expression: string;
  /** IANA name. */
  readonly timezone: string;
  /** True for six fields: it tells seconds apart, where five fields mean whole minutes. */
  readonly hasSeconds: boolean;
  /** The first moment after `moment`, never `moment` itself; null when there is none any more. */
  nextAfter(moment: Date): Date | null;
  /** The first `count` moments after `moment`, at most 1,000. */
  nextTimes(moment: Date, count: number): Date[];
  /** The last moment before `moment`, never `moment` itself; null when there is none. */
  previousBefore(moment: Date): Date | null;
  /** True when `moment` lies in a minute (with six fields: a second) that the expression names. */
  includes(moment: Date): boolean;
}

/** Thrown by {@link parseCron} with what is wrong, in words that follow the name of the field. */
export class CronError extends Error {
  override readonly name = 'CronError';
  /** Which of the two is at fault. */
  readonly about: 'expression' | 'timezone';

  constructor(about: 'expression' | 'timezone', message: string, options?: ErrorOptions) {
    super(message, options);
    this.about = about;
  }
}

/**
 * Reads a cron expression; throws a {@link CronError} for one that cannot be read, for an unknown zone, and for one that never fires
 * after `now` (February 30th).
 */
export function parseCron(
  expression: string,
  { timezone, now }: { readonly timezone: string; readonly now: Date },
): CronSchedule {
  const fault = timezoneFault(timezone);
  if (fault !== null) throw new CronError('timezone', fault);
  const cron = compile(expression, timezone);
  if (cron.nextRun(now) === null) throw new CronError('expression', 'never fires: no day of any year matches it');
  const hasSeconds = expression.trim().split(/\s+/).length === 6;
  return {
    expression,
    timezone,
    hasSeconds,
    nextAfter: (moment) => cron.nextRun(moment),
    nextTimes: (moment, count) => cron.nextRuns(Math.min(Math.max(Math.trunc(count), 0), MAX_NEXT), moment),
    previousBefore: (moment) => cron.previousRuns(1, moment)[0] ?? null,
    includes: (moment) => cron.match(hasSeconds ? moment : startOfMinute(moment)),
  };
}

/** What is wrong with a cron expression, in words that follow the name of its field; null for a sound one. */
export function cronFault(expression: string, at: { readonly timezone: string; readonly now: Date }): string | null {
  try {
    parseCron(expression, at);
    return null;
  } catch (error) {
    if (error instanceof CronError && error.about === 'expression') return error.message;
    if (error instanceof CronError) return null;
    throw error;
  }
}

/** Offsets and abbreviations are accepted by some runtimes and not by others, and know nothing of clock changes. */
const ZONE_NAME = /^(UTC|[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)+)$/;

/** What is wrong with the name of a time zone, in words that follow the name of its field; null for a sound one. */
export function timezoneFault(timezone: string): string | null {
  const words = 'must be a time zone of the IANA database, "Europe/Berlin" for instance, or "UTC"';
  if (!ZONE_NAME.test(timezone)) return words;
  try {
    new Intl.DateTimeFormat('en', { timeZone: timezone });
    return null;
  } catch {
    return words;
  }
}

function compile(expression: string, timezone: string): Cron {
  if (expression.length > MAX_CRON_LENGTH) throw new CronError('expression', `must have at most ${MAX_CRON_LENGTH} characters`);
  try {
    return new Cron(expression, { mode: '5-or-6-parts', timezone, paused: true });
  } catch (error) {
    throw new CronError('expression', `is no cron expression of five or six fields: ${reason(error)}`, { cause: error });
  }
}

/** The library's own words without the names of its classes; they quote a part of the expression at most. */
function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (/parts|configuration format/.test(message)) return 'it has another number of fields';
  return message.replace(/^Cron\w+: /, '').replace(/\.$/, '');
}

function startOfMinute(moment: Date): Date {
  return new Date(Math.floor(moment.getTime() / MINUTE_MS) * MINUTE_MS);
}
