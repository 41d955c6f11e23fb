import { type Actor, actorName } from '../auth/actor.ts';
import { AppError } from '../core/errors.ts';

/** Through which door a stream was opened. */
export const STREAM_KINDS = ['graphql', 'graphql-single', 'rest'] as const;

/** A member of {@link STREAM_KINDS}. */
export type StreamKind = (typeof STREAM_KINDS)[number];

/** Seconds after which somebody who was refused may ask again. */
const RETRY_AFTER_SECS = 5;
/** How often the keys behind open streams are looked up: how long a revoked key goes on reading at most, with a query on top. */
const CHECK_MS = 5_000;

/** The permission to hold one stream open. */
export interface StreamPass {
  /** Aborted when the credential behind the stream is no longer valid: the stream must end. */
  readonly signal: AbortSignal;
  /** Gives the place back; safe to call twice. */
  readonly release: () => void;
}

/** Counts the streams of a process, whatever their protocol, and keeps them within bounds. */
export interface StreamGate {
  /** Lets one more stream in; throws RATE_LIMITED when there are too many of this actor, or in all. */
  admit(kind: StreamKind, actor: Actor): StreamPass;
  /** How many streams are open, by kind. */
  open(): Readonly<Record<StreamKind, number>>;
  /** Stops looking after keys. */
  close(): void;
}

interface StreamGateDeps {
  readonly limits: { readonly perActor: number; readonly total: number };
  /** Which of these API keys are no longer valid. */
  readonly findDeadKeys: (keyIds: readonly string[]) => Promise<readonly string[]>;
  /** The keys could not be looked up; they are at the next time. */
  readonly onError: (error: unknown) => void;
}

interface Holder {
  readonly keyId: string | null;
  readonly streams: Set<AbortController>;
}

/** Makes a {@link StreamGate}. While a stream is open, all keys that hold one are looked up by one query every {@link CHECK_MS}. */
export function makeStreamGate({ limits, findDeadKeys, onError }: StreamGateDeps): StreamGate {
  const holders = new Map<string, Holder>();
  const counts: Record<StreamKind, number> = { graphql: 0, 'graphql-single': 0, rest: 0 };
  let checking: NodeJS.Timeout | null = null;

  const total = (): number => STREAM_KINDS.reduce((sum, kind) => sum + counts[kind], 0);

  async function endDead(): Promise<void> {
    const keyIds = [...holders.values()].flatMap(({ keyId }) => keyId ?? []);
    const dead = keyIds.length > 0 ? await findDeadKeys(keyIds) : [];
    for (const { keyId, streams } of holders.values()) {
      if (keyId !== null && dead.includes(keyId)) for (const stream of streams) stream.abort();
    }
  }

  function checkLater(): void {
    checking ??= setTimeout(() => {
      endDead()
        .catch(onError)
        .finally(() => {
          checking = null;
          if (holders.size > 0) checkLater();
        });
    }, CHECK_MS);
  }

  return {
    admit(kind, actor) {
      const name = actorName(actor);
      const holder = holders.get(name) ?? { keyId: actor.kind === 'key' ? actor.keyId : null, streams: new Set() };
      if (holder.streams.size >= limits.perActor) throw tooMany(`this key has ${limits.perActor} streams open`);
      if (total() >= limits.total) throw tooMany(`this server has ${limits.total} streams open`);
      const stream = new AbortController();
      holders.set(name, holder);
      holder.streams.add(stream);
      counts[kind] += 1;
      checkLater();
      return {
        signal: stream.signal,
        release() {
          if (!holder.streams.delete(stream)) return;
          counts[kind] -= 1;
          if (holder.streams.size === 0) holders.delete(name);
          if (holders.size === 0) stopChecking();
        },
      };
    },
    open: () => ({ ...counts }),
    close: stopChecking,
  };

  function stopChecking(): void {
    if (checking) clearTimeout(checking);
    checking = null;
  }
}

function tooMany(what: string): AppError {
  return new AppError('RATE_LIMITED', `${what}, which is the most it may have: close one, or come back later`, {
    retryAfterSecs: RETRY_AFTER_SECS,
  });
}
