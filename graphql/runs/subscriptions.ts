import { tailChunks, tailRun } from '../../src/domain/runs/tail.ts';
import { builder } from '../builder.ts';
import { openFinite, seqAfter } from '../delivery.ts';
import { RunChunk } from './chunk.ts';
import { EventTypeEnum, LogLevelEnum } from './enums.ts';
import { RunEvent } from './event.ts';

const authScopes = { follow: 'runs:read' } as const;
const REFUSE_OVER =
  'Whether to answer GONE when the run has ended and nothing is left after `after`, or that was not given; otherwise its story is told and then completes.';

builder.subscriptionFields((t) => ({
  runEvents: t.field({
    type: RunEvent,
    description:
      'Follows the story of a run: every event after `after` in order, each once, then live; it completes when the run has ended and everything is told. To go on after a broken connection, give the `seq` of the last event seen. Requires `runs:read`.',
    args: {
      runId: t.arg.id({ required: true, description: 'The run to follow.' }),
      after: t.arg.int({ description: 'Only events with a higher `seq`; 0, or nothing, is the beginning.' }),
      type: t.arg({ type: [EventTypeEnum], description: 'Only events of these types.' }),
      typeNot: t.arg({ type: [EventTypeEnum], description: 'No events of these types.' }),
      level: t.arg({ type: [LogLevelEnum], description: 'Only events of these levels.' }),
      refuseOver: t.arg.boolean({ defaultValue: false, description: REFUSE_OVER }),
    },
    authScopes,
    subscribe: (_root, { after, type, typeNot, level, refuseOver, runId }, { actor, runs, delivery }) => {
      const input = { runId, after: seqAfter(delivery, after), types: type, except: typeNot, levels: level };
      return openFinite(delivery, (refuse) => tailRun(actor, { ...input, refuseOver: refuseOver || refuse }, runs));
    },
    resolve(event, _args, { delivery }) {
      delivery.deliver({ cursor: String(event.seq), since: event.createdAt });
      // Whoever reads a story sees nothing of the feed that lists are followed by.
      return { ...event, projectId: null, xid: null };
    },
  }),
  runChunks: t.field({
    type: RunChunk,
    description:
      'Follows what a run streams, piece by piece: every piece after `after` in order, each once, then live; it completes when the run has ended and everything is told. To go on after a broken connection, give the `cursor` of the last piece seen. Requires `runs:read`.',
    args: {
      runId: t.arg.id({ required: true, description: 'The run to follow.' }),
      streamId: t.arg.string({ description: 'One of its streams; all of them when left out.' }),
      after: t.arg.string({ description: 'Only pieces after this cursor; 0, or nothing, is the beginning.' }),
      refuseOver: t.arg.boolean({ defaultValue: false, description: REFUSE_OVER }),
    },
    authScopes,
    subscribe: (_root, { runId, streamId, after, refuseOver }, { actor, runs, delivery }) => {
      const input = { runId, streamId: streamId ?? null, after: delivery.lastEventId ?? after ?? null };
      return openFinite(delivery, (refuse) => tailChunks(actor, { ...input, refuseOver: refuseOver || refuse }, runs));
    },
    resolve(chunk, _args, { delivery }) {
      delivery.deliver({ cursor: chunk.cursor, since: chunk.createdAt });
      return chunk;
    },
  }),
}));
