import type { LucideIcon } from 'lucide-react';
import type { ComponentProps } from 'react';

const VARIANTS = {
  primary: 'border-transparent bg-accent text-on-accent hover:opacity-90',
  plain: 'bg-surface hover:bg-hover',
  danger: 'bg-surface text-bad hover:bg-bad-soft',
  ghost: 'border-transparent hover:bg-hover',
};

interface ButtonProps extends ComponentProps<'button'> {
  readonly variant?: keyof typeof VARIANTS;
  readonly icon?: LucideIcon;
  /** What it was pressed for is under way: it cannot be pressed again, and says so. */
  readonly busy?: boolean;
}

/** A button; `danger` is for what takes something away. */
export function Button({ variant = 'plain', icon: Icon, busy = false, className = '', children, ...props }: ButtonProps) {
  return (
    <button
      type="button"
      {...props}
      disabled={busy || props.disabled}
      aria-busy={busy}
      className={`inline-flex h-8 items-center justify-center gap-1.5 rounded-md border px-3 font-medium whitespace-nowrap disabled:opacity-60 ${VARIANTS[variant]} ${className}`}
    >
      {Icon ? <Icon aria-hidden className="size-4" /> : null}
      {children}
    </button>
  );
}

interface IconButtonProps extends Omit<ComponentProps<'button'>, 'aria-label' | 'children'> {
  /** What it does: its name for everybody who does not see the icon, and its tip for everybody else. */
  readonly label: string;
  readonly icon: LucideIcon;
}

/** A button that shows an icon alone. */
export function IconButton({ label, icon: Icon, className = '', ...props }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      {...props}
      className={`inline-grid size-8 shrink-0 place-items-center rounded-md text-muted hover:bg-hover hover:text-ink disabled:opacity-60 ${className}`}
    >
      <Icon aria-hidden className="size-4" />
    </button>
  );
}
