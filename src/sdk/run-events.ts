import type { Rest } from './rest.ts';
import { isFinal, type RunStatus } from './run-status.ts';
import { followSubscription } from './subscription.ts';

const SUBSCRIPTION = `subscription ($runId: ID!, $after: Int, $type: [RunEventType!], $level: [LogLevel!]) {
  runEvents(runId: $runId, after: $after, type: $type, level: $level) { seq type level message data fromStatus toStatus createdAt }
}`;

/** One entry of a run's history. */
export interface RunEvent {
  /** Counts from 1 without gaps within the run; the cursor to resume from. */
  readonly seq: number;
  /** What it is: `log`, `progress`, `state_change`, `output`, `error` … */
  readonly type: string;
  readonly level: string;
  readonly message: string;
  readonly data: unknown;
  /** Set on status changes. */
  readonly fromStatus: RunStatus | null;
  readonly toStatus: RunStatus | null;
  /** RFC 3339. */
  readonly createdAt: string;
}

/** Where to start, what to leave out and when to stop watching a run. */
export interface WatchOptions {
  /** The `seq` after which to start; 0 (default) is the beginning. */
  readonly after?: number;
  /** Only events of these types: `log`, `progress` …; all when left out. */
  readonly types?: readonly string[];
  /** Only events of these levels: `debug`, `info`, `warn`, `error`. */
  readonly levels?: readonly string[];
  readonly signal?: AbortSignal;
}

/**
 * Follows the history of a run until it ends: first what there is, then what comes, each event once, over lost connections and server
 * restarts. `isOver` is asked when the server closes the stream without an event that has a final status.
 */
export function watchRun(
  rest: Rest,
  runId: string,
  { after = 0, types, levels, signal, isOver }: WatchOptions & { readonly isOver: () => Promise<boolean> },
): AsyncGenerator<RunEvent, void, undefined> {
  const type = types?.map(upper);
  const level = levels?.map(upper);
  return followSubscription(
    rest,
    {
      document: SUBSCRIPTION,
      field: 'runEvents',
      variables: (seq: number) => ({ runId, after: seq, type, level }),
      start: after,
      toItem: toRunEvent,
      cursorOf: ({ seq }) => seq,
      isAfter: ({ seq }, cursor) => seq > cursor,
      isLast: ({ toStatus }) => toStatus !== null && isFinal(toStatus),
      isOver,
    },
    signal,
  );
}

function toRunEvent(event: Readonly<Record<string, unknown>>): RunEvent | null {
  if (typeof event['seq'] !== 'number') return null;
  const lower = (value: unknown) => (typeof value === 'string' ? value.toLowerCase() : null);
  // The document above asks for exactly these fields. GraphQL writes enums in capitals, everything else in Baton does not.
  return {
    ...event,
    type: lower(event['type']),
    level: lower(event['level']),
    fromStatus: lower(event['fromStatus']),
    toStatus: lower(event['toStatus']),
  } as RunEvent;
}

function upper(word: string): string {
  return word.toUpperCase();
}
