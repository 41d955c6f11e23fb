import { memo } from 'react';
import { statusWords, type Tone, toneOf } from '../ui/status-badge.tsx';
import { NODE } from './placement.ts';

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

interface GraphNodeProps {
  readonly step: GraphStep;
  /** Its middle in pixels. */
  readonly x: number;
  readonly y: number;
  /** It was left out, and steps back. */
  readonly isQuiet: boolean;
  readonly isSelected: boolean;
  /** Stable between renders. */
  readonly onSelect: (ref: string) => void;
}

function BareGraphNode({ step: { ref, name, kind, status, note }, x, y, isQuiet, isSelected, onSelect }: GraphNodeProps) {
  const tone = status === null ? 'info' : toneOf(status);
  return (
    <button
      type="button"
      aria-pressed={isSelected}
      title={note ? `${name}: ${note}` : name}
      onClick={() => onSelect(ref)}
      className={`absolute overflow-hidden rounded-lg border-2 px-2.5 py-1.5 text-left ${isQuiet ? 'bg-canvas' : 'bg-raised'} ${BORDERS[tone]} ${isSelected ? 'ring-2 ring-accent ring-offset-1 ring-offset-surface' : ''}`}
      style={{ left: x - NODE.width / 2, top: y - NODE.height / 2, width: NODE.width, height: NODE.height }}
    >
      <span className="flex items-center gap-1.5">
        {status === null ? null : <span aria-hidden className={`size-2 shrink-0 rounded-full ${DOTS[tone]}`} />}
        <span className={`truncate font-medium ${isQuiet ? 'text-muted' : ''}`}>{name}</span>
      </span>
      <span className="block truncate text-xs text-muted">
        {statusWords(kind)}
        {note ? ` · ${note}` : ''}
      </span>
      {status === null ? null : <span className="sr-only">{statusWords(status)}</span>}
    </button>
  );
}

/** A box of the graph; it is drawn again only when its step is another than before. */
export const GraphNode = memo(BareGraphNode, ({ step: before, ...propsBefore }, { step, ...props }) => {
  const isSame = <T extends object>(a: T, b: T) => Object.entries(a).every(([name, value]) => value === b[name as keyof T]);
  return isSame(before, step) && isSame(propsBefore, props);
});
