import type { Pool } from 'pg';
import { BATCH_STATUS_NOW_SQL, ENDED_BATCH_STATUSES } from './batch-status.ts';

/** Batches looked at by one statement: each takes a few probes of an index. */
const BATCH = 200;
/** How long looks are gathered: thousands of runs of one batch may end in that time. */
const GATHER_MS = 100;

const ENDED_SQL = ENDED_BATCH_STATUSES.map((status) => `'${status}'`).join(', ');

/**
 * Notes the status of batches in which nothing goes on any more, and takes it back where something goes on again. To be called after what
 * may have been the last ending has been committed: of several endings at once, the last to look sees all of them. Each status is noted,
 * and its callback stored, by one of those who look: the update is a compare-and-set.
 */
const SETTLE_SQL = `
with looked as materialized (
  select b.id, b.ended_status as was, k.status from batches b cross join lateral (select ${BATCH_STATUS_NOW_SQL} as status offset 0) k
   where b.id = any ($1::uuid[])
), settled as (
  update batches b set ended_status = case when l.status in (${ENDED_SQL}) then l.status end, updated_at = now()
    from looked l
   where b.id = l.id and b.ended_status is not distinct from l.was
     and b.ended_status is distinct from case when l.status in (${ENDED_SQL}) then l.status end
  returning b.id, b.project_id, b.job_id, b.ended_status, b.callback_url, b.canceled_at
), fired as (
  select baton_fire_batch_callback(s.id, s.project_id, s.job_id, s.ended_status, s.callback_url) as deliveries from settled s
   where s.callback_url is not null and s.canceled_at is null and s.ended_status is not null
)
select s.id, (select sum(f.deliveries) from fired f) as fired from settled s`;

/** The batches that have not ended, as far as is known, from one id on. */
const OPEN_SQL = `select b.id from batches b where b.ended_status is null and b.id > $1 order by b.id limit ${BATCH}`;

/** Looks at these batches; answers those whose status was noted, or taken back. */
export async function settleBatches(ids: readonly string[], deps: { readonly engine: Pool }): Promise<string[]> {
  const { rows } = await deps.engine.query<{ id: string }>({ name: 'settle-batches', text: SETTLE_SQL, values: [ids] });
  return rows.map(({ id }) => id);
}

/** Looks at batches of which something may have been the last. */
export interface BatchSettler {
  /** Something about these batches has changed. They are looked at soon, and once however often that is said meanwhile. */
  readonly touch: (ids: readonly string[]) => void;
  /** Looks at a part of all batches that have not ended, the next part at the next call: what a crash left unsettled. */
  readonly heal: () => Promise<void>;
  /** Looks at what was touched and stops. */
  close(): Promise<void>;
}

interface SettlerDeps {
  readonly engine: Pool;
  readonly background: (name: string, work: Promise<unknown>) => void;
  readonly onSettled: (ids: readonly string[]) => void;
}

/** Makes the {@link BatchSettler} of a process. */
export function makeBatchSettler(deps: SettlerDeps): BatchSettler {
  const touched = new Set<string>();
  let timer: NodeJS.Timeout | null = null;
  let after = FIRST;

  async function look(ids: readonly string[]): Promise<void> {
    for (let from = 0; from < ids.length; from += BATCH) {
      const settled = await settleBatches(ids.slice(from, from + BATCH), deps);
      if (settled.length > 0) deps.onSettled(settled);
    }
  }

  function lookAtTouched(): Promise<void> {
    timer = null;
    const ids = [...touched];
    touched.clear();
    return look(ids);
  }

  return {
    touch(ids) {
      for (const id of ids) touched.add(id);
      if (touched.size > 0) timer ??= setTimeout(() => deps.background('settle-batches', lookAtTouched()), GATHER_MS);
    },
    async heal() {
      const { rows } = await deps.engine.query<{ id: string }>({ name: 'open-batches', text: OPEN_SQL, values: [after] });
      after = rows.length < BATCH ? FIRST : (rows.at(-1)?.id ?? FIRST);
      await look(rows.map(({ id }) => id));
    },
    async close() {
      if (timer) clearTimeout(timer);
      await lookAtTouched();
    },
  };
}

const FIRST = '00000000-0000-0000-0000-000000000000';
