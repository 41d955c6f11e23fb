import { useEffect, useRef } from 'react';
import { type Following, follow } from './live.ts';

/**
 * Follows a subscription while the component is shown. `key` says what is followed: when it changes, the old one ends and a new one
 * begins; null follows nothing. The callbacks may change freely.
 */
export function useLive<Data, Variables extends Record<string, unknown>>(
  key: string | null,
  following: Following<Data, Variables>,
): void {
  const current = useRef(following);
  current.current = following;
  useEffect(() => {
    if (key === null) return;
    return follow<Data, Variables>({
      document: current.current.document,
      variables: (after) => current.current.variables(after),
      cursor: (data) => current.current.cursor(data),
      onData: (data) => current.current.onData(data),
      onEnd: () => current.current.onEnd?.(),
      onRefused: (message) => current.current.onRefused?.(message),
    });
  }, [key]);
}
