import { Repeater } from '@repeaterjs/repeater';
import type { Pool } from 'pg';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { AppError, notFound } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import type { JsonObject } from '../../core/json.ts';
import { isFinalWorkflow, type WorkflowRunStatus } from '../../core/workflow-state.ts';
import type { WakeHub } from '../../db/wake-hub.ts';
import { makeGate } from '../runs/gate.ts';

/** Events read at once; what one slow client holds in memory at most. */
const PAGE = 200;
/** A hint may be missed; nobody waits longer than this for what is already stored. */
const POLL_MS = 15_000;

/** One line of the story of a workflow run. */
export interface WorkflowRunEventRow {
  readonly workflowRunId: string;
  readonly seq: number;
  readonly stepRef: string | null;
  readonly type: string;
  readonly message: string;
  readonly fromStatus: string | null;
  readonly toStatus: string | null;
  readonly attempt: number | null;
  readonly actor: string | null;
  readonly data: JsonObject | null;
  readonly createdAt: Date;
}

/**
 * Follows the story of a workflow run: everything after `after`, in order, each event once, then live until it has ended and been told to
 * the end. The consumer's pace is the reader's pace. NOT_FOUND for an unknown one, and with `refuseOver` GONE for one that has ended and has
 * nothing left to tell.
 */
export async function tailWorkflowRun(
  actor: Actor,
  input: { readonly id: string; readonly after: number; readonly refuseOver?: boolean | null | undefined },
  deps: { readonly reads: Pool; readonly hub: WakeHub },
): Promise<AsyncIterable<WorkflowRunEventRow>> {
  requireScope(actor, 'workflows:read');
  if (!isUuid(input.id)) throw notFound('workflow run');
  if (!Number.isInteger(input.after) || input.after < 0)
    throw new AppError('BAD_REQUEST', 'after must be the seq of an event, or 0');
  const read = (after: number) => readEvents(deps.reads, { projectId: actor.projectId, id: input.id, after });
  const first = await read(input.after);
  if (!first) throw notFound('workflow run');
  if (input.refuseOver && isFinalWorkflow(first.status) && first.events.length === 0)
    throw new AppError('GONE', `workflow run is over: it is ${first.status}, and everything was told`);
  return new Repeater<WorkflowRunEventRow>(async (push, stop) => {
    const gate = makeGate();
    const unsubscribe = deps.hub.onWake(input.id.toLowerCase(), gate.open);
    let stopped = false;
    void stop.then(() => {
      stopped = true;
      gate.open();
    });
    try {
      let after = input.after;
      while (!stopped) {
        const page = await read(after);
        if (!page) break;
        for (const event of page.events) {
          if (stopped) break;
          await push(event);
          after = event.seq;
        }
        if (after < page.lastSeq) continue;
        if (isFinalWorkflow(page.status)) break;
        await gate.pass(POLL_MS);
      }
      stop();
    } finally {
      unsubscribe();
    }
  });
}

interface EventsPage {
  readonly status: WorkflowRunStatus;
  readonly lastSeq: number;
  readonly events: readonly WorkflowRunEventRow[];
}

const EVENTS_SQL = `
select w.status, w.event_seq as "lastSeq", e.seq, e.step_ref as "stepRef", e.type, e.message, e.from_status as "fromStatus",
       e.to_status as "toStatus", e.attempt, e.actor, e.data, e.created_at as "createdAt", w.id as "workflowRunId"
  from workflow_runs w left join lateral (
    select * from workflow_run_events x where x.workflow_run_id = w.id and x.seq > $2 order by x.seq limit ${PAGE}) e on true
 where w.id = $1 and w.project_id = $3
 order by e.seq`;

async function readEvents(
  pool: Pool,
  from: { readonly projectId: string; readonly id: string; readonly after: number },
): Promise<EventsPage | null> {
  type Row = Omit<WorkflowRunEventRow, 'seq'> & { seq: number | null; status: WorkflowRunStatus; lastSeq: number };
  const { rows } = await pool.query<Row>({
    name: 'workflow-tail',
    text: EVENTS_SQL,
    values: [from.id, from.after, from.projectId],
  });
  const [head] = rows;
  if (!head) return null;
  const events = rows.flatMap(({ status: _status, lastSeq: _lastSeq, seq, ...event }) =>
    seq === null ? [] : [{ ...event, seq }],
  );
  return { status: head.status, lastSeq: head.lastSeq, events };
}
