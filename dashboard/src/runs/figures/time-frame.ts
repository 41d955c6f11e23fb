import type { Conditions } from '../filter/fields.ts';

/** The stretch of time that a histogram shows, in milliseconds since the epoch. */
export interface TimeFrame {
  readonly from: number;
  readonly to: number;
}

/** What is shown of a list that goes back to the first run there was. */
export const USUAL_FRAME_MS = 86_400_000;

/** The time that a filter speaks of, seen from `now`; the last day of it where it has no beginning. */
export function frameOf({ createdAfter, createdBefore }: Conditions, now: number): TimeFrame {
  const to = createdBefore === undefined ? now : Date.parse(createdBefore);
  const from = createdAfter === undefined ? to - USUAL_FRAME_MS : Date.parse(createdAfter);
  // Somebody may have asked for what is still to come.
  return { from, to: Math.max(to, from + 1_000) };
}

/** Stretches a brushed time to the edges of the bars it touches, which are `stepSecs` wide; to whole seconds. */
export function snap(brushed: TimeFrame, frame: TimeFrame, stepSecs: number): TimeFrame {
  const step = stepSecs * 1_000;
  const from = frame.from + Math.floor(Math.max(0, brushed.from - frame.from) / step) * step;
  const to = frame.from + Math.ceil(Math.min(frame.to - frame.from, brushed.to - frame.from) / step) * step;
  return { from: Math.floor(from / 1_000) * 1_000, to: Math.ceil(to / 1_000) * 1_000 };
}
