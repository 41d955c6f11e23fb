const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?:Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/i;

/** Years outside of this range are typing errors in a job system, and beyond it dates have other forms. */
const MIN_YEAR = 1970;
const MAX_YEAR = 9999;

/**
 * Reads an RFC 3339 date-time, which always has seconds and a zone; fractions are cut to milliseconds. Null for anything else: another
 * form, a day that its month does not have, a year outside 1970 to 9999.
 */
export function parseDateTime(text: string): Date | null {
  const parts = RFC3339.exec(text);
  if (!parts) return null;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  // Date.parse takes February 30 for March 1; reading the calendar date back tells the two apart.
  const calendar = new Date(Date.UTC(year, month - 1, day));
  const exists = calendar.getUTCMonth() === month - 1 && calendar.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  if (!exists || year < MIN_YEAR || year > MAX_YEAR) return null;
  return new Date(text.toUpperCase());
}

/** Writes an instant in RFC 3339, UTC: a Date to the millisecond, a bigint of microseconds since 1970 to the microsecond. */
export function formatDateTime(instant: Date | bigint): string {
  if (typeof instant !== 'bigint') return instant.toISOString();
  const micros = (instant % 1_000n).toString().padStart(3, '0');
  return new Date(Number(instant / 1_000n)).toISOString().replace('Z', `${micros}Z`);
}
