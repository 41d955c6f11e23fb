import { describe, expect, it } from 'vitest';
import { makeMicroBatcher } from '../src/core/micro-batcher.ts';

interface Item {
  readonly id: string;
  readonly value: number;
}

/** A batcher whose groups wait until the test lets them go. */
function setup(options: { readonly lanes?: number; readonly maxItems?: number } = {}) {
  const groups: { items: readonly Item[]; finish: () => void; fail: (error: Error) => void }[] = [];
  const arrived: (() => void)[] = [];
  const batcher = makeMicroBatcher<Item, number>({
    flush(items) {
      const { promise, resolve, reject } = Promise.withResolvers<readonly number[]>();
      groups.push({ items, finish: () => resolve(items.map((item) => item.value * 2)), fail: reject });
      arrived.shift()?.();
      return promise;
    },
    keyOf: (item) => item.id,
    maxItems: options.maxItems ?? 100,
    lanes: options.lanes ?? 1,
    isPoison: (error) => error instanceof RangeError,
  });
  const nextGroup = async (index: number) => {
    if (!groups[index]) await new Promise<void>((resolve) => arrived.push(resolve));
    const group = groups[index];
    if (!group) throw new Error(`group ${index} did not arrive`);
    return group;
  };
  return { batcher, groups, nextGroup };
}

const items = (count: number): Item[] => Array.from({ length: count }, (_, value) => ({ id: `id-${value}`, value }));

describe('a micro-batcher', () => {
  it('sends what one turn adds as one group and answers each its own', async () => {
    const { batcher, groups, nextGroup } = setup();

    const outs = Promise.all(items(120).map((item) => batcher.add(item)));
    (await nextGroup(0)).finish();
    (await nextGroup(1)).finish();

    expect(await outs).toEqual(items(120).map((item) => item.value * 2));
    expect(groups.map((group) => group.items.length)).toEqual([100, 20]);
  });

  it('gathers what arrives while a group is under way', async () => {
    const { batcher, nextGroup } = setup();

    const first = batcher.add({ id: 'a', value: 1 });
    const group = await nextGroup(0);
    const later = Promise.all([batcher.add({ id: 'b', value: 2 }), batcher.add({ id: 'c', value: 3 })]);
    group.finish();
    (await nextGroup(1)).finish();

    expect(await first).toBe(2);
    expect(await later).toEqual([4, 6]);
    expect((await nextGroup(1)).items.map((item) => item.id)).toEqual(['b', 'c']);
  });

  it('never has one key twice under way, and keeps the order of a key', async () => {
    const { batcher, groups, nextGroup } = setup({ lanes: 2 });

    const outs = Promise.all([1, 2, 3].map((value) => batcher.add({ id: 'same', value })));
    for (const index of [0, 1, 2]) {
      const group = await nextGroup(index);
      expect(groups.length).toBe(index + 1);
      expect(group.items.map((item) => item.value)).toEqual([index + 1]);
      group.finish();
    }

    expect(await outs).toEqual([2, 4, 6]);
  });

  it('lets one bad item fail alone', async () => {
    const bad = 5;
    const batcher = makeMicroBatcher<Item, number>({
      flush: async (group) => {
        if (group.some((item) => item.value === bad)) throw new RangeError('bad item');
        return group.map((item) => item.value);
      },
      keyOf: (item) => item.id,
      maxItems: 100,
      lanes: 1,
      isPoison: (error) => error instanceof RangeError,
    });

    const outs = await Promise.allSettled(items(9).map((item) => batcher.add(item)));

    expect(outs.map((out) => out.status)).toEqual(items(9).map((item) => (item.value === bad ? 'rejected' : 'fulfilled')));
  });

  it('fails the whole group when the failure is nobody’s fault', async () => {
    const { batcher, groups, nextGroup } = setup();

    const outs = Promise.allSettled(items(3).map((item) => batcher.add(item)));
    (await nextGroup(0)).fail(new Error('connection lost'));

    expect((await outs).map((out) => out.status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(groups.length).toBe(1);
  });

  it('is idle when everything has settled, failures too', async () => {
    const { batcher, nextGroup } = setup();

    const out = batcher.add({ id: 'a', value: 1 }).catch(() => 'failed');
    const idle = batcher.idle();
    (await nextGroup(0)).fail(new Error('no'));

    await idle;
    expect(await out).toBe('failed');
  });
});
