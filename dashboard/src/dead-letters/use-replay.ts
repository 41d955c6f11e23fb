import { useCallback, useEffect, useRef, useState } from 'react';
import { ProblemError } from '../api/problem.ts';
import { useAction } from '../api/use-action.ts';
import { ReplayDeadLettersMutation, type RunFilter } from './documents.ts';

/** So many are replayed by one request: enough to be quick, few enough to be stopped in time. */
const PIECE = 100;
/** Failures are listed up to here; their number is told in any case. */
const MAX_LISTED = 20;

/** How far a replay of many is. */
export interface Replay {
  readonly state: 'idle' | 'running' | 'stopped' | 'done';
  readonly replayed: number;
  readonly failed: number;
  readonly failures: readonly { readonly id: string; readonly error: string }[];
  /** Why it could not go on. */
  readonly problem: string | null;
}

const IDLE: Replay = { state: 'idle', replayed: 0, failed: 0, failures: [], problem: null };

/** Replays what a filter means, a piece at a time; it can be stopped between two pieces, and stops by itself when its screen is left. */
export function useReplay() {
  const { run } = useAction(ReplayDeadLettersMutation);
  const [replay, setReplay] = useState(IDLE);
  const isWanted = useRef(false);
  useEffect(
    () => () => {
      isWanted.current = false;
    },
    [],
  );

  const start = useCallback(
    async (filter: RunFilter) => {
      isWanted.current = true;
      setReplay({ ...IDLE, state: 'running' });
      let after: string | null = null;
      try {
        do {
          const { replayDeadLetters: piece } = await run({ input: { filter, limit: PIECE, ...(after !== null && { after }) } });
          after = piece.endCursor;
          setReplay((before) => ({
            ...before,
            replayed: before.replayed + piece.replayed,
            failed: before.failed + piece.failed,
            failures: [
              ...before.failures,
              ...piece.results.flatMap(({ id, error }) => (error === null ? [] : [{ id, error }])),
            ].slice(0, MAX_LISTED),
          }));
        } while (after !== null && isWanted.current);
        setReplay((before) => ({ ...before, state: after === null ? 'done' : 'stopped' }));
      } catch (error) {
        // Somebody else has replayed them in the meantime: there is nothing left to do.
        const isOver = error instanceof ProblemError && error.problem.code === 'CONFLICT';
        const problem = isOver ? null : error instanceof Error ? error.message : String(error);
        setReplay((before) => ({ ...before, state: 'done', problem }));
      }
    },
    [run],
  );
  const stop = useCallback(() => {
    isWanted.current = false;
  }, []);
  return { replay, start, stop };
}
