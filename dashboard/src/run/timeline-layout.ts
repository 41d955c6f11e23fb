import { type Span, ticksOf, toPixel } from './time-axis.ts';
import type { Bar, Lane, Mark, Timeline } from './timeline-model.ts';

/** Something shorter than this could not be seen or pointed at. */
const LEAST_WIDTH = 4;
/** Room that the words of a tick need. */
const TICK_WIDTH = 84;

/** A bar in pixels. */
export interface PlacedBar {
  readonly bar: Bar;
  readonly x: number;
  readonly width: number;
}

/** A mark in pixels. */
export interface PlacedMark {
  readonly mark: Mark;
  readonly x: number;
}

/** A lane with what is in view. */
export interface PlacedLane {
  readonly lane: Lane;
  readonly bars: readonly PlacedBar[];
  readonly marks: readonly PlacedMark[];
}

/** A timeline in pixels. */
export interface TimelineLayout {
  readonly lanes: readonly PlacedLane[];
  /** Where the scale has its marks; `ms` is the length since the beginning of the run. */
  readonly ticks: readonly { readonly x: number; readonly ms: number }[];
}

/** Places what lies within `view` on a scale `width` pixels wide; lanes stay when nothing of them is in view, so that none jumps. */
export function layoutTimeline({ lanes, own }: Timeline, view: Span, width: number): TimelineLayout {
  return {
    lanes: lanes.map((lane) => ({
      lane,
      bars: lane.bars.filter((bar) => bar.to >= view.from && bar.from <= view.to).map((bar) => placeBar(bar, view, width)),
      marks: lane.marks
        .filter(({ at }) => at >= view.from && at <= view.to)
        .map((mark) => ({ mark, x: toPixel(mark.at, view, width) })),
    })),
    ticks: ticksOf(view, own.from, Math.max(1, Math.floor(width / TICK_WIDTH))).map((ms) => ({
      ms,
      x: toPixel(own.from + ms, view, width),
    })),
  };
}

function placeBar(bar: Bar, view: Span, width: number): PlacedBar {
  const left = Math.max(0, toPixel(bar.from, view, width));
  const right = Math.min(width, toPixel(bar.to, view, width));
  const wide = Math.max(LEAST_WIDTH, right - left);
  return { bar, x: Math.min(left, Math.max(0, width - wide)), width: wide };
}
