const NUMBER = new Intl.NumberFormat();
const COMPACT = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 });
const PERCENT = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 });
const EXACT = new Intl.DateTimeFormat(undefined, {
  weekday: 'short',
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: 'numeric',
  minute: 'numeric',
  second: 'numeric',
  fractionalSecondDigits: 3,
  timeZoneName: 'short',
});
const MOMENT = new Intl.DateTimeFormat(undefined, {
  weekday: 'short',
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: 'numeric',
  minute: 'numeric',
  second: 'numeric',
  timeZoneName: 'short',
});
const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const CLOCK = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const DATE = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' });
const RELATIVE = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'short' });

const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const;

/** `12,345` in the viewer's way of writing. */
export const formatNumber = (value: number): string => NUMBER.format(value);

/** `12.3K`, where room is short. */
export const formatCompact = (value: number): string => COMPACT.format(value);

/** `0.125` is `12.5%`. */
export const formatPercent = (share: number): string => PERCENT.format(share);

/** The instant to the millisecond in the viewer's zone, which it names. */
export const formatExact = (instant: string): string => EXACT.format(new Date(instant));

/** The instant to the second in the viewer's zone, which it names, for what is planned. */
export const formatMoment = (instant: string): string => MOMENT.format(new Date(instant));

/** Day and time in a zone by its IANA name, which it names: `Mar 3, 2026, 9:00 AM in Europe/Berlin`; for a zone that this browser does not know, its name alone. */
export function formatInZone(instant: string, timeZone: string): string {
  try {
    const format = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short', timeZone });
    return `${format.format(new Date(instant))} in ${timeZone}`;
  } catch {
    return timeZone;
  }
}

/** The time of the day, to the second. */
export const formatTime = (instant: string): string => TIME.format(new Date(instant));

/** The time of the day, to the minute, for an axis. */
export const formatClock = (instant: string): string => CLOCK.format(new Date(instant));

/** The day, without its year, for an axis. */
export const formatDate = (instant: string): string => DATE.format(new Date(instant));

/** Day and time, to the minute. */
export const formatDay = (instant: string): string => DAY.format(new Date(instant));

/** `5 min. ago`, `in 2 hr.`; `now` is in milliseconds since the epoch. */
export function formatRelative(instant: string, now: number): string {
  const seconds = (new Date(instant).getTime() - now) / 1_000;
  const [unit, length] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? (['second', 1] as const);
  return RELATIVE.format(Math.trunc(seconds / length), unit);
}

/** A length of time in milliseconds: `340 ms`, `2.5 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1_000;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.floor(seconds)} s`;
  const whole = Math.floor(seconds);
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86_400) return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3_600)} h`;
}

/** A size in bytes: `512 B`, `1.4 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1_024 && unit < units.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** Millionths of a US dollar as dollars, with as many digits as say something. */
export function formatCost(microusd: number): string {
  const dollars = microusd / 1_000_000;
  return `$${dollars === 0 || dollars >= 1 ? dollars.toFixed(2) : dollars.toPrecision(2)}`;
}
