import { type ComponentProps, type ReactNode, useId } from 'react';

/** What a control takes from its field, so that label, hint and error belong to it. */
export interface ControlIds {
  readonly id: string;
  readonly 'aria-describedby'?: string;
  readonly 'aria-invalid'?: true;
}

interface FieldProps {
  readonly label: string;
  readonly hint?: ReactNode;
  /** What is wrong with the value, and what to do. */
  readonly error?: string | null;
  readonly children: (ids: ControlIds) => ReactNode;
}

/** A control with its label, a hint below it and, when there is one, what is wrong. */
export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId();
  const described = [hint ? `${id}-hint` : '', error ? `${id}-error` : ''].filter((part) => part !== '').join(' ');
  return (
    <div className="grid min-w-0 grid-cols-1 gap-1">
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      {children({ id, ...(described && { 'aria-describedby': described }), ...(error && { 'aria-invalid': true as const }) })}
      {hint ? (
        <div id={`${id}-hint`} className="text-xs text-muted">
          {hint}
        </div>
      ) : null}
      {error ? (
        <div id={`${id}-error`} role="alert" className="text-xs whitespace-pre-line text-bad">
          {error}
        </div>
      ) : null}
    </div>
  );
}

const CONTROL = 'rounded-md border bg-surface px-2.5 text-ink placeholder:text-muted aria-invalid:border-bad';

/** One line of text. */
export function TextInput({ className = '', ...props }: ComponentProps<'input'>) {
  return <input type="text" {...props} className={`${CONTROL} h-8 min-w-0 ${className}`} />;
}

/** Several lines of text. */
export function TextArea({ className = '', ...props }: ComponentProps<'textarea'>) {
  return <textarea rows={4} {...props} className={`${CONTROL} py-1.5 ${className}`} />;
}

/** One of a few. */
export function Select({ className = '', ...props }: ComponentProps<'select'>) {
  return <select {...props} className={`${CONTROL} h-8 min-w-0 ${className}`} />;
}

/** Yes or no, with its label beside it. */
export function Checkbox({ label, ...props }: Omit<ComponentProps<'input'>, 'type'> & { readonly label: ReactNode }) {
  return (
    <label className="inline-flex items-center gap-2">
      <input type="checkbox" {...props} className="size-4 accent-accent" />
      {label}
    </label>
  );
}
