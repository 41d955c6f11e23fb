/** Answers that are remembered for a while; whoever asks for one that is under way shares it. */
export interface TtlCache<Value> {
  get(key: string): Promise<Value>;
  /** Forgets everything, answers under way included: they may be from before a change. */
  clear(): void;
}

interface TtlCacheOptions<Value> {
  readonly load: (key: string) => Promise<Value>;
  /** Milliseconds for which an answer is good, counted from before it was asked for. */
  readonly maxAgeMs: number;
  /** The one used longest ago goes first. */
  readonly maxEntries: number;
  /** Milliseconds of a clock that never jumps. */
  readonly now: () => number;
}

/** Makes a {@link TtlCache}. An answer that fails is not remembered. */
export function makeTtlCache<Value>({ load, maxAgeMs, maxEntries, now }: TtlCacheOptions<Value>): TtlCache<Value> {
  const entries = new Map<string, { readonly askedAt: number; readonly answer: Promise<Value> }>();

  function ask(key: string) {
    const entry = { askedAt: now(), answer: load(key) };
    entry.answer.catch(() => {
      if (entries.get(key) === entry) entries.delete(key);
    });
    return entry;
  }

  return {
    get(key) {
      const known = entries.get(key);
      const entry = known && now() - known.askedAt < maxAgeMs ? known : ask(key);
      // A Map iterates in the order of insertion: moved to the end on every use, the first one is the least recently used.
      entries.delete(key);
      entries.set(key, entry);
      if (entries.size > maxEntries) entries.delete(entries.keys().next().value ?? key);
      return entry.answer;
    },
    clear: () => entries.clear(),
  };
}
