/** How a status looks; the same everywhere: badges, bars, charts. */
export type Tone = 'ok' | 'bad' | 'warn' | 'info' | 'accent' | 'idle';

const TONES: Readonly<Record<string, Tone>> = {
  COMPLETED: 'ok',
  ACTIVE: 'ok',
  DELIVERED: 'ok',
  FAILED: 'bad',
  TIMED_OUT: 'bad',
  CRASHED: 'bad',
  SYSTEM_FAILED: 'bad',
  DEAD_LETTER: 'bad',
  DEAD: 'bad',
  REVOKED: 'bad',
  EXECUTING: 'accent',
  RUNNING: 'accent',
  DEQUEUED: 'accent',
  QUEUED: 'info',
  PENDING: 'info',
  DELAYED: 'info',
  WAITING: 'warn',
  PAUSED: 'warn',
  CANCELED: 'idle',
  EXPIRED: 'idle',
  SKIPPED: 'idle',
};

/** The tone of any status of the API; what it does not know is neutral. */
export function toneOf(status: string): Tone {
  return TONES[status] ?? 'idle';
}

const CLASSES: Readonly<Record<Tone, string>> = {
  ok: 'bg-ok-soft text-ok',
  bad: 'bg-bad-soft text-bad',
  warn: 'bg-warn-soft text-warn',
  info: 'bg-info-soft text-info',
  accent: 'bg-accent-soft text-accent',
  idle: 'bg-idle-soft text-idle',
};

/** A status as people write it: `DEAD_LETTER` is `dead letter`. */
export function statusWords(status: string): string {
  return status.toLowerCase().replaceAll('_', ' ');
}

/** A status of a run, step, workflow run, schedule or delivery. The words say it; the colour repeats it. */
export function StatusBadge({ status }: { readonly status: string }) {
  return <Badge tone={toneOf(status)}>{statusWords(status)}</Badge>;
}

/** A few words set off from what is around them. */
export function Badge({ tone = 'idle', children }: { readonly tone?: Tone; readonly children: React.ReactNode }) {
  return (
    <span className={`inline-flex items-center rounded-full px-2 py-0.5 text-xs font-medium whitespace-nowrap ${CLASSES[tone]}`}>
      {children}
    </span>
  );
}
