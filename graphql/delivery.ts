import { AppError } from '../src/core/errors.ts';

/**
 * What a subscription and the transport that carries it tell each other beside its data: where a client that comes back was, and where
 * it will be after each event. A document need not ask for cursors for its stream to be resumable.
 */
export interface Delivery {
  /** The cursor of the last event that a client which comes back has seen; null for one that does not say. */
  readonly lastEventId: string | null;
  /** The event under way takes its client to `cursor`; it became known at `since`, null when that says nothing about a delay. */
  readonly deliver: (event: { readonly cursor: string; readonly since: Date | null }) => void;
  /** The client that came back has seen everything, and nothing more will come. */
  readonly concludes: () => void;
}

/** Where a subscription over numbered events goes on: a client that comes back is further than its document says. */
export function seqAfter({ lastEventId }: Delivery, after: number | null | undefined): number | null {
  if (lastEventId === null) return after ?? null;
  if (!/^\d{1,9}$/.test(lastEventId))
    throw new AppError('BAD_REQUEST', 'Last-Event-ID must be the id of an event of this stream');
  return Number(lastEventId);
}

/**
 * Opens what a client follows to an end. One that comes back when there is nothing left to tell is not told so by an empty stream, after
 * which it would come back again.
 */
export async function openFinite<T>(
  delivery: Delivery,
  open: (refuseOver: boolean) => Promise<AsyncIterable<T>>,
): Promise<AsyncIterable<T>> {
  if (delivery.lastEventId === null) return open(false);
  try {
    return await open(true);
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'GONE')) throw error;
    delivery.concludes();
    return open(false);
  }
}
