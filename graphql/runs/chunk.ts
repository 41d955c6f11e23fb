import type { RunChunk as Chunk } from '../../src/domain/runs/chunk.ts';
import { builder } from '../builder.ts';

/** A piece of text that an executor streamed. */
export const RunChunk = builder.objectRef<Chunk>('RunChunk').implement({
  description: 'A piece of text that an executor streamed.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', {
      description: 'Where it stands in the story of the run: `after` this the stream goes on with the next piece.',
    }),
    runId: t.exposeID('runId', { description: 'The run.' }),
    seq: t.exposeInt('seq', { description: 'The number of its event, which pieces that were stored together share.' }),
    streamId: t.exposeString('streamId', { description: 'Which stream of the run it belongs to.' }),
    chunk: t.exposeString('chunk', {
      nullable: true,
      description: 'The text; null for pieces that are no longer kept, which is for seven days.',
    }),
    done: t.exposeBoolean('done', { description: 'Whether the stream ended with it; another attempt may begin it anew.' }),
    attempt: t.exposeInt('attempt', { description: 'The attempt that streamed it.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was stored.' }),
  }),
});
