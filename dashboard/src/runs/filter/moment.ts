/** A stretch of time with an open end on either side, in milliseconds since the epoch. */
export interface Span {
  readonly after?: number;
  readonly before?: number;
}

/** What cannot be understood, in words. */
export class Misread extends Error {}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;
/** The form is checked here and the rest left to Date: it would take `1` for the year 2001. */
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?$/i;
const EXAMPLES = '2h, 30m, 7d, 2026-01-31, 2026-01-31T12:00, each with < or > before it, or two of them as 2h..1h';

/**
 * Reads a stretch of time. `2h` and `>2h` are the last two hours, `<2h` all before them, `2026-01-31` is that day, `a..b` is from a to b. A
 * moment without a zone is one of the viewer's. Throws a {@link Misread}.
 */
export function readSpan(text: string, now: number): Span {
  const range = text.split('..');
  if (range.length === 2) {
    const [from = '', to = ''] = range;
    const span = { ...(from !== '' && { after: readMoment(from, now) }), ...(to !== '' && { before: endOf(to, now) }) };
    if (from === '' && to === '') throw new Misread(`needs a moment before or behind the two points: ${EXAMPLES}`);
    if (span.after !== undefined && span.before !== undefined && span.after >= span.before) {
      throw new Misread('ends before it begins: write the earlier moment first');
    }
    return span;
  }
  if (text.startsWith('<')) return { before: readMoment(text.slice(1), now) };
  if (text.startsWith('>')) return { after: readMoment(text.slice(1), now) };
  if (DAY.test(text)) return { after: readMoment(text, now), before: endOf(text, now) };
  return { after: readMoment(text, now) };
}

/** The end of a range: a day as an end is over when the day is. */
function endOf(text: string, now: number): number {
  const at = readMoment(text, now);
  if (!DAY.test(text)) return at;
  const next = new Date(at);
  next.setDate(next.getDate() + 1);
  return next.getTime();
}

function readMoment(text: string, now: number): number {
  if (text === 'now') return now;
  const [, amount, unit = ''] = /^(\d{1,6}(?:\.\d{1,3})?)([smhdw])$/.exec(text) ?? [];
  if (amount !== undefined) return now - Number(amount) * (UNIT_MS[unit] ?? 0);
  const [, year, month, day] = DAY.exec(text) ?? [];
  if (year !== undefined) {
    const date = new Date(Number(year), Number(month) - 1, Number(day));
    if (date.getMonth() === Number(month) - 1 && date.getDate() === Number(day)) return date.getTime();
  }
  const at = INSTANT.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) throw new Misread(`is no time: write ${EXAMPLES}`);
  return at;
}

/** A stretch between two moments as it is written, to the second where that is exact. */
export function writeSpan({ after, before }: Span): string {
  const write = (at: number) => new Date(at).toISOString().replace('.000Z', 'Z');
  if (after === undefined) return before === undefined ? '' : `<${write(before)}`;
  return before === undefined ? `>${write(after)}` : `${write(after)}..${write(before)}`;
}
