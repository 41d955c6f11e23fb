import { Repeater } from '@repeaterjs/repeater';
import type { Pool } from 'pg';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { AppError, notFound } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import type { JsonObject } from '../../core/json.ts';
import { isFinal, type RunStatus } from '../../core/run-state.ts';
import type { WakeHub } from '../../db/wake-hub.ts';
import { makeGate } from './gate.ts';

/** Events read at once; what one slow client holds in memory at most. */
const PAGE = 200;
/** A hint may be missed; nobody waits longer than this for what is already stored. */
const POLL_MS = 15_000;

/** One line of a run's story. */
export interface RunEventRow {
  readonly runId: string;
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

interface TailDeps {
  readonly reads: Pool;
  readonly hub: WakeHub;
}

/**
 * Follows a run's story: everything after `after`, in order, each event once, then live until the run has ended and been told to the end.
 * The consumer's pace is the reader's pace: nothing is read ahead of it but one page. NOT_FOUND for an unknown run.
 *
 * A Repeater and not an async generator: a generator parked on a wait ignores `return()` until that wait ends, so that every client that
 * left would keep a subscription for up to {@link POLL_MS}.
 */
export async function tailRun(
  actor: Actor,
  input: { readonly runId: string; readonly after: number },
  deps: TailDeps,
): Promise<AsyncIterable<RunEventRow>> {
  requireScope(actor, 'runs:read');
  if (!isUuid(input.runId)) throw notFound('run');
  if (!Number.isInteger(input.after) || input.after < 0)
    throw new AppError('BAD_REQUEST', 'after must be the seq of an event, or 0');
  const first = await readEvents(deps.reads, { projectId: actor.projectId, runId: input.runId, after: input.after });
  if (!first) throw notFound('run');
  return new Repeater<RunEventRow>(async (push, stop) => {
    const gate = makeGate();
    const unsubscribe = deps.hub.onWake(input.runId, gate.open);
    let stopped = false;
    void stop.then(() => {
      stopped = true;
      gate.open();
    });
    try {
      let after = input.after;
      while (!stopped) {
        const page = await readEvents(deps.reads, { projectId: actor.projectId, runId: input.runId, after });
        if (!page) break;
        for (const event of page.events) {
          if (stopped) break;
          await push(event);
          after = event.seq;
        }
        if (after < page.lastSeq) continue;
        if (isFinal(page.status)) break;
        await gate.pass(POLL_MS);
      }
      stop();
    } finally {
      unsubscribe();
    }
  });
}

interface EventsPage {
  readonly status: RunStatus;
  readonly lastSeq: number;
  readonly events: readonly RunEventRow[];
}

const EVENTS_SQL = `
select r.status, r.event_seq as "lastSeq", e.seq, e.type, e.level, e.message, e.data, e.from_status as "fromStatus",
       e.to_status as "toStatus", e.attempt, e.epoch, e.created_at as "createdAt", r.id as "runId"
  from runs r left join lateral (
    select * from run_events x where x.run_id = r.id and x.seq > $2 order by x.seq limit ${PAGE}) e on true
 where r.id = $1 and r.project_id = $3
 order by e.seq`;

async function readEvents(
  pool: Pool,
  from: { readonly projectId: string; readonly runId: string; readonly after: number },
): Promise<EventsPage | null> {
  type Row = Omit<RunEventRow, 'seq'> & { seq: number | null; status: RunStatus; lastSeq: number };
  const { rows } = await pool.query<Row>({ name: 'tail', text: EVENTS_SQL, values: [from.runId, from.after, from.projectId] });
  const [head] = rows;
  if (!head) return null;
  const events = rows.flatMap(({ status: _status, lastSeq: _lastSeq, seq, ...event }) =>
    seq === null ? [] : [{ ...event, seq }],
  );
  return { status: head.status, lastSeq: head.lastSeq, events };
}
