import type { ReactNode } from 'react';

interface FigureProps {
  readonly label: string;
  readonly value: ReactNode;
  /** A smaller word on what it is about. */
  readonly hint?: ReactNode;
}

/** A number that matters, large, under its name. */
export function Figure({ label, value, hint }: FigureProps) {
  return (
    <div className="grid min-w-28 content-start gap-0.5 rounded-xl border bg-surface px-4 py-3">
      <dt className="text-xs text-muted">{label}</dt>
      <dd className="text-xl font-semibold tabular-nums">{value}</dd>
      {hint ? <dd className="text-xs text-muted">{hint}</dd> : null}
    </div>
  );
}

/** Figures side by side, as many as there is room for. */
export function Figures({ children }: { readonly children: ReactNode }) {
  return <dl className="grid grid-cols-[repeat(auto-fill,minmax(9rem,1fr))] gap-3">{children}</dl>;
}
