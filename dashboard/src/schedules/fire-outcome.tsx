import { Badge, StatusBadge, type Tone } from '../ui/status-badge.tsx';
import type { ScheduleFire } from './documents.ts';

/** What can become of a moment, in words. */
export const OUTCOMES = {
  PENDING: ['about to start', 'info'],
  STARTED: ['started', 'ok'],
  SKIPPED_OVERLAP: ['skipped: the one before still ran', 'warn'],
  MISSED: ['missed: no server was there', 'warn'],
  FAILED: ['could not start', 'bad'],
} as const satisfies Record<ScheduleFire['outcome'], readonly [string, Tone]>;

/** What became of a moment. */
export function FireOutcome({ outcome }: Pick<ScheduleFire, 'outcome'>) {
  const [words, tone] = OUTCOMES[outcome];
  return <Badge tone={tone}>{words}</Badge>;
}

/** How what a moment started stands; why it started nothing when it did not. */
export function FireResult({
  fire: { outcome, run, workflowRun },
}: {
  readonly fire: Pick<ScheduleFire, 'outcome' | 'run' | 'workflowRun'>;
}) {
  const started = run ?? workflowRun;
  return started ? <StatusBadge status={started.status} /> : <FireOutcome outcome={outcome} />;
}
