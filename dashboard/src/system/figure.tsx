import type { ReactNode } from 'react';

interface FigureProps {
  readonly label: string;
  /** Null before it is known. */
  readonly value: string | null;
  /** What the figure means, or how it came about. */
  readonly children?: ReactNode;
}

/** One number that matters, with its name and a line about it. It keeps its place while it is not known. */
export function Figure({ label, value, children }: FigureProps) {
  return (
    <div className="min-w-0 rounded-xl border bg-surface px-4 py-3">
      <dt className="text-xs text-muted">{label}</dt>
      <dd className="mt-1">
        <span className="block h-8 text-2xl font-semibold tabular-nums">{value ?? '–'}</span>
        <span className="block h-5 truncate text-xs text-muted">{children}</span>
      </dd>
    </div>
  );
}
