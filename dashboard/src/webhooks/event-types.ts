import type { Subscription } from './documents.ts';

/** Something a subscription can be told of. */
export type EventType = Subscription['eventTypes'][number];

/** What can be subscribed to, by what it is about. */
export const EVENT_GROUPS: readonly { readonly title: string; readonly types: readonly EventType[] }[] = [
  {
    title: 'Runs',
    types: [
      'RUN_COMPLETED',
      'RUN_FAILED',
      'RUN_TIMED_OUT',
      'RUN_CRASHED',
      'RUN_SYSTEM_FAILED',
      'RUN_CANCELED',
      'RUN_EXPIRED',
      'RUN_DEAD_LETTER',
    ],
  },
  { title: 'Workflow runs', types: ['WORKFLOW_COMPLETED', 'WORKFLOW_FAILED', 'WORKFLOW_TIMED_OUT', 'WORKFLOW_CANCELED'] },
];

/** `RUN_TIMED_OUT` as it stands in the message: `run.timed_out`. */
export function eventName(type: string): string {
  const cut = type.indexOf('_');
  return `${type.slice(0, cut)}.${type.slice(cut + 1)}`.toLowerCase();
}
