import { useState } from 'react';
import { useLive } from '../api/use-live.ts';
import { useCan } from '../app/viewer.tsx';
import { type Queue, QueueSubscription } from './documents.ts';

/** About ten minutes of a queue that changes all the time. */
const KEPT = 600;

/** Follows the queue of the project: how it stood since the screen was opened, the present last. */
export function useQueue(): readonly Queue[] {
  const [seen, setSeen] = useState<readonly Queue[]>([]);
  const canSee = useCan('STATS_READ');
  useLive(canSee ? 'queue' : null, {
    document: QueueSubscription,
    variables: () => ({}),
    // It begins with the present state.
    cursor: () => null,
    onData: ({ queueStats }) => setSeen((before) => [...before.slice(1 - KEPT), queueStats]),
  });
  return seen;
}
