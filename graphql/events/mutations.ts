import { cancelEvent } from '../../src/domain/events/cancel-event.ts';
import { sendEvent, sendEventsByPrefix } from '../../src/domain/events/send-event.ts';
import { type EventWaiting, WaitForEventInput, waitForEvent } from '../../src/domain/events/wait-for-event.ts';
import { builder } from '../builder.ts';
import { describedBy, leavingOutNulls } from '../input.ts';
import { ownRun } from '../runs/own-run.ts';
import { rowSelection } from '../selection.ts';
import { EventTrigger } from './type.ts';

const SentEvents = builder
  .objectRef<{ readonly resolved: number; readonly triggers: { readonly id: string }[] }>('SentEvents')
  .implement({
    description: 'What sending to a prefix has led to.',
    fields: (t) => ({
      resolved: t.exposeInt('resolved', { description: 'How many waits it has ended.' }),
      triggers: t.field({
        type: [EventTrigger],
        description: 'The waits it has ended, in the order of their keys.',
        resolve: ({ triggers }) => triggers,
      }),
    }),
  });

const awaited = describedBy(WaitForEventInput);
const WaitForEvent = builder
  .inputType('WaitForEventInput', {
    description: 'Which event to wait for, and how long.',
    fields: (t) => ({
      eventKey: t.string({ required: true, ...awaited.eventKey }),
      timeoutSecs: t.int(awaited.timeoutSecs),
      notifyUrl: t.string(awaited.notifyUrl),
    }),
  })
  .validate(leavingOutNulls(WaitForEventInput));

const EventWait = builder.objectRef<EventWaiting>('EventWait').implement({
  description: 'A wait for an event that has begun.',
  fields: (t) => ({
    eventKey: t.exposeString('eventKey', { description: 'The key that the event is sent to.' }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      description: 'When the wait ends without it, and the run as timed out.',
    }),
    triggerId: t.exposeID('triggerId', { description: 'The event trigger.' }),
  }),
});

builder.mutationFields((t) => {
  const authScopes = { scope: 'runs:write' } as const;
  const payload = t.arg({ type: 'JSON', description: 'What to send, any JSON up to 1 MB; null when left out.' });
  return {
    sendEvent: t.field({
      type: EventTrigger,
      description:
        'Sends an event to whoever waits for its key, and wakes that run. The same payload again is answered alike; CONFLICT when nobody waits any more, NOT_FOUND when nobody ever has. Requires `runs:write`.',
      args: { key: t.arg.string({ required: true, description: 'The key.' }), payload },
      authScopes,
      resolve: async (_root, { key, payload }, { actor, runs }) => ({
        id: await sendEvent(actor, key, { payload: payload ?? null }, runs),
      }),
    }),
    sendEventsByPrefix: t.field({
      type: SentEvents,
      description:
        'Sends one payload to every wait whose key starts with a prefix: at most 1,000 at once, fewer for payloads above 16 KB. Call again until nothing is resolved. Requires `runs:write`.',
      args: {
        prefix: t.arg.string({ required: true, description: 'What the keys start with; no character has a meaning of its own.' }),
        payload,
      },
      complexity: { field: 1, multiplier: 1 },
      authScopes,
      resolve: async (_root, { prefix, payload }, context, info) => {
        const ids = await sendEventsByPrefix(context.actor, prefix, { payload: payload ?? null }, context.runs);
        const rows = await context.prisma.wait.findMany({
          ...rowSelection(context, info, ['triggers']),
          where: { id: { in: ids }, projectId: context.actor.projectId },
        });
        const byId = new Map(rows.map((row) => [row.id, row]));
        return { resolved: ids.length, triggers: ids.map((id) => byId.get(id) ?? { id }) };
      },
    }),
    cancelEventTrigger: t.field({
      type: EventTrigger,
      description:
        'Ends the wait for a key and cancels the run that waits; CONFLICT when nobody waits any more, NOT_FOUND when nobody ever has. Requires `runs:write`.',
      args: { key: t.arg.string({ required: true, description: 'The key.' }) },
      authScopes,
      resolve: async (_root, { key }, { actor, runs }) => ({ id: await cancelEvent(actor, key, runs) }),
    }),
    waitForEvent: t.field({
      type: EventWait,
      description:
        'Puts the run to sleep until an event is sent to a key; it is then dispatched again as the same attempt, with the payload in its state under `event:<key>`. CONFLICT when the key is in use. Requires the run token of an attempt.',
      args: { input: t.arg({ type: WaitForEvent, required: true, description: 'Which event, and how long.' }) },
      authScopes: { runToken: true },
      resolve: (_root, { input }, context) => waitForEvent(ownRun(context), input, context.runs),
    }),
  };
});
