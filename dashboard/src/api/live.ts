import type { TypedDocumentNode } from '@urql/core';
import { stringifyDocument } from '@urql/core';
import { createClient, type NetworkError } from 'graphql-sse';
import { signedOut } from './client.ts';
import { makeSignal } from './signal.ts';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

/**
 * All subscriptions of this tab share one connection: over HTTP/1.1 a browser has six for an origin, and the seventh request of all tabs
 * together would wait for ever. Retries are ours, because only we know the cursor to go on from.
 */
const events = createClient({
  url: '/graphql/stream',
  singleConnection: true,
  lazy: true,
  credentials: 'same-origin',
  retryAttempts: 0,
});

/** How many subscriptions are waiting to be connected again; above 0 what is shown may be old. */
export const interrupted = makeSignal(0);

/** What to follow and what to do with it. */
export interface Following<Data, Variables> {
  readonly document: TypedDocumentNode<Data, Variables>;
  /** The variables to subscribe with; `after` is the cursor of the last event seen, null at first. */
  readonly variables: (after: string | null) => Variables;
  /** The cursor of an event, to go on behind it after an interruption; null where the subscription begins with the present state. */
  readonly cursor: (data: Data) => string | null;
  readonly onData: (data: Data) => void;
  /** The server has completed the subscription: there is nothing more to come. */
  readonly onEnd?: () => void;
  /** The server has refused, in words; nothing more comes. */
  readonly onRefused?: (message: string) => void;
}

/** Follows a subscription until the function it returns is called, across broken connections and restarts of the server. */
export function follow<Data, Variables extends Record<string, unknown>>(following: Following<Data, Variables>): () => void {
  const query = stringifyDocument(following.document);
  let after: string | null = null;
  let failures = 0;
  let isInterrupted = false;
  let stopped = false;
  let dispose = () => {};
  let timer: ReturnType<typeof setTimeout> | undefined;

  function mark(value: boolean): void {
    if (value === isInterrupted) return;
    isInterrupted = value;
    interrupted.set(interrupted.get() + (value ? 1 : -1));
  }

  function finish(): void {
    stopped = true;
    clearTimeout(timer);
    mark(false);
  }

  function connect(): void {
    dispose = events.subscribe<Data>(
      { query, variables: following.variables(after) },
      {
        next({ data, errors }) {
          if (stopped) return;
          if (errors) return refuse(errors[0]?.message ?? '', errors[0]?.extensions?.['code']);
          failures = 0;
          mark(false);
          if (!data) return;
          after = following.cursor(data) ?? after;
          following.onData(data);
        },
        error: retry,
        complete() {
          if (stopped) return;
          finish();
          following.onEnd?.();
        },
      },
    );
  }

  /** Says no in the protocol's own way; what the server cannot do just now is tried again. */
  function refuse(message: string, code: unknown): void {
    if (code === 'UNAVAILABLE' || code === 'RATE_LIMITED') {
      retry(null);
      return;
    }
    if (code === 'UNAUTHENTICATED') signedOut.set(true);
    finish();
    dispose();
    following.onRefused?.(message);
  }

  function retry(error: unknown): void {
    if (stopped) return;
    if ((error as NetworkError | null)?.response?.status === 401) {
      finish();
      signedOut.set(true);
      return;
    }
    mark(true);
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS) * (0.75 + Math.random() / 2);
    failures += 1;
    clearTimeout(timer);
    timer = setTimeout(connect, pause);
  }

  connect();
  return () => {
    if (stopped) return;
    finish();
    dispose();
  };
}
