import { useCallback, useState } from 'react';
import { useAction } from '../api/use-action.ts';
import { useLive } from '../api/use-live.ts';
import { CanaryEvents, ReplayDeadLettersMutation, type RunFilter } from './documents.ts';

/** One dead letter that was replayed before the others, and how it fares. */
export interface Canary {
  readonly runId: string;
  readonly status: string;
  /** What the last change of its status said: the error, when it has failed. */
  readonly message: string;
  readonly hasEnded: boolean;
  /** When it was put back into the queue, by the server's clock: what its story says before is of its earlier life. */
  readonly since: string;
}

/** Replays the oldest dead letter of those that a filter means, and follows it to its end. */
export function useCanary() {
  const { run, isRunning } = useAction(ReplayDeadLettersMutation);
  const [canary, setCanary] = useState<Canary | null>(null);

  useLive(canary === null ? null : canary.runId, {
    document: CanaryEvents,
    variables: (after) => ({ runId: canary?.runId ?? '', after: after === null ? null : Number(after) }),
    cursor: ({ runEvents }) => String(runEvents.seq),
    onData: ({ runEvents: { toStatus, message, createdAt } }) =>
      setCanary((before) =>
        before && toStatus && Date.parse(createdAt) >= Date.parse(before.since)
          ? { ...before, status: toStatus, message }
          : before,
      ),
    onEnd: () => setCanary((before) => before && { ...before, hasEnded: true }),
  });

  const send = useCallback(
    async (filter: RunFilter) => {
      const { replayDeadLetters } = await run({ input: { filter, limit: 1 } });
      const [first] = replayDeadLetters.runs;
      if (first === undefined) throw new Error(replayDeadLetters.results[0]?.error ?? 'There is no dead letter left to replay.');
      setCanary({
        runId: first.id,
        status: first.status,
        message: '',
        hasEnded: false,
        since: first.queuedAt ?? new Date(0).toISOString(),
      });
    },
    [run],
  );
  return { canary, send, isSending: isRunning };
}
