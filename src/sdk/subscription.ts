import { BatonError, isTransient } from './errors.ts';
import { graphqlError } from './graphql.ts';
import { asRecord, open } from './http.ts';
import type { Rest } from './rest.ts';
import { backoffMs } from './retry.ts';
import { parseSse } from './sse.ts';

/** How long a stream is reopened without success before its error is thrown. */
const OUTAGE_MS = 120_000;
/** Baton sends a comment every 15 s; a stream silent for this long is dead. */
const SILENCE_MS = 45_000;

/** A GraphQL subscription that goes on after a cursor. */
export interface ResumableSubscription<Cursor, Item> {
  readonly document: string;
  /** The field of the document that carries an item. */
  readonly field: string;
  /** The variables of a connection that goes on after `after`. */
  readonly variables: (after: Cursor) => object;
  readonly start: Cursor;
  /** Reads an item; null for what is none. */
  readonly toItem: (fields: Readonly<Record<string, unknown>>) => Item | null;
  readonly cursorOf: (item: Item) => Cursor;
  /** Whether an item comes after a cursor: one that was seen before is passed over. */
  readonly isAfter: (item: Item, cursor: Cursor) => boolean;
  /** Whether nothing comes after an item. */
  readonly isLast: (item: Item) => boolean;
  /** Asked when the server ends the stream: whether that is all, or it is only the server that ends. */
  readonly isOver: () => Promise<boolean>;
}

/**
 * Follows a subscription to its end: what there is, then what comes, each item once, over lost connections and server restarts. Throws the
 * reason of the signal when that aborts, and what Baton refuses.
 */
export async function* followSubscription<Cursor, Item>(
  rest: Rest,
  spec: ResumableSubscription<Cursor, Item>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Item, void, undefined> {
  let after = spec.start;
  let failures = 0;
  let failingSince = rest.clock.now();
  /** Whether it was known to be over before the present connection was opened. */
  let over = false;
  for (;;) {
    try {
      let told = false;
      for await (const item of subscribe(rest, spec, { after, signal })) {
        told = true;
        failures = 0;
        if (!spec.isAfter(item, after)) continue;
        after = spec.cursorOf(item);
        yield item;
        if (spec.isLast(item)) return;
      }
      // A server that stops ends a stream too, and the rest of it may be told before anybody asks: only who is told nothing of what
      // is over has heard everything.
      if (over && !told) return;
      over = await spec.isOver();
      if (over) continue;
      // Closed while the run goes on: the server stops. It may take a moment until one answers again.
    } catch (error) {
      signal?.throwIfAborted();
      const givenUp = failures > 0 && rest.clock.now() - failingSince > OUTAGE_MS;
      if (!(error instanceof BatonError) || !isTransient(error) || givenUp) throw error;
    }
    if (failures === 0) failingSince = rest.clock.now();
    failures += 1;
    await rest.clock.sleep(backoffMs(failures, rest.clock), signal);
  }
}

async function* subscribe<Cursor, Item>(
  rest: Rest,
  { document, field, variables, toItem }: ResumableSubscription<Cursor, Item>,
  { after, signal }: { readonly after: Cursor; readonly signal: AbortSignal | undefined },
): AsyncGenerator<Item, void, undefined> {
  const connection = new AbortController();
  const disconnect = (): void => connection.abort();
  let silence = setTimeout(disconnect, SILENCE_MS);
  signal?.addEventListener('abort', disconnect, { once: true });
  try {
    signal?.throwIfAborted();
    const response = await open(rest.target, {
      method: 'POST',
      path: '/graphql',
      json: JSON.stringify({ query: document, variables: variables(after) }),
      headers: { accept: 'text/event-stream' },
      signal: connection.signal,
    });
    if (!response.headers.get('content-type')?.startsWith('text/event-stream') || !response.body) {
      throw graphqlError(await response.json(), response.status);
    }
    const heard = (): void => {
      clearTimeout(silence);
      silence = setTimeout(disconnect, SILENCE_MS);
    };
    for await (const message of parseSse(listen(response.body, heard))) {
      if (message.event === 'complete') return;
      if (message.event !== 'next') continue;
      const result: unknown = JSON.parse(message.data);
      const item = toItem(asRecord(asRecord(asRecord(result)['data'])[field]));
      if (item === null) throw graphqlError(result, response.status);
      yield item;
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof BatonError ? error : broken(error);
  } finally {
    clearTimeout(silence);
    signal?.removeEventListener('abort', disconnect);
    disconnect();
  }
}

async function* listen(body: ReadableStream<Uint8Array>, heard: () => void): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    heard();
    yield part.value;
  }
}

function broken(cause: unknown): BatonError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new BatonError(`the event stream broke: ${reason}`, { status: 0, code: 'NETWORK', cause });
}
