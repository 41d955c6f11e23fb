import type { FieldChange } from './definition-diff.ts';
import type { DiffLine } from './line-diff.ts';

const LOOK = {
  same: { sign: ' ', name: '', className: 'text-muted' },
  removed: { sign: '−', name: 'removed: ', className: 'bg-bad-soft text-bad' },
  added: { sign: '+', name: 'added: ', className: 'bg-ok-soft text-ok' },
};

/** What changed, field by field: what it was, what it is. */
export function DiffView({ changes }: { readonly changes: readonly FieldChange[] }) {
  if (changes.length === 0) return <p className="text-muted">They say the same.</p>;
  return (
    <dl className="grid gap-4">
      {changes.map((change) => (
        <div key={change.label} className="grid gap-1">
          <dt className="font-medium">{change.label}</dt>
          <dd className="min-w-0">
            {change.lines ? (
              <Lines lines={change.lines} />
            ) : (
              <span className="flex flex-wrap items-center gap-2">
                <del className="rounded bg-bad-soft px-1.5 py-0.5 break-all text-bad no-underline">{change.before}</del>
                <span aria-hidden>→</span>
                <ins className="rounded bg-ok-soft px-1.5 py-0.5 break-all text-ok no-underline">{change.after}</ins>
              </span>
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Lines({ lines }: { readonly lines: readonly DiffLine[] }) {
  return (
    <pre className="rounded-lg border p-2 font-mono text-xs whitespace-pre-wrap break-all">
      {lines.map(({ kind, text }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place.
        <span key={index} className={`block ${LOOK[kind].className}`}>
          <span className="sr-only">{LOOK[kind].name}</span>
          <span aria-hidden>{LOOK[kind].sign} </span>
          {text}
        </span>
      ))}
    </pre>
  );
}
