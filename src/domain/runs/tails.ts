import { Repeater } from '@repeaterjs/repeater';
import type { Pool } from 'pg';
import { isFinal } from '../../core/run-state.ts';
import type { WakeHub } from '../../db/wake-hub.ts';
import type { EventReader, EventSelection, RunEventRow } from './event-reader.ts';

/** A hint may be missed; nobody waits much longer than this for what is already stored. */
const CHECK_MS = 15_000;

/** What is followed: which events, from where, and what each of them is to its reader. */
export interface TailSpec<Item> {
  readonly selection: EventSelection;
  /** Only events after this number. */
  readonly after: number;
  /** What an event tells; nothing, or several things in order. */
  readonly itemsOf: (event: RunEventRow) => readonly Item[];
}

/** The stories that this process follows at the moment. */
export interface Tails {
  readonly reader: EventReader;
  /**
   * Everything after a place, in order, each event once, then live until the run has ended and been told to the end. The consumer's pace
   * is the reader's pace: nothing is read ahead of it but one page.
   */
  open<Item>(spec: TailSpec<Item>): AsyncIterable<Item>;
  /** How many are open. */
  size(): number;
  /** Seconds since which the one that is furthest behind knows of something that it has not passed on; 0 when none is behind. */
  lagSecs(): number;
}

interface TailsDeps {
  readonly reader: EventReader;
  readonly hub: WakeHub;
  /** Where the check for lost hints goes. */
  readonly pool: Pool;
  /** The check for lost hints failed; the next one makes up for it. */
  readonly onError: (error: unknown) => void;
  /** Milliseconds between two checks, 15 s unless said. */
  readonly checkMs?: number;
}

/** One reader of one story. */
interface Tail {
  readonly runId: string;
  /** How far the story went when it was last looked at. */
  seen: number;
  /** Since when there may be more (milliseconds of a monotonic clock); null while it waits. */
  behindSince: number | null;
  /** Lets it look again. */
  readonly wake: () => void;
}

/** Runs whose story is not as long as somebody thinks it is, gone ones included. */
const CHECK_SQL = `
select s.id from unnest($1::uuid[], $2::int[]) as s (id, seen)
 where not exists (select from runs r where r.id = s.id and r.event_seq = s.seen)`;

/**
 * Makes {@link Tails}. While nothing happens they cost one statement in {@link CHECK_MS} together, however many they are: it compares what
 * all of them have seen with what there is, and wakes those whose hint was lost.
 *
 * Each is a Repeater and not an async generator: a generator parked on a wait ignores `return()` until that wait ends, so that every
 * client that left would keep its subscription until something happens.
 */
export function makeTails({ reader, hub, pool, onError, checkMs = CHECK_MS }: TailsDeps): Tails {
  const open = new Set<Tail>();
  let checking: NodeJS.Timeout | null = null;

  function add(tail: Tail): () => void {
    open.add(tail);
    checking ??= setInterval(() => void check().catch(onError), checkMs);
    const unsubscribe = hub.onWake(tail.runId, tail.wake);
    return () => {
      unsubscribe();
      open.delete(tail);
      if (open.size > 0 || checking === null) return;
      clearInterval(checking);
      checking = null;
    };
  }

  async function check(): Promise<void> {
    const idle = [...open].filter(({ behindSince }) => behindSince === null);
    if (idle.length === 0) return;
    const values = [idle.map(({ runId }) => runId), idle.map(({ seen }) => seen)];
    const { rows } = await pool.query<{ id: string }>({ name: 'check-tails', text: CHECK_SQL, values });
    const changed = new Set(rows.map(({ id }) => id));
    for (const tail of idle) if (changed.has(tail.runId)) tail.wake();
  }

  return {
    reader,
    size: () => open.size,
    lagSecs() {
      const since = Math.min(...[...open].map(({ behindSince }) => behindSince ?? Number.POSITIVE_INFINITY));
      return Number.isFinite(since) ? (performance.now() - since) / 1_000 : 0;
    },
    open: ({ selection, after: start, itemsOf }) =>
      new Repeater(async (push, stop) => {
        const gate = makeGate();
        const tail: Tail = {
          runId: selection.runId,
          seen: start,
          behindSince: performance.now(),
          wake() {
            tail.behindSince ??= performance.now();
            gate.open();
          },
        };
        // Before the first look, or what happens between the two would go unseen.
        const remove = add(tail);
        let stopped = false;
        void stop.then(() => {
          stopped = true;
          gate.open();
        });
        try {
          let after = start;
          while (!stopped) {
            const page = await reader.read(selection, after);
            if (!page) break;
            for (const event of page.events) {
              for (const item of itemsOf(event)) {
                if (stopped) break;
                await push(item);
              }
              if (stopped) break;
              after = event.seq;
            }
            if (page.isCut) continue;
            if (isFinal(page.status)) break;
            // What lies between was seen and is of no interest.
            after = Math.max(after, page.lastSeq);
            tail.seen = after;
            if (!gate.isOpen()) tail.behindSince = null;
            await gate.pass();
          }
          stop();
        } finally {
          remove();
        }
      }),
  };
}

interface Gate {
  /** Lets the next, or present, `pass` through. */
  readonly open: () => void;
  readonly isOpen: () => boolean;
  /** Waits until opened, and closes it again. */
  pass(): Promise<void>;
}

function makeGate(): Gate {
  let isOpen = false;
  let release: (() => void) | null = null;
  return {
    open() {
      isOpen = true;
      release?.();
    },
    isOpen: () => isOpen,
    async pass() {
      if (!isOpen) {
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        release = null;
      }
      isOpen = false;
    },
  };
}
