import { Badge } from '../ui/status-badge.tsx';

interface JobStateProps {
  readonly enabled: boolean;
  readonly circuit: { readonly state: 'OPEN' | 'HALF_OPEN' | 'CLOSED' } | null;
}

/** Whether a job takes triggers, and whether its endpoint can be reached. */
export function JobState({ enabled, circuit }: JobStateProps) {
  return (
    <span className="inline-flex gap-1">
      {enabled ? <Badge tone="ok">enabled</Badge> : <Badge tone="idle">disabled</Badge>}
      {circuit && circuit.state !== 'CLOSED' ? (
        <Badge tone="bad">{circuit.state === 'OPEN' ? 'circuit open' : 'circuit half open'}</Badge>
      ) : null}
    </span>
  );
}

/** The tone of a success rate: what is nearly always well, mostly, or not. */
export function SuccessRate({ rate, words }: { readonly rate: number | null; readonly words: string }) {
  if (rate === null) return <span className="text-muted">–</span>;
  const tone = rate >= 0.99 ? 'text-ok' : rate >= 0.9 ? 'text-warn' : 'text-bad';
  return <span className={`tabular-nums ${tone}`}>{words}</span>;
}
