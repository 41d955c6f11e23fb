import type { Rest } from './rest.ts';
import { followSubscription } from './subscription.ts';

const SUBSCRIPTION = `subscription ($runId: ID!, $streamId: String, $after: String) {
  runChunks(runId: $runId, streamId: $streamId, after: $after) { cursor streamId chunk done attempt createdAt }
}`;

/** A piece of text that a run has streamed. */
export interface RunChunk {
  /** Where it stands, to go on from. */
  readonly cursor: string;
  readonly streamId: string;
  /** Null for pieces that Baton no longer keeps, which it does for seven days. */
  readonly chunk: string | null;
  /** Whether the stream ended with it; another attempt of the run may begin it anew. */
  readonly done: boolean;
  readonly attempt: number;
  /** RFC 3339. */
  readonly createdAt: string;
}

/** Which stream of a run to follow, where to start and when to stop. */
export interface StreamRunOptions {
  /** One stream; all streams of the run when left out. */
  readonly streamId?: string;
  /** The `cursor` after which to start; the beginning when left out. */
  readonly after?: string;
  readonly signal?: AbortSignal;
}

/** Follows what a run streams until the run ends, as `watchRun` follows its events. */
export function streamRun(
  rest: Rest,
  runId: string,
  { streamId, after = '0', signal, isOver }: StreamRunOptions & { readonly isOver: () => Promise<boolean> },
): AsyncGenerator<RunChunk, void, undefined> {
  return followSubscription(
    rest,
    {
      document: SUBSCRIPTION,
      field: 'runChunks',
      variables: (cursor: string) => ({ runId, streamId, after: cursor }),
      start: after,
      // The document above asks for exactly the fields of a chunk.
      toItem: (chunk) => (typeof chunk['cursor'] === 'string' ? (chunk as unknown as RunChunk) : null),
      cursorOf: ({ cursor }) => cursor,
      isAfter: ({ cursor }, last) => compare(cursor, last) > 0,
      isLast: () => false,
      isOver,
    },
    signal,
  );
}

/** Orders cursors: numbers of events, then places in them, where no place is the end of the event. */
function compare(a: string, b: string): number {
  const [seqA = 0, placeA = Number.POSITIVE_INFINITY] = a.split('.').map(Number);
  const [seqB = 0, placeB = Number.POSITIVE_INFINITY] = b.split('.').map(Number);
  return seqA - seqB || (placeA === placeB ? 0 : placeA - placeB);
}
