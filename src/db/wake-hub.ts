import type { Pool } from 'pg';

/** The channel every process on a database listens to. */
export const WAKE_CHANNEL = 'baton';

/** Least time between two NOTIFYs, in which wakes are gathered: one takes a database-wide lock at commit, so it must be rare. */
const COALESCE_MS = 25;
/** NOTIFY refuses 8,000 bytes; this many UUIDs fit with the sender's id in front. */
const MAX_IDS = 200;
const EVERYTHING = '*';

/**
 * Hints that something about a run changed, within this process at once and to the others within {@link COALESCE_MS}. The rows are the
 * truth: a hint may come twice, late, or never, and whoever waits for one also looks by himself from time to time.
 */
export interface WakeHub {
  /** Events were added to these runs, or something about these batches changed. */
  wake(ids: readonly string[]): void;
  /** The present claim of these runs was ended from outside (cancel, pause): whoever dispatches them should stop. */
  stop(runIds: readonly string[]): void;
  /** Runs changed of which nobody has to be woken by name: new ones. */
  stir(): void;
  /** Calls back whenever any run may have changed; returns the unsubscribe function. */
  onStir(callback: () => void): () => void;
  /** Calls back whenever there may be something new about the run or batch; returns the unsubscribe function. */
  onWake(id: string, callback: () => void): () => void;
  /** Calls back with runs whose claim was ended, null for "any may have been". */
  onStop(callback: (runIds: readonly string[] | null) => void): void;
  /** Says to the others that there is one more to notify; to be called once this process listens. */
  greet(): void;
  /** Whether anybody else is on this database; while nobody is, nothing is sent. A greeting makes it true at once. */
  setHasPeers(hasPeers: boolean): void;
  /** Takes a notification from the listening connection. */
  receive(payload: string): void;
  /** Wakes everybody: called after the listening connection was lost, since hints were missed. */
  wakeAll(): void;
  /** Number of run subscriptions, for metrics and leak tests. */
  subscriptions(): number;
  /** Sends what is gathered and stops sending. */
  close(): Promise<void>;
}

interface WakeHubDeps {
  readonly pool: Pool;
  /** This process, so that it does not answer its own echo. */
  readonly sender: string;
  /** A hint could not be sent; nothing is lost, since waiters poll. */
  readonly onError: (error: unknown) => void;
}

type Kind = 'wake' | 'stop';
const GREETING = 'greet';
/** Sent when there is nothing else to say: every other hint stirs as well. */
const STIR = 'stir';

/** Makes a {@link WakeHub}. */
export function makeWakeHub(deps: WakeHubDeps): WakeHub {
  const waiters = new Map<string, Set<() => void>>();
  const stopCallbacks: ((runIds: readonly string[] | null) => void)[] = [];
  const stirCallbacks = new Set<() => void>();
  const outbox = { wake: new Set<string>(), stop: new Set<string>() };
  let timer: NodeJS.Timeout | null = null;
  let sentAt = Number.NEGATIVE_INFINITY;
  let sending: Promise<void> = Promise.resolve();
  let closed = false;
  let hasPeers = true;
  let isStirred = false;

  function wakeLocal(ids: readonly string[]): void {
    for (const id of ids) for (const callback of waiters.get(id) ?? []) callback();
  }

  function stirLocal(): void {
    for (const callback of stirCallbacks) callback();
  }

  function stopLocal(runIds: readonly string[] | null): void {
    for (const callback of stopCallbacks) callback(runIds);
  }

  function enqueue(kind: Kind, runIds: readonly string[]): void {
    if (closed || !hasPeers) return;
    for (const runId of runIds) outbox[kind].add(runId);
    // The first one after a pause goes out at once.
    timer ??= setTimeout(send, Math.max(0, sentAt + COALESCE_MS - performance.now()));
  }

  function send(): void {
    timer = null;
    sentAt = performance.now();
    const payloads = (['wake', 'stop'] as const).flatMap((kind) =>
      outbox[kind].size > 0 ? [encode(deps.sender, kind, outbox[kind])] : [],
    );
    outbox.wake.clear();
    outbox.stop.clear();
    if (payloads.length === 0 && isStirred) payloads.push(`${deps.sender} ${STIR}`);
    isStirred = false;
    if (payloads.length > 0) notify(payloads);
  }

  function notify(payloads: readonly string[]): void {
    sending = deps.pool
      .query({ name: 'notify', text: `select pg_notify('${WAKE_CHANNEL}', p) from unnest($1::text[]) as p`, values: [payloads] })
      .then(() => undefined, deps.onError);
  }

  function wakeAll(): void {
    for (const callbacks of waiters.values()) for (const callback of callbacks) callback();
    stirLocal();
    stopLocal(null);
  }

  return {
    wake(ids) {
      wakeLocal(ids);
      stirLocal();
      enqueue('wake', ids);
    },
    stir() {
      stirLocal();
      isStirred = true;
      enqueue('wake', []);
    },
    onStir(callback) {
      stirCallbacks.add(callback);
      return () => stirCallbacks.delete(callback);
    },
    stop(runIds) {
      stopLocal(runIds);
      enqueue('stop', runIds);
    },
    onWake(id, callback) {
      const callbacks = waiters.get(id) ?? new Set();
      waiters.set(id, callbacks.add(callback));
      return () => {
        callbacks.delete(callback);
        if (callbacks.size === 0) waiters.delete(id);
      };
    },
    onStop(callback) {
      stopCallbacks.push(callback);
    },
    greet() {
      notify([`${deps.sender} ${GREETING}`]);
    },
    setHasPeers(value) {
      hasPeers = value;
    },
    receive(payload) {
      const [sender, kind, ids = ''] = payload.split(' ');
      if (sender === deps.sender) return;
      hasPeers = true;
      if (kind === GREETING) return;
      stirLocal();
      if (kind === STIR) return;
      if (ids === EVERYTHING) wakeAll();
      else if (kind === 'stop') stopLocal(ids.split(','));
      else wakeLocal(ids.split(','));
    },
    wakeAll,
    subscriptions: () => [...waiters.values()].reduce((sum, callbacks) => sum + callbacks.size, 0),
    async close() {
      closed = true;
      if (timer) {
        clearTimeout(timer);
        send();
      }
      await sending;
    },
  };
}

function encode(sender: string, kind: Kind, runIds: ReadonlySet<string>): string {
  return `${sender} ${kind} ${runIds.size > MAX_IDS ? EVERYTHING : [...runIds].join(',')}`;
}
