import { type ReactNode, useEffect } from 'react';

interface ScreenProps {
  readonly title: string;
  /** Beside the title: a status, a count. */
  readonly aside?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
  /** The screen is as high as the window and scrolls inside, as a long table does. */
  readonly fixed?: boolean;
}

/** A screen: its title, what can be done, and its content. */
export function Screen({ title, aside, actions, children, fixed = false }: ScreenProps) {
  useEffect(() => {
    document.title = `${title} · Baton`;
  }, [title]);
  return (
    <div className={`flex flex-col gap-3 p-4 ${fixed ? 'h-full' : ''}`}>
      <header className="flex flex-wrap items-center gap-2">
        <h1 className="min-w-0 truncate text-lg font-semibold">{title}</h1>
        {aside}
        <div className="ml-auto flex flex-wrap gap-2">{actions}</div>
      </header>
      {children}
    </div>
  );
}

/** A part of a screen on a ground of its own. */
export function Panel({
  title,
  actions,
  children,
}: {
  readonly title?: string;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <section className="min-w-0 rounded-xl border bg-surface">
      {title || actions ? (
        <div className="flex flex-wrap items-center justify-between gap-2 border-b px-4 py-2">
          {title ? <h2 className="font-semibold">{title}</h2> : <span />}
          {actions}
        </div>
      ) : null}
      <div className="p-4">{children}</div>
    </section>
  );
}

/** Names and values, side by side where there is room. */
export function Facts({ facts }: { readonly facts: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1.5">
      {facts.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-muted">{name}</dt>
          <dd className="min-w-0 break-words">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
