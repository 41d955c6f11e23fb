import { formatDuration, formatNumber, formatTime } from '../ui/format.ts';
import type { Queue } from './documents.ts';
import type { System } from './use-system.ts';

/** Something that is not as it should be, and what to do about it. */
export interface Ailment {
  readonly what: string;
  readonly remedy: string;
}

/** A run that could start starts in a moment; one that has waited so long is told of. */
const LATE_MS = 30_000;

/** What is not as it should be, the worst first; `now` is in milliseconds since the epoch. */
export function findAilments({ instance, circuits }: System, queue: Queue | null, now: number): readonly Ailment[] {
  const alive = instance?.processes.filter(({ isAlive }) => isAlive) ?? [];
  const hasWorker = alive.some(({ role }) => role !== 'API');
  const oldest = queue?.oldestDueAt ?? null;
  return [
    ...(instance && !hasWorker
      ? [
          {
            what: 'No process dispatches runs.',
            remedy: 'Start one with BATON_ROLE=all or worker; what is in the queue goes as soon as it is there.',
          },
        ]
      : []),
    ...(instance?.loops ?? [])
      .filter(({ isHealthy }) => !isHealthy)
      .map(({ name, ageSecs, intervalSecs }) => ({
        what: `The ${name} loop has not run for ${formatDuration(ageSecs * 1_000)}; it should every ${formatDuration(intervalSecs * 1_000)}.`,
        remedy: 'The log of the server says why. It tries again by itself; if it does not come back, restart the process.',
      })),
    ...circuits.map(({ endpoint, state, failures }) => ({
      what: `${endpoint} could not be reached ${formatNumber(failures)} times in a row${state === 'OPEN' ? '' : '; one run is trying it'}.`,
      remedy: 'Its runs wait. Mend the endpoint; they go by themselves then, or at once when you reset the circuit below.',
    })),
    ...(oldest !== null && now - Date.parse(oldest) > LATE_MS
      ? [
          {
            what: `A run has been due since ${formatTime(oldest)} and is not started.`,
            remedy: 'All slots may be taken: see what is executing, add a worker process, or give the workers more slots.',
          },
        ]
      : []),
  ];
}
