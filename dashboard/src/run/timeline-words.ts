import { formatDuration, formatExact } from '../ui/format.ts';
import type { Bar, Mark } from './timeline-model.ts';

/** A bar in words: what, from when to when, how long. */
export function barWords({ label, from, to, isLive }: Bar): string {
  const end = isLive ? 'goes on' : `until ${exact(to)}`;
  return `${label} · ${formatDuration(to - from)} · from ${exact(from)}, ${end}`;
}

/** A mark in words: what and when. */
export function markWords({ label, at }: Mark): string {
  return `${label} · ${exact(at)}`;
}

/** A length since the trigger, as short as a scale needs it: `1 min` for `1 min 0 s`. */
export function tickWords(ms: number): string {
  const words = formatDuration(Math.abs(ms)).replace(/ 0 (s|min|h)$/, '');
  return ms < 0 ? `−${words}` : words;
}

/** An instant to the millisecond in the viewer's zone. */
export function exact(at: number): string {
  return formatExact(new Date(at).toISOString());
}
