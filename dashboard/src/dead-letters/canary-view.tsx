import { Link } from '@tanstack/react-router';
import { StatusBadge } from '../ui/status-badge.tsx';
import type { Canary } from './use-canary.ts';

/** How the run fares that was replayed before the others. */
export function CanaryView({ canary: { runId, status, message, hasEnded } }: { readonly canary: Canary }) {
  return (
    <div className="grid gap-2 rounded-lg border p-3">
      <div className="flex flex-wrap items-center gap-2">
        <StatusBadge status={status} />
        <Link to="/runs/$runId" params={{ runId }} className="font-mono text-xs text-accent underline">
          {runId}
        </Link>
      </div>
      <p role="status">
        {!hasEnded
          ? 'It is under way; what becomes of it shows here.'
          : status === 'COMPLETED'
            ? 'It has completed: what failed seems to be mended.'
            : 'It has not completed. Look at the run before you replay the others.'}
      </p>
      {hasEnded && status !== 'COMPLETED' && message ? <p className="break-words text-bad">{message}</p> : null}
    </div>
  );
}
