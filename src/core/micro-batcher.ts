/**
 * Groups what arrives while the last group is under way: the first item of an idle batcher leaves at once, everything that comes in
 * the meantime leaves together when a lane is free. So one caller alone waits for nothing, and a thousand share a few statements.
 *
 * Invariants: every `add` settles exactly once; no two items with the same key are in one group or under way at the same time (their
 * statement would touch one row twice); items of one key keep their order.
 */
export interface MicroBatcher<Item, Out> {
  /** Resolves with the outcome of this very item; rejects with its own failure. */
  add(item: Item): Promise<Out>;
  /** Resolves when everything added so far has settled. */
  idle(): Promise<void>;
}

interface MicroBatcherOptions<Item, Out> {
  /** Executes one group; answers one outcome per item, in order. A rejection fails the group (see `isPoison`). */
  readonly flush: (items: readonly Item[]) => Promise<readonly Out[]>;
  /** What must not be processed twice at once, for instance a run id; null when items are independent. */
  readonly keyOf: (item: Item) => string | null;
  readonly maxItems: number;
  /** Groups that may be under way at once. */
  readonly lanes: number;
  /** True for a failure that one item may have caused: the group is then repeated in halves, so that one bad item fails alone. */
  readonly isPoison: (error: unknown) => boolean;
}

interface Entry<Item, Out> {
  readonly item: Item;
  readonly key: string | null;
  readonly resolve: (out: Out) => void;
  readonly reject: (error: unknown) => void;
}

/** Makes a {@link MicroBatcher}. */
export function makeMicroBatcher<Item, Out>(options: MicroBatcherOptions<Item, Out>): MicroBatcher<Item, Out> {
  let waiting: Entry<Item, Out>[] = [];
  const busyKeys = new Set<string>();
  const underWay = new Set<Promise<void>>();

  let isPumpDue = false;

  /** After this turn of the event loop, so that everything the sockets bring in one turn leaves as one group. */
  function pumpSoon(): void {
    if (isPumpDue || waiting.length === 0) return;
    isPumpDue = true;
    setImmediate(pump);
  }

  function pump(): void {
    isPumpDue = false;
    while (underWay.size < options.lanes && waiting.length > 0) {
      const group = take();
      if (group.length === 0) return;
      const work = settle(group).finally(() => {
        for (const entry of group) if (entry.key !== null) busyKeys.delete(entry.key);
        underWay.delete(work);
        pumpSoon();
      });
      underWay.add(work);
    }
  }

  function take(): Entry<Item, Out>[] {
    const group: Entry<Item, Out>[] = [];
    const left: Entry<Item, Out>[] = [];
    const passedOver = new Set<string>();
    for (const entry of waiting) {
      const blocked = entry.key !== null && (busyKeys.has(entry.key) || passedOver.has(entry.key));
      if (blocked || group.length === options.maxItems) {
        left.push(entry);
        if (entry.key !== null) passedOver.add(entry.key);
        continue;
      }
      group.push(entry);
      if (entry.key !== null) busyKeys.add(entry.key);
    }
    waiting = left;
    return group;
  }

  async function settle(group: Entry<Item, Out>[]): Promise<void> {
    try {
      const outs = await options.flush(group.map((entry) => entry.item));
      group.forEach((entry, index) => {
        const out = outs[index];
        if (out === undefined) entry.reject(new Error(`batch of ${group.length} answered ${outs.length} outcomes`));
        else entry.resolve(out);
      });
    } catch (error) {
      if (group.length === 1 || !options.isPoison(error)) {
        for (const entry of group) entry.reject(error);
        return;
      }
      const middle = Math.ceil(group.length / 2);
      await settle(group.slice(0, middle));
      await settle(group.slice(middle));
    }
  }

  return {
    add(item) {
      return new Promise<Out>((resolve, reject) => {
        waiting.push({ item, key: options.keyOf(item), resolve, reject });
        pumpSoon();
      });
    },
    async idle() {
      while (underWay.size > 0 || waiting.length > 0) {
        pump();
        await Promise.all(underWay);
      }
    },
  };
}
