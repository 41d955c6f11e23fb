import { BatonError, isTransient } from './errors.ts';
import { graphqlError } from './graphql.ts';
import { asRecord, open } from './http.ts';
import type { Rest } from './rest.ts';
import { backoffMs } from './retry.ts';
import { isFinal, type RunStatus } from './run-status.ts';
import { parseSse } from './sse.ts';

/** How long the stream is reopened without success before its error is thrown. */
const OUTAGE_MS = 120_000;
/** Baton sends a comment every 15 s; a stream silent for this long is dead. */
const SILENCE_MS = 45_000;

const SUBSCRIPTION = `subscription ($runId: ID!, $after: Int) {
  runEvents(runId: $runId, after: $after) { seq type level message data fromStatus toStatus createdAt }
}`;

/** One entry of a run's history. */
export interface RunEvent {
  /** Counts from 1 without gaps within the run; the cursor to resume from. */
  readonly seq: number;
  /** What it is: `log`, `progress`, `state_change`, `output`, `error` … */
  readonly type: string;
  readonly level: string;
  readonly message: string;
  readonly data: unknown;
  /** Set on status changes. */
  readonly fromStatus: RunStatus | null;
  readonly toStatus: RunStatus | null;
  /** RFC 3339. */
  readonly createdAt: string;
}

/** Where to start and when to stop following a run. */
export interface FollowOptions {
  /** The `seq` after which to start; 0 (default) is the beginning. */
  readonly after?: number;
  readonly signal?: AbortSignal;
}

/**
 * Follows the history of a run until it ends: first what there is, then what comes, each event once, over lost connections and server
 * restarts. Ends after the event with a final status. `isOver` is asked when the server closes the stream without one.
 */
export async function* followRun(
  rest: Rest,
  runId: string,
  options: FollowOptions & { readonly isOver: () => Promise<boolean> },
): AsyncGenerator<RunEvent, void, undefined> {
  let after = options.after ?? 0;
  let failures = 0;
  let failingSince = rest.clock.now();
  for (;;) {
    try {
      for await (const event of subscribe(rest, { runId, after }, options.signal)) {
        failures = 0;
        if (event.seq <= after) continue;
        after = event.seq;
        yield event;
        if (event.toStatus && isFinal(event.toStatus)) return;
      }
      if (await options.isOver()) return;
      // Closed while the run goes on: the server stops. It may take a moment until one answers again.
    } catch (error) {
      options.signal?.throwIfAborted();
      const givenUp = failures > 0 && rest.clock.now() - failingSince > OUTAGE_MS;
      if (!(error instanceof BatonError) || !isTransient(error) || givenUp) throw error;
    }
    if (failures === 0) failingSince = rest.clock.now();
    failures += 1;
    await rest.clock.sleep(backoffMs(failures, rest.clock), options.signal);
  }
}

async function* subscribe(
  rest: Rest,
  variables: { readonly runId: string; readonly after: number },
  signal: AbortSignal | undefined,
): AsyncGenerator<RunEvent, void, undefined> {
  const connection = new AbortController();
  const disconnect = (): void => connection.abort();
  let silence = setTimeout(disconnect, SILENCE_MS);
  signal?.addEventListener('abort', disconnect, { once: true });
  try {
    signal?.throwIfAborted();
    const response = await open(rest.target, {
      method: 'POST',
      path: '/graphql',
      json: JSON.stringify({ query: SUBSCRIPTION, variables }),
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
      if (message.event === 'next') yield toRunEvent(JSON.parse(message.data), response.status);
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

function toRunEvent(result: unknown, status: number): RunEvent {
  const event = asRecord(asRecord(asRecord(result)['data'])['runEvents']);
  if (typeof event['seq'] !== 'number') throw graphqlError(result, status);
  const lower = (value: unknown) => (typeof value === 'string' ? value.toLowerCase() : null);
  // The document above asks for exactly these fields. GraphQL writes enums in capitals, everything else in Baton does not.
  return {
    ...event,
    type: lower(event['type']),
    level: lower(event['level']),
    fromStatus: lower(event['fromStatus']),
    toStatus: lower(event['toStatus']),
  } as RunEvent;
}
