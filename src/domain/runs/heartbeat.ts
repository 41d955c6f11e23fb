import type { Pool } from 'pg';
import type { RunActor } from '../../auth/actor.ts';
import { makeMicroBatcher } from '../../core/micro-batcher.ts';
import type { RunStatus } from '../../core/run-state.ts';
import { isDataError } from '../../db/errors.ts';
import { refusal } from './report.ts';

interface Beat {
  readonly runId: string;
  readonly epoch: number;
  /** True when it comes from the executor and so counts as a sign of its life; false when we only hand the lease over to it. */
  readonly alive: boolean;
}

/** How a run stands after a beat: `beaten` is false when the lease is gone or belongs to another claim. */
interface BeatRow {
  beaten: boolean;
  status: RunStatus | null;
  epoch: number | null;
}

/** Extends the leases of runs whose executors report by themselves. */
export interface Heartbeats {
  /** Notes a sign of life; sharing a statement with other beats. */
  beat(beat: Beat): Promise<BeatRow>;
  idle(): Promise<void>;
}

/**
 * From now on the run may stay silent for its job's heartbeat timeout, but never beyond the deadline: a heartbeat proves life, not
 * permission to run longer. A hand-over (`alive` false) takes the lease from the dispatching process.
 */
const BEAT_SQL = `
with input as materialized (
  select * from json_to_recordset($1::json) as x (ord int, id uuid, epoch int, alive boolean)
), beaten as (
  update run_leases l set
         holder = case when i.alive then l.holder end,
         lease_until = least(greatest(l.lease_until, now() + j.heartbeat_timeout_secs * interval '1 second'), l.deadline_at),
         heartbeat_at = case when i.alive then now() else l.heartbeat_at end
    from input i join runs r on r.id = i.id join jobs j on j.id = r.job_id
   where l.run_id = i.id and l.epoch = i.epoch
  returning l.run_id
)
select i.ord, i.id in (select run_id from beaten) as beaten, r.status, r.epoch
  from input i left join runs r on r.id = i.id
 order by i.ord`;

const MAX_ITEMS = 1_000;

/** Makes {@link Heartbeats} over the engine pool. */
export function makeHeartbeats(pool: Pool): Heartbeats {
  const batcher = makeMicroBatcher<Beat, BeatRow>({
    flush: async (beats) => {
      const input = JSON.stringify(beats.map((beat, ord) => ({ ord, id: beat.runId, epoch: beat.epoch, alive: beat.alive })));
      const { rows } = await pool.query<BeatRow>({ name: 'beat', text: BEAT_SQL, values: [input] });
      return rows;
    },
    keyOf: (beat) => beat.runId,
    maxItems: MAX_ITEMS,
    lanes: 2,
    isPoison: isDataError,
  });
  return { beat: (beat) => batcher.add(beat), idle: () => batcher.idle() };
}

/**
 * Notes that the calling executor lives. A run that waits holds no lease and needs none; for anything else without a lease the claim no
 * longer stands: CONFLICT, and the executor should stop.
 */
export async function heartbeat(actor: RunActor, deps: { readonly heartbeats: Heartbeats }): Promise<void> {
  const row = await deps.heartbeats.beat({ runId: actor.runId, epoch: actor.epoch, alive: true });
  if (row.beaten || (row.status === 'waiting' && row.epoch === actor.epoch)) return;
  throw refusal(actor.epoch, row);
}
