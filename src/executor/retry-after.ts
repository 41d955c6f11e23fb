const SECOND = 1_000;
/** However long an executor asks us to stay away, we try again after this. */
const MAX_RETRY_AFTER_MS = 3_600 * SECOND;

/**
 * Milliseconds to wait by a `Retry-After` header, in either of its forms (seconds, HTTP date), from 0 to `maxMs`, one hour unless given;
 * null when it is in neither.
 */
export function parseRetryAfter(value: string, nowMs: number, maxMs = MAX_RETRY_AFTER_MS): number | null {
  const text = value.trim();
  const waitMs = /^\d+$/.test(text) ? Number(text) * SECOND : HTTP_DATE.test(text) ? Date.parse(text) - nowMs : Number.NaN;
  return Number.isNaN(waitMs) ? null : Math.min(Math.max(waitMs, 0), maxMs);
}

/** The one form of date that RFC 9110 still lets a server send; Date.parse alone would read a bare number as a year. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
