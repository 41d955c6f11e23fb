import { type FocusEvent, type KeyboardEvent, useRef } from 'react';
import type { Tone } from '../ui/status-badge.tsx';
import type { PlacedBar, PlacedMark, TimelineLayout } from './timeline-layout.ts';
import type { TimelineView } from './timeline-view.ts';
import { barWords, markWords, tickWords } from './timeline-words.ts';

/** Height of a lane, which its label beside the plot shares. */
export const LANE_HEIGHT = 26;
/** Height of the scale. */
export const AXIS_HEIGHT = 24;

const FILLS: Readonly<Record<Tone, string>> = {
  ok: 'fill-ok stroke-ok',
  bad: 'fill-bad stroke-bad',
  warn: 'fill-warn stroke-warn',
  info: 'fill-info stroke-info',
  accent: 'fill-accent stroke-accent',
  idle: 'fill-idle stroke-idle',
};

interface TimelinePlotProps {
  readonly layout: TimelineLayout;
  readonly width: number;
  readonly view: TimelineView;
  /** What the pointer or the focus is on, in words; null for nothing. */
  readonly onPoint: (words: string | null) => void;
}

/** The bars of a timeline on their scale. Each can be pointed at and focused; the arrow keys go from one to the next. */
export function TimelinePlot({ layout, width, view, onPoint }: TimelinePlotProps) {
  const plot = useRef<SVGSVGElement>(null);
  const height = AXIS_HEIGHT + layout.lanes.length * LANE_HEIGHT;

  function move(event: KeyboardEvent<SVGSVGElement>): void {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const things = [...(plot.current?.querySelectorAll<SVGElement>('[data-thing]') ?? [])];
    const at = things.indexOf(document.activeElement as SVGElement);
    if (step === undefined) {
      view.onKeyDown(event);
      return;
    }
    event.preventDefault();
    things[(at + step + things.length) % things.length]?.focus();
  }

  const focusable = (words: string, isFirst: boolean) => ({
    'data-thing': '',
    role: 'img',
    'aria-label': words,
    tabIndex: isFirst ? 0 : -1,
    onFocus: (event: FocusEvent<SVGElement>) => {
      event.currentTarget.scrollIntoView({ block: 'nearest' });
      onPoint(words);
    },
    onBlur: () => onPoint(null),
    onPointerEnter: () => onPoint(words),
    onPointerLeave: () => onPoint(null),
  });
  const first = layout.lanes.flatMap(({ bars, marks }) => [
    ...bars.map(({ bar }) => bar.id),
    ...marks.map(({ mark }) => mark.id),
  ])[0];

  return (
    // biome-ignore lint/a11y/useSemanticElements: there is no other element for a group of drawn things.
    <svg
      ref={plot}
      role="group"
      aria-label="Timeline: arrow keys go from bar to bar, plus and minus zoom, zero shows everything"
      width={width}
      height={height}
      className="block cursor-crosshair touch-pan-y select-none"
      onKeyDown={move}
      {...view.pointer}
      onDoubleClick={() => view.set(null)}
    >
      {layout.ticks.map(({ x, ms }) => (
        <g key={ms} aria-hidden>
          <line x1={x} x2={x} y1={AXIS_HEIGHT - 4} y2={height} className="stroke-line" />
          <text x={x} y={14} textAnchor={anchorOf(x, width)} className="fill-muted text-[11px]">
            {tickWords(ms)}
          </text>
        </g>
      ))}
      {layout.lanes.map(({ lane, bars, marks }, index) => (
        <g key={lane.id} transform={`translate(0 ${AXIS_HEIGHT + index * LANE_HEIGHT})`}>
          {bars.map((placed) => (
            <BarShape key={placed.bar.id} placed={placed} {...focusable(barWords(placed.bar), placed.bar.id === first)} />
          ))}
          {marks.map((placed) => (
            <MarkShape key={placed.mark.id} placed={placed} {...focusable(markWords(placed.mark), placed.mark.id === first)} />
          ))}
        </g>
      ))}
      {view.brush ? (
        <rect aria-hidden x={view.brush.x} width={view.brush.width} y={0} height={height} className="fill-accent opacity-20" />
      ) : null}
    </svg>
  );
}

/** Words at the edges stay within. */
function anchorOf(x: number, width: number): 'start' | 'middle' | 'end' {
  if (x < 24) return 'start';
  return x > width - 28 ? 'end' : 'middle';
}

function BarShape({ placed: { bar, x, width }, ...focusable }: { readonly placed: PlacedBar }) {
  return (
    <rect
      {...focusable}
      x={x}
      width={width}
      y={5}
      height={LANE_HEIGHT - 10}
      rx={3}
      className={`${FILLS[bar.tone]} outline-offset-1 hover:opacity-80 ${bar.isFaint ? '[fill-opacity:0.3]' : '[stroke-width:0]'} ${bar.isLive ? 'animate-pulse' : ''}`}
    />
  );
}

function MarkShape({ placed: { mark, x }, ...focusable }: { readonly placed: PlacedMark }) {
  const middle = LANE_HEIGHT / 2;
  return (
    <path
      {...focusable}
      d={`M${x} ${middle - 6} l6 6 l-6 6 l-6 -6 z`}
      className={`${FILLS[mark.tone]} outline-offset-1 [stroke-width:0] hover:opacity-80`}
    />
  );
}
