import { describe, expect, test } from 'vitest';
import { addLive, addNewer, addOlder, newestWindow, WINDOW_CAPACITY } from '../dashboard/src/run/event-window.ts';

const events = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => ({ seq: from + index }));
const ends = ({ events: all }: { readonly events: readonly { readonly seq: number }[] }) => [
  all[0]?.seq,
  all.at(-1)?.seq,
  all.length,
];

describe('the window over a story', () => {
  test('older pages go before, live events behind, and nothing is there twice', () => {
    let window = newestWindow(events(901, 1_000), true);
    window = addLive(window, events(990, 1_005), true);
    window = addOlder(window, events(801, 905), true);
    expect(ends(window)).toEqual([801, 1_005, 205]);
    expect(window).toMatchObject({ hasOlder: true, hasNewer: false });
    expect(new Set(window.events.map(({ seq }) => seq)).size).toBe(205);
  });

  test('while its end is followed, a full window forgets its beginning', () => {
    let window = newestWindow(events(1, WINDOW_CAPACITY), false);
    window = addLive(window, events(WINDOW_CAPACITY + 1, WINDOW_CAPACITY + 300), true);
    expect(ends(window)).toEqual([301, WINDOW_CAPACITY + 300, WINDOW_CAPACITY]);
    expect(window).toMatchObject({ hasOlder: true, hasNewer: false });
  });

  test('while something else is read, a full window keeps it and says that there are newer ones', () => {
    const full = newestWindow(events(1, WINDOW_CAPACITY), false);
    const window = addLive(full, events(WINDOW_CAPACITY + 1, WINDOW_CAPACITY + 1), false);
    expect(window.events).toBe(full.events);
    expect(window).toMatchObject({ hasOlder: false, hasNewer: true });
    expect(addLive(window, events(WINDOW_CAPACITY + 2, WINDOW_CAPACITY + 9), true)).toBe(window);
  });

  test('reading backwards through a long story keeps a bounded part of it, and the way back to its end is found', () => {
    let window = newestWindow(events(99_901, 100_000), true);
    for (let first = 99_801; first >= 1; first -= 100) window = addOlder(window, events(first, first + 99), first > 1);
    expect(ends(window)).toEqual([1, WINDOW_CAPACITY, WINDOW_CAPACITY]);
    expect(window).toMatchObject({ hasOlder: false, hasNewer: true });
    for (let first = WINDOW_CAPACITY + 1; first <= 100_000; first += 100)
      window = addNewer(window, events(first, first + 99), first < 99_901);
    expect(ends(window)).toEqual([100_001 - WINDOW_CAPACITY, 100_000, WINDOW_CAPACITY]);
    expect(window).toMatchObject({ hasOlder: true, hasNewer: false });
  });

  test('an empty story takes what happens', () => {
    expect(addLive(newestWindow<{ readonly seq: number }>([], false), events(1, 3), false).events).toEqual(events(1, 3));
  });

  test('the window stays as it is, object for object, when nothing is new', () => {
    const window = newestWindow(events(1, 10), false);
    expect(addLive(window, events(5, 10), true)).toBe(window);
  });
});
