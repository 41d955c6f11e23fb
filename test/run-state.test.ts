import { describe, expect, it } from 'vitest';
import {
  ACTIVE_STATUSES,
  FINAL_STATUSES,
  isFinal,
  nextState,
  RUN_EVENTS,
  RUN_STATUSES,
  type RunEvent,
  type RunStatus,
} from '../src/core/run-state.ts';

/** Written out by hand from the reference, not derived from the table under test; everything not named here is refused. */
const ALLOWED: Readonly<Record<RunEvent, Partial<Record<RunStatus, RunStatus>>>> = {
  promote: { delayed: 'queued' },
  depend: { delayed: 'waiting' },
  hold: { delayed: 'delayed', queued: 'delayed' },
  claim: { queued: 'dequeued' },
  start: { dequeued: 'executing' },
  release: { dequeued: 'queued', executing: 'queued' },
  retry: { dequeued: 'queued', executing: 'queued' },
  snooze: { dequeued: 'queued', executing: 'queued' },
  complete: { executing: 'completed', waiting: 'completed' },
  fail: { executing: 'failed', waiting: 'failed' },
  time_out: { executing: 'timed_out', waiting: 'timed_out' },
  crash: { dequeued: 'crashed', executing: 'crashed' },
  system_fail: { queued: 'system_failed', dequeued: 'system_failed', executing: 'system_failed', waiting: 'system_failed' },
  bury: { dequeued: 'dead_letter', executing: 'dead_letter' },
  wait: { executing: 'waiting' },
  wake: { waiting: 'queued' },
  pause: { executing: 'paused' },
  resume: { paused: 'queued' },
  restart: { executing: 'queued', paused: 'queued' },
  expire: { delayed: 'expired', queued: 'expired', waiting: 'expired' },
  cancel: {
    delayed: 'canceled',
    queued: 'canceled',
    dequeued: 'canceled',
    executing: 'canceled',
    waiting: 'canceled',
    paused: 'canceled',
  },
  dlq_replay: { dead_letter: 'queued' },
  revive: { canceled: 'queued' },
};

describe('nextState', () => {
  it.each(RUN_EVENTS.flatMap((event) => RUN_STATUSES.map((status) => [status, event] as const)))(
    'from %s by %s',
    (status, event) => {
      expect(nextState(status, event)).toBe(ALLOWED[event][status] ?? null);
    },
  );
});

describe('final statuses', () => {
  it('are left by nothing but the replay of a dead letter and the resuming of a stopped batch', () => {
    const exits = FINAL_STATUSES.flatMap((status) =>
      RUN_EVENTS.filter((event) => nextState(status, event)).map((event) => `${status} ${event}`),
    );

    expect(exits).toEqual(['canceled revive', 'dead_letter dlq_replay']);
  });

  it('and active ones are all there are', () => {
    expect([...ACTIVE_STATUSES, ...FINAL_STATUSES].sort()).toEqual([...RUN_STATUSES].sort());
    expect(ACTIVE_STATUSES.some(isFinal)).toBe(false);
  });

  it('can be reached from every active status', () => {
    for (const status of ACTIVE_STATUSES) expect(nextState(status, 'cancel')).toBe('canceled');
  });
});
