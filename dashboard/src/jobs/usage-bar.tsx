import { formatCompact } from '../ui/format.ts';

interface UsageBarProps {
  readonly usage: {
    readonly executing: number;
    readonly queued: number;
    readonly blocked: number;
    readonly maxConcurrency: number | null;
    readonly isCapped: boolean;
  };
}

/** What the runs of a job take up of what they may, and how many wait. */
export function UsageBar({ usage: { executing, queued, blocked, maxConcurrency, isCapped } }: UsageBarProps) {
  const plus = isCapped ? '+' : '';
  const limit = maxConcurrency === null ? '' : ` / ${formatCompact(maxConcurrency)}`;
  const waiting =
    blocked > 0 ? `${formatCompact(blocked)}${plus} blocked` : queued > 0 ? `${formatCompact(queued)}${plus} queued` : '';
  return (
    <span className="grid gap-1">
      <span className="flex justify-between gap-2 tabular-nums">
        <span>
          {formatCompact(executing)}
          {limit}
        </span>
        <span className={`text-xs ${blocked > 0 ? 'text-warn' : 'text-muted'}`}>{waiting}</span>
      </span>
      {maxConcurrency === null ? null : (
        <span aria-hidden className="h-1 overflow-hidden rounded-full bg-hover">
          <span
            className={`block h-full ${executing >= maxConcurrency ? 'bg-warn' : 'bg-accent'}`}
            style={{ width: `${Math.min(100, (executing / maxConcurrency) * 100)}%` }}
          />
        </span>
      )}
    </span>
  );
}
