import type { KeyActor } from '../../src/auth/actor.ts';
import type { GraphQLWorld } from './graphql.ts';

/** What a list says of a run. */
type Row = string;

const FOLLOW =
  'subscription ($filter: RunFilter, $after: String) { runChanged(filter: $filter, after: $after) { cursor reset changes { kind runId run { status metadata idempotencyKey } } } }';
const LIST =
  'query ($filter: RunFilter, $after: String) { runs(first: 100, filter: $filter, after: $after) { edges { node { id status metadata idempotencyKey } } pageInfo { hasNextPage endCursor } } }';

/** A live list as a frontend keeps it: loaded after every reset, changed by every event. */
export interface LiveView {
  /** The runs by id, as the last event showed them. */
  rows(): Readonly<Record<string, Row>>;
  /** How often the list had to be loaded. */
  resets(): number;
  /** Resolves when the list has been loaded. */
  readonly loaded: Promise<void>;
  /** Loses its connection, and comes back with the cursor of the last event. */
  reconnect(): Promise<void>;
  close(): Promise<void>;
}

/** What the query answers at the moment, in the form of {@link LiveView.rows}. */
export async function queryRows(world: GraphQLWorld, as: KeyActor, filter: object): Promise<Record<string, Row>> {
  const rows: Record<string, Row> = {};
  for (let after: string | null = null; ; ) {
    const { runs } = await world.get(LIST, { variables: { filter, after }, as });
    for (const { node } of runs.edges) rows[node.id] = rowOf(node);
    if (!runs.pageInfo.hasNextPage) return rows;
    after = runs.pageInfo.endCursor;
  }
}

/** Follows a list. */
export function openView(world: GraphQLWorld, as: KeyActor, filter: object): LiveView {
  const rows = new Map<string, Row>();
  const loaded = Promise.withResolvers<void>();
  let resets = 0;
  let cursor: string | null = null;
  let stream: AsyncIterableIterator<{ data?: { runChanged: Changed } }> | null = null;
  let reading: Promise<void> = Promise.resolve();

  async function read(): Promise<void> {
    const opened = await world.follow(FOLLOW, { variables: { filter, after: cursor }, as });
    if (!(Symbol.asyncIterator in opened)) throw new Error(`refused: ${JSON.stringify(opened)}`);
    stream = opened as NonNullable<typeof stream>;
    reading = consume(stream);
  }

  async function consume(events: NonNullable<typeof stream>): Promise<void> {
    for await (const { data } of events) {
      const event = data?.runChanged;
      if (!event) throw new Error('an event without data');
      if (event.reset) {
        resets++;
        rows.clear();
        for (const [id, row] of Object.entries(await queryRows(world, as, filter))) rows.set(id, row);
        loaded.resolve();
      }
      event.changes.forEach(apply);
      cursor = event.cursor;
    }
  }

  function apply({ runId, run }: Changed['changes'][number]): void {
    if (run) rows.set(runId, rowOf(run));
    else rows.delete(runId);
  }

  void read();
  return {
    rows: () => Object.fromEntries(rows),
    resets: () => resets,
    loaded: loaded.promise,
    async reconnect() {
      await stream?.return?.();
      await reading;
      await read();
    },
    async close() {
      await stream?.return?.();
      await reading;
    },
  };
}

interface Changed {
  readonly cursor: string;
  readonly reset: boolean;
  readonly changes: readonly { readonly kind: string; readonly runId: string; readonly run: object | null }[];
}

function rowOf(run: object): Row {
  const { id: _, ...shown } = run as { readonly id?: string };
  return JSON.stringify(shown);
}
