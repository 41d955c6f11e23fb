import { AppError } from '../../src/core/errors.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { type RunChunk as Chunk, piecesOf, readChunkCursor } from '../../src/domain/runs/chunk.ts';
import { MAX_PAGE, type PageInput } from '../../src/domain/runs/page.ts';
import { builder } from '../builder.ts';
import { type Connection, connectionOf, DEFAULT_PAGE } from '../connection.ts';
import type { GraphQLContext } from '../context.ts';
import { RunChunk } from './chunk.ts';
import { Run } from './type.ts';

builder.prismaObjectField(Run, 'chunks', (t) =>
  t.connection(
    {
      type: RunChunk,
      description:
        'What it has streamed, piece by piece, in order; read forwards only. A cursor is that of its piece. Requires `runs:read`.',
      args: { streamId: t.arg.string({ description: 'One stream; all of them when left out.' }) },
      authScopes: { scope: 'runs:read' },
      resolve: ({ id }, { streamId, ...page }, context) => listChunks({ runId: id, streamId: streamId ?? null }, page, context),
    },
    { name: 'RunChunkConnection', description: 'A page of pieces of streamed text.' },
    { name: 'RunChunkEdge', description: 'A piece on a page.' },
  ),
);

/** A page of pieces. An event has at least one, so as many events as pieces are asked for are enough. */
async function listChunks(
  { runId, streamId }: { readonly runId: string; readonly streamId: string | null },
  { first, after, last, before }: PageInput,
  { prisma }: GraphQLContext,
): Promise<Connection<Chunk>> {
  if (last != null || before != null) throw new AppError('BAD_REQUEST', 'chunks are read forwards: give first and after');
  const size = first ?? DEFAULT_PAGE;
  if (size < 1 || size > MAX_PAGE) throw new AppError('BAD_REQUEST', `a page has 1 to ${MAX_PAGE} rows`);
  const from = readChunkCursor(after ?? '0');
  const events = await prisma.runEvent.findMany({
    where: {
      runId,
      type: 'chunk',
      seq: from.place > 0 ? { gte: from.seq } : { gt: from.seq },
      ...(streamId !== null && { data: { path: ['stream_id'], equals: streamId } }),
    },
    orderBy: { seq: 'asc' },
    // One more piece than the page has, and the event the cursor is in may have none left.
    take: size + 2,
  });
  const pieces = events.flatMap((event) =>
    piecesOf(
      // Only `Chunks` write events of this type, with an object of theirs.
      { ...event, data: event.data as JsonObject | null },
      event.seq === from.seq ? from.place : 0,
    ),
  );
  const edges = pieces.slice(0, size).map((node) => ({ cursor: node.cursor, node }));
  return connectionOf(edges, { hasNextPage: pieces.length > size, hasPreviousPage: after != null });
}
