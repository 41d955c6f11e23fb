import type { ContractCase } from './contract-cases.ts';
import { documentedShape } from './documented-shapes.ts';
import type { AcceptedRun, RestWorld } from './rest-world.ts';

const trigger = documentedShape('EventTrigger');
let keys = 0;

/** A key that nobody has used; with characters that a URL would take for its own. */
export function freshEventKey(): string {
  return `order/${++keys}?approved=*`;
}

/** A run that waits for an event, and the key of that. */
export async function waitingRun(world: RestWorld, key = freshEventKey()): Promise<AcceptedRun & { readonly key: string }> {
  const run = await world.accepted();
  await world.done('POST', `/sdk/v1/runs/${run.id}/wait-for-event`, {
    key: run.token,
    body: { event_key: key },
  });
  return { ...run, key };
}

/** The routes of events, by operation id. */
export const eventCases: Readonly<Record<string, ContractCase>> = {
  waitForEvent: {
    request: async (world) => ({
      ...(await world.accepted()),
      body: { event_key: freshEventKey(), timeout_secs: 60, notify_url: 'http://127.0.0.1:9/told' },
    }),
    status: 200,
    body: documentedShape('EventWait'),
    scope: null,
  },
  listEvents: {
    request: async (world) => {
      await waitingRun(world);
      return { query: 'project_id=default&status=waiting&source_type=job_run&limit=5' };
    },
    status: 200,
    body: [trigger],
    scope: 'runs:read',
  },
  getEventStats: { request: () => ({}), status: 200, body: documentedShape('EventStats'), scope: 'runs:read' },
  getEvent: { request: async (world) => ({ id: (await waitingRun(world)).key }), status: 200, body: trigger, scope: 'runs:read' },
  cancelEvent: {
    request: async (world) => ({ id: (await waitingRun(world)).key }),
    status: 200,
    body: trigger,
    scope: 'runs:write',
  },
  sendEvent: {
    request: async (world) => ({ id: (await waitingRun(world)).key, body: { payload: { approved: true } } }),
    status: 200,
    body: trigger,
    scope: 'runs:write',
  },
  sendEventsByPrefix: {
    request: async (world) => {
      const { key } = await waitingRun(world);
      return { id: key.slice(0, -1), body: { payload: { approved: true } } };
    },
    status: 200,
    body: documentedShape('SentEvents'),
    scope: 'runs:write',
  },
};
