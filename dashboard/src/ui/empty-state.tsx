import type { ReactNode } from 'react';

interface EmptyStateProps {
  readonly title: string;
  /** Why it is empty and what the next step is. */
  readonly children?: ReactNode;
  readonly action?: ReactNode;
}

/** What a screen shows when there is nothing to show: it teaches the next step. */
export function EmptyState({ title, children, action }: EmptyStateProps) {
  return (
    <div className="mx-auto grid max-w-prose justify-items-center gap-3 px-4 py-16 text-center">
      <h2 className="text-base font-semibold">{title}</h2>
      {children ? <div className="grid gap-2 text-muted [&_a]:text-accent [&_a]:underline">{children}</div> : null}
      {action}
    </div>
  );
}
