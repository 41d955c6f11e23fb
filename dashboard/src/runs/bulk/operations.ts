import { STATUSES, type Status } from '../filter/fields.ts';

/** What can be done to many runs. */
export type OperationId = 'CANCEL' | 'REPLAY' | 'REPLAY_DEAD_LETTERS' | 'RESCHEDULE';

/** An operation over many runs, in words. */
export interface Operation {
  readonly id: OperationId;
  /** On its button. */
  readonly verb: string;
  /** After a number: `12 runs were canceled`. */
  readonly done: string;
  /** What it does, for who is about to do it. */
  readonly effect: string;
  /** The statuses of the runs that it is done to; others stay as they are. */
  readonly statuses: readonly Status[];
  readonly isDanger: boolean;
}

const FAILURES: readonly Status[] = ['FAILED', 'TIMED_OUT', 'CRASHED', 'SYSTEM_FAILED'];
const ENDED: readonly Status[] = [...FAILURES, 'COMPLETED', 'DEAD_LETTER', 'CANCELED', 'EXPIRED'];

/** Every operation over many runs, in the order of their buttons. */
export const OPERATIONS: readonly Operation[] = [
  {
    id: 'CANCEL',
    verb: 'Cancel',
    done: 'canceled',
    effect:
      'They are stopped for good, whatever they are doing, and so is every run that they have spawned. This cannot be undone.',
    statuses: STATUSES.filter((status) => !ENDED.includes(status)),
    isDanger: true,
  },
  {
    id: 'REPLAY',
    verb: 'Replay',
    done: 'replayed',
    effect:
      'Each is done again by a new run with the same payload, under its job as it is now. The failed runs stay as they are.',
    statuses: FAILURES,
    isDanger: false,
  },
  {
    id: 'REPLAY_DEAD_LETTERS',
    verb: 'Replay dead letters',
    done: 'queued again',
    effect: 'Each goes back into the queue as it is, with its first attempt before it.',
    statuses: ['DEAD_LETTER'],
    isDanger: false,
  },
  {
    id: 'RESCHEDULE',
    verb: 'Reschedule',
    done: 'rescheduled',
    effect: 'They start at the moment you choose. Only runs that nobody has started yet can be moved.',
    statuses: ['DELAYED', 'QUEUED'],
    isDanger: false,
  },
];
