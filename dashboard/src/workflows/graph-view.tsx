import { useMemo } from 'react';
import { ScrollRegion } from '../ui/scroll-region.tsx';
import { statusWords, type Tone, toneOf } from '../ui/status-badge.tsx';
import { NODE, place } from './graph-layout.ts';

/** A step as the graph draws it. */
export interface GraphStep {
  readonly ref: string;
  readonly name: string;
  /** What it is: `JOB`, `APPROVAL`, … */
  readonly kind: string;
  /** How it stands; null in a definition. */
  readonly status: string | null;
  /** A few words more: `7 of 12`, `waits for a decision`. */
  readonly note: string | null;
}

interface GraphViewProps {
  readonly label: string;
  readonly steps: readonly GraphStep[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
  readonly selected: string | null;
  readonly onSelect: (ref: string) => void;
}

const BORDERS: Readonly<Record<Tone, string>> = {
  ok: 'border-ok',
  bad: 'border-bad',
  warn: 'border-warn',
  info: 'border-line',
  accent: 'border-accent',
  idle: 'border-line border-dashed',
};
const DOTS: Readonly<Record<Tone, string>> = {
  ok: 'bg-ok',
  bad: 'bg-bad',
  warn: 'bg-warn',
  info: 'bg-info',
  accent: 'bg-accent animate-pulse',
  idle: 'bg-idle',
};

/** A workflow as a graph, steps in the order they can be reached: each is a button, so that the keyboard walks along the way of the work. */
export function GraphView({ label, steps, edges, selected, onSelect }: GraphViewProps) {
  // Only the shape is laid out: a change of a status moves nothing.
  const shape = JSON.stringify([steps.map(({ ref }) => ref), edges]);
  const placement = useMemo(() => {
    const [refs, lines] = JSON.parse(shape) as [string[], { from: string; to: string }[]];
    return place(refs, lines);
  }, [shape]);
  const byRef = new Map(steps.map((step) => [step.ref, step]));
  const inOrder = [...placement.nodes].sort((a, b) => a.x - b.x || a.y - b.y);
  return (
    <ScrollRegion label={label} className="rounded-xl border bg-surface">
      <div className="relative mx-auto" style={{ width: placement.width, height: placement.height }}>
        <svg aria-hidden="true" className="absolute inset-0" width={placement.width} height={placement.height}>
          <defs>
            <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
              <path d="M0 0 L8 4 L0 8 z" className="fill-muted" />
            </marker>
          </defs>
          {placement.edges.map(({ from, to, points }) => (
            <path
              key={`${from} ${to}`}
              d={curve(points)}
              markerEnd="url(#arrow)"
              className={`fill-none stroke-muted ${isQuiet(byRef.get(from)) || isQuiet(byRef.get(to)) ? 'opacity-40' : ''}`}
            />
          ))}
        </svg>
        {inOrder.map(({ ref, x, y }) => {
          const step = byRef.get(ref);
          if (!step) return null;
          const tone = step.status === null ? 'info' : toneOf(step.status);
          const state = step.status === null ? '' : `, ${statusWords(step.status)}`;
          return (
            <button
              key={ref}
              type="button"
              aria-label={`${step.name}, ${statusWords(step.kind)}${state}${step.note ? `, ${step.note}` : ''}`}
              aria-pressed={ref === selected}
              onClick={() => onSelect(ref)}
              className={`absolute overflow-hidden rounded-lg border-2 bg-raised px-2.5 py-1.5 text-left ${BORDERS[tone]} ${ref === selected ? 'ring-2 ring-accent ring-offset-1 ring-offset-surface' : ''}`}
              style={{ left: x - NODE.width / 2, top: y - NODE.height / 2, width: NODE.width, height: NODE.height }}
            >
              <span className="flex items-center gap-1.5">
                {step.status === null ? null : <span aria-hidden className={`size-2 shrink-0 rounded-full ${DOTS[tone]}`} />}
                <span className="truncate font-medium">{step.name}</span>
              </span>
              <span className="block truncate text-xs text-muted">
                {statusWords(step.kind)}
                {step.note ? ` · ${step.note}` : ''}
              </span>
            </button>
          );
        })}
      </div>
    </ScrollRegion>
  );
}

/** A branch that was not taken steps back. */
function isQuiet(step: GraphStep | undefined): boolean {
  return step?.status === 'SKIPPED' || step?.status === 'CANCELED';
}

/** A smooth line through the points: half way between two of them it runs straight, at each it bends. */
function curve(points: readonly { readonly x: number; readonly y: number }[]): string {
  const [first, ...rest] = points;
  const last = rest.at(-1);
  if (!first || !last) return '';
  const bends = rest.slice(0, -1).map((point, index) => {
    const next = rest[index + 1] ?? last;
    return `Q ${point.x} ${point.y} ${(point.x + next.x) / 2} ${(point.y + next.y) / 2}`;
  });
  return [`M ${first.x} ${first.y}`, ...bends, `L ${last.x} ${last.y}`].join(' ');
}
