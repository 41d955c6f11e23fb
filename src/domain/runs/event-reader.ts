import type { Pool } from 'pg';
import type { JsonObject } from '../../core/json.ts';
import { makeMicroBatcher } from '../../core/micro-batcher.ts';
import type { RunStatus } from '../../core/run-state.ts';

/** Events read at once, and bytes of them: what one slow client holds in memory at most, save for the last event of a page. */
const PAGE = 200;
const PAGE_BYTES = 262_144;
/** Pages read in one statement, and statements under way. */
const MAX_PAGES = 64;
const LANES = 2;

/** One line of a run's story. */
export interface RunEventRow {
  readonly runId: string;
  readonly jobId: string;
  /** Position in the story, from 1, without gaps; the cursor of every stream. */
  readonly seq: number;
  readonly type: string;
  readonly level: string;
  readonly message: string;
  readonly data: JsonObject | null;
  readonly fromStatus: RunStatus | null;
  readonly toStatus: RunStatus | null;
  readonly attempt: number;
  readonly epoch: number;
  readonly createdAt: Date;
}

/** Which events of a run somebody follows; null is all. */
export interface EventSelection {
  readonly projectId: string;
  readonly runId: string;
  readonly types: readonly string[] | null;
  /** Types to leave out. */
  readonly except: readonly string[] | null;
  readonly levels: readonly string[] | null;
  /** Of chunks, only those of this stream. */
  readonly streamId: string | null;
}

/** A stretch of a run's story. */
export interface EventsPage {
  readonly status: RunStatus;
  /** How far the story went when the page was read. */
  readonly lastSeq: number;
  readonly events: readonly RunEventRow[];
  /** Whether there is more between the last of `events` and `lastSeq`. */
  readonly isCut: boolean;
}

/** Reads the stories of runs. */
export interface EventReader {
  /** The events after a number, as far as a page goes; null for a run that is not in the project. */
  read(selection: EventSelection, after: number): Promise<EventsPage | null>;
}

interface Request extends EventSelection {
  readonly after: number;
}

type Row = { ord: number; status: RunStatus; lastSeq: number; found: number | null } & (
  | ({ seq: number } & Omit<RunEventRow, 'data' | 'seq'> & { data: string | null })
  | { seq: null }
);

/**
 * Pages for many readers in one statement, `$1` being a JSON array of requests. Each is cut at {@link PAGE} events or
 * {@link PAGE_BYTES}, whichever comes first, but has an event if there is one.
 */
const PAGES_SQL = `
select i.ord, r.status, r.event_seq as "lastSeq", r.id as "runId", r.job_id as "jobId", e.*
  from json_to_recordset($1::json) as i (
         ord int, "projectId" text, "runId" uuid, after int, types text[], "except" text[], levels text[], "streamId" text)
 cross join lateral (
         select x.id, x.job_id, x.status, x.event_seq from runs x where x.id = i."runId" and x.project_id = i."projectId" offset 0) r
  left join lateral (
         select p.*, count(*) over ()::int as found, sum(p.bytes) over (order by p.seq) - p.bytes as before
           from (select q.*, octet_length(q.message) + coalesce(octet_length(q.data), 0) as bytes
                   from (select x.seq, x.type, x.level, x.message, x.data::text as data, x.from_status as "fromStatus",
                                x.to_status as "toStatus", x.attempt, x.epoch, x.created_at as "createdAt"
                           from run_events x
                          where x.run_id = i."runId" and x.seq > i.after
                            and (i.types is null or x.type = any (i.types))
                            and (i."except" is null or x.type <> all (i."except"))
                            and (i.levels is null or x.level = any (i.levels))
                            and (i."streamId" is null or x.data ->> 'stream_id' = i."streamId")
                          order by x.seq limit ${PAGE}) q) p) e on e.before < ${PAGE_BYTES}
 order by i.ord, e.seq`;

/**
 * Makes an {@link EventReader} over the engine pool. What is asked while a statement is under way shares the next one, and whoever stands
 * at the same place shares the very rows: a hundred followers of a run cost one read of each of its events.
 */
export function makeEventReader(deps: { readonly pool: Pool }): EventReader {
  const batcher = makeMicroBatcher<Request, { readonly page: EventsPage | null }>({
    flush: async (requests) => {
      const places = requests.map((request) => JSON.stringify(request));
      const distinct = [...new Set(places)];
      const values = [`[${distinct.map((place, ord) => `{"ord":${ord},${place.slice(1)}`).join(',')}]`];
      const { rows } = await deps.pool.query<Row>({ name: 'tail', text: PAGES_SQL, values });
      const rowsOf = Map.groupBy(rows, ({ ord }) => ord);
      const pageOf = new Map(distinct.map((place, ord) => [place, { page: toPage(rowsOf.get(ord) ?? []) }]));
      return places.map((place) => pageOf.get(place) ?? { page: null });
    },
    keyOf: () => null,
    maxItems: MAX_PAGES,
    lanes: LANES,
    isPoison: () => false,
  });
  return {
    async read({ projectId, runId, types, except, levels, streamId }, after) {
      return (await batcher.add({ projectId, runId, types, except, levels, streamId, after })).page;
    },
  };
}

function toPage(rows: readonly Row[]): EventsPage | null {
  const [head] = rows;
  if (!head) return null;
  const found = head.found ?? 0;
  const events = rows.flatMap((row) => (row.seq === null ? [] : [toEvent(row)]));
  return { status: head.status, lastSeq: head.lastSeq, events, isCut: found === PAGE || events.length < found };
}

function toEvent(row: Extract<Row, { seq: number }>): RunEventRow {
  const { runId, jobId, seq, type, level, message, data, fromStatus, toStatus, attempt, epoch, createdAt } = row;
  return {
    runId,
    jobId,
    seq,
    type,
    level,
    message,
    // Text of a jsonb column that only objects are written to.
    data: data === null ? null : (JSON.parse(data) as JsonObject),
    fromStatus,
    toStatus,
    attempt,
    epoch,
    createdAt,
  };
}
