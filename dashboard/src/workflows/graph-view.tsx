import { useEffect, useId, useMemo, useRef } from 'react';
import { ScrollRegion } from '../ui/scroll-region.tsx';
import { useElementWidth } from '../ui/use-element-width.ts';
import { place } from './graph-layout.ts';
import { GraphNode, type GraphStep } from './graph-node.tsx';
import { type Direction, type Edge, NODE, type Point } from './placement.ts';

interface GraphViewProps {
  readonly label: string;
  readonly steps: readonly GraphStep[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
  readonly selected: string | null;
  readonly onSelect: (ref: string) => void;
}

/** Below this width, in pixels, the graph leads down instead of to the right. */
const NARROW = 560;
/** How far a graph is made smaller to fit; below that nobody could read it, and it scrolls. */
const SMALLEST = 0.75;

/** A workflow as a graph, steps in the order they can be reached: each is a button, so that the keyboard walks along the way of the work. */
export function GraphView({ label, steps, edges, selected, onSelect }: GraphViewProps) {
  const frame = useRef<HTMLElement>(null);
  const width = useElementWidth(frame);
  const arrow = useId();
  const direction: Direction | null = width === 0 ? null : width < NARROW ? 'down' : 'right';
  // Only the shape is laid out: a change of a status moves nothing.
  const shape = JSON.stringify([steps.map(({ ref }) => ref), edges.map(({ from, to }) => ({ from, to }))]);
  const placement = useMemo(() => {
    const [refs, lines] = JSON.parse(shape) as [string[], Edge[]];
    return direction && { direction, ...place(refs, lines, direction) };
  }, [shape, direction]);
  const byRef = useMemo(() => new Map(steps.map((step) => [step.ref, step])), [steps]);
  const scale = placement ? Math.min(1, Math.max(SMALLEST, width / placement.width)) : 1;
  const chosen = placement?.nodes.find(({ ref }) => ref === selected);
  const [x, y] = chosen ? [chosen.x * scale, chosen.y * scale] : [-1, -1];
  useEffect(() => {
    if (x >= 0) showPoint(frame.current, x, y);
  }, [x, y]);
  const isQuiet = (ref: string) => isLeftOut(byRef.get(ref));
  return (
    <ScrollRegion ref={frame} label={label} className="max-h-[75dvh] min-h-24 rounded-xl border bg-surface">
      {placement === null ? null : (
        <div className="mx-auto overflow-hidden" style={{ width: placement.width * scale, height: placement.height * scale }}>
          <div
            className="relative origin-top-left"
            style={{ width: placement.width, height: placement.height, transform: `scale(${scale})` }}
          >
            <svg aria-hidden="true" className="absolute inset-0" width={placement.width} height={placement.height}>
              <defs>
                <marker id={arrow} viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
                  <path d="M0 0 L8 4 L0 8 z" className="fill-muted" />
                </marker>
              </defs>
              {placement.edges.map(({ from, to, points }) => (
                <path
                  key={`${from} ${to}`}
                  d={curve(points, placement.direction)}
                  markerEnd={`url(#${arrow})`}
                  className={`fill-none stroke-muted ${isQuiet(from) || isQuiet(to) ? 'opacity-40' : ''}`}
                />
              ))}
            </svg>
            {placement.nodes.map(({ ref, x, y }) => {
              const step = byRef.get(ref);
              return step ? (
                <GraphNode
                  key={ref}
                  step={step}
                  x={x}
                  y={y}
                  isQuiet={isLeftOut(step)}
                  isSelected={ref === selected}
                  onSelect={onSelect}
                />
              ) : null;
            })}
          </div>
        </div>
      )}
    </ScrollRegion>
  );
}

/** Scrolls the region, and only that, so that a point of it is in sight with some room around. */
function showPoint(frame: HTMLElement | null, x: number, y: number): void {
  if (!frame) return;
  const { scrollLeft, scrollTop, clientWidth, clientHeight } = frame;
  if (x < scrollLeft + NODE.width / 2 || x > scrollLeft + clientWidth - NODE.width / 2) frame.scrollLeft = x - clientWidth / 2;
  if (y < scrollTop + NODE.height / 2 || y > scrollTop + clientHeight - NODE.height / 2) frame.scrollTop = y - clientHeight / 2;
}

/** A branch that was not taken steps back. */
function isLeftOut(step: GraphStep | undefined): boolean {
  return step?.status === 'SKIPPED' || step?.status === 'CANCELED';
}

/** A smooth line through the points: half way between two of them it runs straight, at each it bends. */
function curve(points: readonly Point[], direction: Direction): string {
  const [first, ...rest] = points;
  const last = rest.at(-1);
  if (!first || !last) return '';
  if (rest.length === 1) return swing(first, last, direction);
  const bends = rest.slice(0, -1).map((point, index) => {
    const next = rest[index + 1] ?? last;
    return `Q ${point.x} ${point.y} ${(point.x + next.x) / 2} ${(point.y + next.y) / 2}`;
  });
  return [`M ${first.x} ${first.y}`, ...bends, `L ${last.x} ${last.y}`].join(' ');
}

/** From one point to the other, leaving and arriving along the way the graph leads. */
function swing(from: Point, to: Point, direction: Direction): string {
  const [x, y] = [(from.x + to.x) / 2, (from.y + to.y) / 2];
  const bend = direction === 'right' ? `${x} ${from.y} ${x} ${to.y}` : `${from.x} ${y} ${to.x} ${y}`;
  return `M ${from.x} ${from.y} C ${bend} ${to.x} ${to.y}`;
}
