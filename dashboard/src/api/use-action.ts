import type { TypedDocumentNode } from '@urql/core';
import { useCallback, useState } from 'react';
import { useClient } from 'urql';
import { ProblemError, toProblem } from './problem.ts';

/** Something a person can do, by a mutation. */
export interface Action<Data, Variables> {
  /** Does it; rejects with a {@link ProblemError} when the server says no. */
  readonly run: (variables: Variables) => Promise<Data>;
  readonly isRunning: boolean;
}

/** A mutation as a function, with the state that a button needs. */
export function useAction<Data, Variables extends Record<string, unknown>>(
  document: TypedDocumentNode<Data, Variables>,
): Action<Data, Variables> {
  const client = useClient();
  const [running, setRunning] = useState(0);
  const run = useCallback(
    async (variables: Variables): Promise<Data> => {
      setRunning((count) => count + 1);
      try {
        const { data, error } = await client.mutation(document, variables).toPromise();
        if (error) throw new ProblemError(toProblem(error));
        return data as Data;
      } finally {
        setRunning((count) => count - 1);
      }
    },
    [client, document],
  );
  return { run, isRunning: running > 0 };
}
