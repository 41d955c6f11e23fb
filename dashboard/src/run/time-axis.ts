/** A part of time, in milliseconds since the epoch. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Distances between ticks that people count in. */
const STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR),
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000].map((count) => count * DAY),
];

/** Shorter than this nothing can be told apart: instants are known to the millisecond. */
export const SHORTEST_MS = 10;

/** Where a scale has its marks: lengths since `origin`, in round steps, at most `most` of them within `view`. */
export function ticksOf(view: Span, origin: number, most: number): readonly number[] {
  const length = view.to - view.from;
  const step = STEPS.find((candidate) => length / candidate <= most) ?? length;
  if (step <= 0) return [];
  const ticks: number[] = [];
  for (let tick = Math.ceil((view.from - origin) / step) * step; origin + tick <= view.to; tick += step) ticks.push(tick);
  return ticks;
}

/** The pixel of an instant on a scale `width` pixels wide. */
export function toPixel(at: number, view: Span, width: number): number {
  return ((at - view.from) / (view.to - view.from)) * width;
}

/** The instant at a pixel. */
export function toInstant(pixel: number, view: Span, width: number): number {
  return view.from + (pixel / width) * (view.to - view.from);
}

/** The part of time between two instants in either order: within `bounds`, and not shorter than can be told apart. */
export function spanBetween(one: number, other: number, bounds: Span): Span {
  const middle = (one + other) / 2;
  const half = Math.max(Math.abs(one - other), SHORTEST_MS) / 2;
  return clamp({ from: middle - half, to: middle + half }, bounds);
}

/** Shows `factor` times as much time around the middle: below 1 is closer. */
export function zoom(view: Span, factor: number, bounds: Span): Span {
  const middle = (view.from + view.to) / 2;
  const half = ((view.to - view.from) / 2) * factor;
  return spanBetween(middle - half, middle + half, bounds);
}

/** Moves the view by a share of its length; it stops at the bounds. */
export function pan(view: Span, share: number, bounds: Span): Span {
  const by = (view.to - view.from) * share;
  return clamp({ from: view.from + by, to: view.to + by }, bounds);
}

function clamp(view: Span, bounds: Span): Span {
  const length = Math.min(view.to - view.from, bounds.to - bounds.from);
  const from = Math.min(Math.max(view.from, bounds.from), bounds.to - length);
  return { from, to: from + length };
}
