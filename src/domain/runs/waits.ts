import type { Pool } from 'pg';
import type { RunActor } from '../../auth/actor.ts';
import { notFound } from '../../core/errors.ts';
import { newId } from '../../core/ids.ts';
import type { JsonValue } from '../../core/json.ts';
import type { RunStatus } from '../../core/run-state.ts';
import type { RunDeps } from './deps.ts';
import { refusal } from './report.ts';
import type { Transitions } from './transition.ts';
import { FINAL_SQL } from './transition-statement.ts';

/**
 * Waiting without lost wake-ups: both sides first commit what they did, then look, in a new statement, at what the other did. The
 * parent commits its waits and its status, then looks for children that have ended; a child's ending commits, then looks for waits.
 * Whichever commits last sees the other. (Looking inside the same statement does not work: its snapshot is older than its locks.) If
 * the process dies between the two, the reaper looks instead.
 */

/** A child as its waiting parent sees it. */
export interface ChildState {
  readonly id: string;
  readonly status: RunStatus;
  readonly result: JsonValue;
  readonly error: string | null;
}

/** `waiting`: the run sleeps and is dispatched again when all have ended. `ready`: all have ended already. */
export interface ChildrenWait {
  readonly status: 'waiting' | 'ready';
  readonly children: readonly ChildState[];
}

/** Which children to wait for (null: all of them) and for how many seconds. */
export interface WaitForChildrenInput {
  readonly runIds: readonly string[] | null;
  readonly timeoutSecs: number;
}

/**
 * Puts the calling executor's run to sleep until its children have ended, unless they have. The run gives back its slots meanwhile and
 * comes again as the same attempt. CONFLICT when the claim no longer stands, NOT_FOUND for a run that is no child of it.
 */
export async function waitForChildren(actor: RunActor, input: WaitForChildrenInput, deps: RunDeps): Promise<ChildrenWait> {
  const children = await readChildren(deps.reads, actor, input.runIds);
  if (input.runIds && children.length < new Set(input.runIds).size) throw notFound('child run');
  const open = children.filter((child) => !child.ended);
  if (open.length === 0) return { status: 'ready', children: children.map(toState) };
  await createWaits(deps.engine, actor, { childIds: open.map((child) => child.id), timeoutSecs: input.timeoutSecs });
  const result = await deps.transitions.one({
    runId: actor.runId,
    epoch: actor.epoch,
    event: 'wait',
    message: `waiting for ${open.length} ${open.length === 1 ? 'child run' : 'child runs'}`,
    data: { waiting_for: 'children', children: open.length },
  });
  if (!result.moved) {
    await dropWaits(deps.engine, actor);
    throw refusal(actor.epoch, { status: result.was, epoch: result.epoch });
  }
  await settleWaits({ runIds: [actor.runId], childIds: [] }, deps);
  return { status: 'waiting', children: children.map(toState) };
}

interface ChildRow {
  id: string;
  status: RunStatus;
  error: string | null;
  result: JsonValue;
  ended: boolean;
}

async function readChildren(pool: Pool, actor: RunActor, runIds: readonly string[] | null): Promise<ChildRow[]> {
  const { rows } = await pool.query<ChildRow>(
    `select c.id, c.status, c.error, x.result, c.status in (${FINAL_SQL}) as ended
       from runs c left join run_results x on x.run_id = c.id
      where c.parent_run_id = $1 and c.project_id = $2 and ($3::uuid[] is null or c.id = any ($3))
      order by c.created_at, c.id`,
    [actor.runId, actor.projectId, runIds],
  );
  return rows;
}

function toState(child: ChildRow): ChildState {
  return { id: child.id, status: child.status, result: child.result, error: child.error };
}

async function createWaits(
  pool: Pool,
  actor: RunActor,
  input: { readonly childIds: readonly string[]; readonly timeoutSecs: number },
): Promise<void> {
  await pool.query(
    `insert into waits (id, project_id, run_id, kind, child_run_id, expires_at)
     select w.id, $1, $2, 'child', w.child_id, now() + $3::bigint * interval '1 second'
       from unnest($4::uuid[], $5::uuid[]) as w (id, child_id)
     on conflict (child_run_id) where status = 'waiting' do nothing`,
    [actor.projectId, actor.runId, input.timeoutSecs, input.childIds.map(() => newId()), input.childIds],
  );
}

async function dropWaits(pool: Pool, actor: RunActor): Promise<void> {
  await pool.query(
    `update waits w set status = 'canceled', ended_at = now() from runs r
      where w.run_id = $1 and w.status = 'waiting' and r.id = w.run_id and r.status <> 'waiting'`,
    [actor.runId],
  );
}

/**
 * Ends the waits of runs, or for children, whose child has ended, and wakes every run that has none left. Safe to call at any time and
 * from several places at once.
 *
 * Each look-up is lateral, with the status outside of it: planned while the tables were empty, a plain condition was answered from the
 * index over all statuses, which is a scan once they are not.
 */
export async function settleWaits(
  of: { readonly runIds: readonly string[]; readonly childIds: readonly string[] },
  deps: { readonly engine: Pool; readonly transitions: Transitions },
): Promise<void> {
  const { rows: heard } = await deps.engine.query<{ run_id: string }>({
    name: 'settle-waits',
    text: `with open as materialized (
             select w.id from unnest($1::uuid[]) as k (id)
              cross join lateral (select w.id from waits w where w.child_run_id = k.id and w.status = 'waiting' limit 1) w
              union
             select w.id from unnest($2::uuid[]) as k (id)
              cross join lateral (select w.id, w.status from waits w where w.run_id = k.id offset 0) w where w.status = 'waiting'
           ), heard as (
             update waits w set status = 'received', ended_at = now() from open o
              where w.id = o.id and w.status = 'waiting'
                and exists (select from runs c where c.id = w.child_run_id and c.status in (${FINAL_SQL}))
             returning w.run_id, w.child_run_id
           ), kept as (
             insert into run_state (run_id, state_key, value)
             select h.run_id, 'run:' || h.child_run_id, coalesce(x.result, 'null')
               from heard h left join run_results x on x.run_id = h.child_run_id
             on conflict (run_id, state_key) do update set value = excluded.value, updated_at = now()
           )
           select run_id from heard`,
    values: [of.childIds, of.runIds],
  });
  await wakeRuns([...heard.map((row) => row.run_id), ...of.runIds], 'what it waited for has ended', deps);
}

/**
 * Wakes those of the runs that sleep and have nothing left to wait for; `message` is what people read in their history. One whose wait
 * has timed out stays asleep: it is about to end.
 */
export async function wakeRuns(
  runIds: readonly string[],
  message: string,
  deps: { readonly engine: Pool; readonly transitions: Transitions },
): Promise<void> {
  if (runIds.length === 0) return;
  const { rows: ready } = await deps.engine.query<{ id: string; epoch: number }>({
    name: 'woken-runs',
    text: `select r.id, r.epoch from unnest($1::uuid[]) as k (id)
            cross join lateral (select r.id, r.epoch, r.status from runs r where r.id = k.id offset 0) r
            where r.status = 'waiting'
              and not exists (select from waits w where w.run_id = r.id and w.status in ('waiting', 'timed_out'))`,
    values: [[...new Set(runIds)]],
  });
  await deps.transitions.many(ready.map((run) => ({ runId: run.id, epoch: run.epoch, event: 'wake', message })));
}
