import { statusWords, type Tone, toneOf } from '../ui/status-badge.tsx';
import { isFinal } from './run-status.ts';
import type { Bar } from './timeline-model.ts';

/** A change of the status of a run, as its story has it. */
export interface StatusChange {
  readonly seq: number;
  readonly fromStatus: string | null;
  readonly toStatus: string | null;
  readonly attempt: number;
  readonly data: Record<string, unknown> | null;
  readonly createdAt: string;
}

/** One attempt; `round` counts how often the run began again from the dead letters. */
export interface AttemptLane {
  readonly id: string;
  readonly attempt: number;
  readonly round: number;
  readonly bars: Bar[];
}

/** The story of a status: when the run stood in the queue, and what each attempt did. */
export interface WalkedChanges {
  readonly queue: readonly Bar[];
  readonly attempts: readonly AttemptLane[];
}

/** What an attempt is in while it is one. */
const WORKING = new Set(['DEQUEUED', 'EXECUTING']);
const RESTING = new Set(['WAITING', 'PAUSED']);

/** Turns changes, in order, into the lengths of time between them; the last one goes on until `now` unless the run has ended. */
export function walkChanges(changes: readonly StatusChange[], now: number): WalkedChanges {
  const queue: Bar[] = [];
  const attempts: AttemptLane[] = [];
  let round = 1;
  let current: AttemptLane | undefined;
  for (const [index, change] of changes.entries()) {
    const status = change.toStatus;
    if (change.fromStatus === 'DEAD_LETTER') {
      round += 1;
      current = undefined;
    }
    if (status === null || isFinal(status)) continue;
    const next = changes[index + 1];
    const from = Date.parse(change.createdAt);
    const to = next ? Date.parse(next.createdAt) : Math.max(now, from);
    const span = { id: `change-${change.seq}`, from, to, isLive: next === undefined };
    if (WORKING.has(status)) {
      if (current?.attempt !== change.attempt) {
        current = { id: `attempt-${round}-${change.attempt}`, attempt: change.attempt, round, bars: [] };
        attempts.push(current);
      }
      current.bars.push({
        ...span,
        tone: status === 'DEQUEUED' ? 'info' : toneOfEnding(next),
        label: status === 'DEQUEUED' ? 'starting' : `executing${wordsOfEnding(next)}`,
        isFaint: status === 'DEQUEUED',
      });
    } else if (RESTING.has(status) && current) {
      current.bars.push({ ...span, tone: 'warn', label: statusWords(status), isFaint: true });
    } else {
      queue.push(...queued(span, change));
    }
  }
  return { queue, attempts };
}

/** Standing in the queue; after a failed attempt it first lets the delay of its retry pass. */
function queued(span: Pick<Bar, 'id' | 'from' | 'to' | 'isLive'>, change: StatusChange): readonly Bar[] {
  const label = statusWords(change.toStatus ?? '');
  const bar: Bar = { ...span, tone: toneOf(change.toStatus ?? ''), label, isFaint: false };
  const delay = change.data?.['delay_ms'];
  if (change.toStatus !== 'QUEUED' || typeof delay !== 'number' || delay <= 0) return [bar];
  const due = span.from + delay;
  const pause: Bar = { ...bar, label: 'delay before the retry', tone: 'warn', isFaint: true };
  if (due >= span.to) return [pause];
  return [
    { ...pause, id: `${span.id}-delay`, to: due, isLive: false },
    { ...bar, from: due },
  ];
}

function toneOfEnding(next: StatusChange | undefined): Tone {
  if (!next?.toStatus) return 'accent';
  if (next.toStatus === 'QUEUED') return isRetry(next) ? 'bad' : 'accent';
  return isFinal(next.toStatus) ? toneOf(next.toStatus) : 'accent';
}

function wordsOfEnding(next: StatusChange | undefined): string {
  if (!next?.toStatus) return '';
  if (next.toStatus === 'QUEUED') return isRetry(next) ? ', failed, to be tried again' : ', then back to the queue';
  return `, then ${statusWords(next.toStatus)}`;
}

/** Whether a run went back to the queue because its attempt had failed, and not to be woken or handed to another server. */
function isRetry({ data }: StatusChange): boolean {
  return typeof data?.['error_class'] === 'string';
}
