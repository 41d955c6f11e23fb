/** The statuses in which nothing more happens to a run by itself. */
export const FINAL_STATUSES = [
  'completed',
  'failed',
  'timed_out',
  'crashed',
  'system_failed',
  'canceled',
  'expired',
  'dead_letter',
] as const;

/** A member of {@link FINAL_STATUSES}. */
export type FinalStatus = (typeof FINAL_STATUSES)[number];

/** Every status a run can have, in the order of its life. */
export const RUN_STATUSES = ['delayed', 'queued', 'dequeued', 'executing', 'waiting', 'paused', ...FINAL_STATUSES] as const;

/** A member of {@link RUN_STATUSES}. */
export type RunStatus = (typeof RUN_STATUSES)[number];

/** True when a run with this status has ended. */
export function isFinal(status: string): status is FinalStatus {
  return (FINAL_STATUSES as readonly string[]).includes(status);
}
