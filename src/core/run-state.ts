/**
 * The life of a run as one table. Rows are events, the cell says which statuses accept it and where it leads; everything else is
 * refused. `domain/runs/transition.ts` compiles its SQL guards from this table, so the database and the code cannot disagree.
 *
 * | event        | from                                        | to            |
 * |--------------|---------------------------------------------|---------------|
 * | promote      | delayed                                     | queued        |
 * | depend       | delayed                                     | waiting       |
 * | hold         | delayed, queued (never claimed)             | delayed       |
 * | claim        | queued                                      | dequeued      |
 * | start        | dequeued                                    | executing     |
 * | release      | dequeued, executing                         | queued        |
 * | retry        | dequeued, executing                         | queued        |
 * | snooze       | dequeued, executing                         | queued        |
 * | complete     | executing, waiting                          | completed     |
 * | fail         | executing, waiting                          | failed        |
 * | time_out     | executing, waiting                          | timed_out     |
 * | crash        | dequeued, executing                         | crashed       |
 * | system_fail  | queued, dequeued, executing, waiting        | system_failed |
 * | bury         | dequeued, executing                         | dead_letter   |
 * | wait         | executing                                   | waiting       |
 * | wake         | waiting                                     | queued        |
 * | pause        | executing                                   | paused        |
 * | resume       | paused                                      | queued        |
 * | restart      | executing, paused                           | queued        |
 * | expire       | delayed, queued, waiting (never claimed)    | expired       |
 * | cancel       | every status that is not final              | canceled      |
 * | dlq_replay   | dead_letter                                 | queued        |
 * | revive       | canceled                                    | queued        |
 */

/** The documented 13 statuses plus `paused`, in the order of a run's life. */
export const RUN_STATUSES = [
  'delayed',
  'queued',
  'dequeued',
  'executing',
  'waiting',
  'paused',
  'completed',
  'failed',
  'timed_out',
  'crashed',
  'system_failed',
  'canceled',
  'expired',
  'dead_letter',
] as const;

/** A member of {@link RUN_STATUSES}. */
export type RunStatus = (typeof RUN_STATUSES)[number];

/** Statuses in which nothing more happens by itself: only a person moves a `dead_letter`, and a `canceled` run whose batch is resumed. */
export const FINAL_STATUSES = [
  'completed',
  'failed',
  'timed_out',
  'crashed',
  'system_failed',
  'canceled',
  'expired',
  'dead_letter',
] as const satisfies readonly RunStatus[];

/** The complement of {@link FINAL_STATUSES}. */
export const ACTIVE_STATUSES = RUN_STATUSES.filter((status) => !isFinal(status));

/** True when the run has ended; the one definition used by streams, tokens, reapers and webhooks. */
export function isFinal(status: RunStatus): boolean {
  return (FINAL_STATUSES as readonly RunStatus[]).includes(status);
}

interface Edge {
  readonly from: readonly RunStatus[];
  readonly to: RunStatus;
}

const TABLE = {
  promote: { from: ['delayed'], to: 'queued' },
  depend: { from: ['delayed'], to: 'waiting' },
  hold: { from: ['delayed', 'queued'], to: 'delayed' },
  claim: { from: ['queued'], to: 'dequeued' },
  start: { from: ['dequeued'], to: 'executing' },
  release: { from: ['dequeued', 'executing'], to: 'queued' },
  retry: { from: ['dequeued', 'executing'], to: 'queued' },
  snooze: { from: ['dequeued', 'executing'], to: 'queued' },
  complete: { from: ['executing', 'waiting'], to: 'completed' },
  fail: { from: ['executing', 'waiting'], to: 'failed' },
  time_out: { from: ['executing', 'waiting'], to: 'timed_out' },
  crash: { from: ['dequeued', 'executing'], to: 'crashed' },
  system_fail: { from: ['queued', 'dequeued', 'executing', 'waiting'], to: 'system_failed' },
  bury: { from: ['dequeued', 'executing'], to: 'dead_letter' },
  wait: { from: ['executing'], to: 'waiting' },
  wake: { from: ['waiting'], to: 'queued' },
  pause: { from: ['executing'], to: 'paused' },
  resume: { from: ['paused'], to: 'queued' },
  restart: { from: ['executing', 'paused'], to: 'queued' },
  expire: { from: ['delayed', 'queued', 'waiting'], to: 'expired' },
  cancel: { from: ['delayed', 'queued', 'dequeued', 'executing', 'waiting', 'paused'], to: 'canceled' },
  dlq_replay: { from: ['dead_letter'], to: 'queued' },
  revive: { from: ['canceled'], to: 'queued' },
} as const satisfies Record<string, Edge>;

/** What can happen to a run. */
export type RunEvent = keyof typeof TABLE;

/** All events, for exhaustive tests. */
export const RUN_EVENTS = Object.keys(TABLE) as RunEvent[];

/** Where `event` leads from `status`, or null when that status refuses it. */
export function nextState(status: RunStatus, event: RunEvent): RunStatus | null {
  const edge: Edge = TABLE[event];
  return edge.from.includes(status) ? edge.to : null;
}

/** The edge of an event, for compiling SQL guards. */
export function edgeOf(event: RunEvent): Edge {
  return TABLE[event];
}
