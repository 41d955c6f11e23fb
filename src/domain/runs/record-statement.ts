import type { RunStatus } from '../../core/run-state.ts';
import { MAX_METADATA_ENTRIES } from '../../core/schemas.ts';
import { XID_SQL } from '../changes/change-statement.ts';
import { sqlList } from './transition-statement.ts';

/** One kind of report that has rows of its own: what is peculiar about its statement. */
interface RecordSpec {
  /** Columns of an item beyond the common ones, as `json_to_recordset` names and types them. */
  readonly columns: string;
  /** SQL list of the statuses in which a run may report it. */
  readonly statuses: string;
  /** Which of the rows of `fenced` count, for kinds that look before they write; it answers `f.*`. */
  readonly kept?: string;
  /** Writes the rows of `accepted a`; none for a kind that `kept` writes already. */
  readonly stored?: string;
  /** The message and the data of the event over `accepted a`, where they are more than what the item says. */
  readonly message?: string;
  readonly data?: string;
  /** What besides `event_seq` changes on the run; `a.last_sequence` is the last checkpoint. */
  readonly numbered?: string;
  /** More columns of what `numbered` sees for each run, as aggregates over `accepted`. */
  readonly totals?: string;
  /** A further CTE over `accepted a`. Rows it locks are locked after those of the runs, in one order. */
  readonly beside?: string;
  /** Whether it changes what filters look at, so that live lists must hear of it. */
  readonly isListed?: boolean;
  /** What may not be in one statement twice; null when anything may. */
  readonly keyOf: (runId: string, fields: Readonly<Record<string, unknown>>) => string | null;
  readonly maxItems: number;
}

/** The kinds of {@link RecordSpec}. */
export type RecordKind = 'checkpoint' | 'usage' | 'tool-call' | 'state' | 'state-removal' | 'annotation';

/** The statuses in which an executor may report on its run. */
export const REPORTING_STATUSES: readonly RunStatus[] = ['dequeued', 'executing', 'waiting'];

const LIVE = sqlList(REPORTING_STATUSES);
const independent = (): null => null;
const byStateKey = (runId: string, fields: Readonly<Record<string, unknown>>): string =>
  `${runId} ${String(fields['state_key'])}`;

/** What each kind of report stores. How many share a statement follows from how large one may be. */
export const RECORD_KINDS: { readonly [kind in RecordKind]: RecordSpec } = {
  checkpoint: {
    columns: 'row_id uuid, source text, state jsonb',
    statuses: sqlList(['executing', 'waiting']),
    stored: `insert into run_checkpoints (id, run_id, sequence, source, state)
      select a.row_id, a.run_id, a.sequence, a.source, a.state from accepted a`,
    message: `'checkpoint ' || a.sequence`,
    data: `a.data || jsonb_build_object('sequence', a.sequence)`,
    numbered: ', checkpoint_seq = a.last_sequence',
    keyOf: independent,
    maxItems: 16,
  },
  usage: {
    columns:
      'row_id uuid, provider text, model text, prompt_tokens int, completion_tokens int, total_tokens int, cost_microusd bigint',
    statuses: LIVE,
    // Counted up over everything in the statement: reports that arrive together are judged together, in their order, and once one of
    // them exceeds the budget those after it do, too.
    kept: `select w.* from (
        select f.*, coalesce(f.run_cost, 0) + sum(f.cost_microusd) over (partition by f.run_id order by f.ord) as total from fenced f) w
      where w.cost_microusd = 0 or not exists (
        select from projects p where p.id = w.project_id and p.max_cost_per_run_microusd < w.total)`,
    numbered: ', cost_microusd = case when a.cost > 0 then coalesce(r.cost_microusd, 0) + a.cost else r.cost_microusd end',
    totals: ', sum(cost_microusd)::bigint as cost',
    beside: `spent as (
  insert into project_costs as c (project_id, day, cost_microusd)
  select a.project_id, (now() at time zone 'utc')::date, sum(a.cost_microusd)::bigint from accepted a
   where a.cost_microusd > 0 group by a.project_id order by a.project_id
  on conflict (project_id, day) do update set cost_microusd = c.cost_microusd + excluded.cost_microusd
)`,
    stored: `insert into run_usage (id, run_id, seq, provider, model, prompt_tokens, completion_tokens, total_tokens, cost_microusd)
      select a.row_id, a.run_id, a.seq, a.provider, a.model, a.prompt_tokens, a.completion_tokens, a.total_tokens, a.cost_microusd
        from accepted a`,
    keyOf: independent,
    maxItems: 1_000,
  },
  'tool-call': {
    columns: 'row_id uuid, tool_name text, input jsonb, output jsonb, duration_ms int, tool_status text',
    statuses: LIVE,
    stored: `insert into run_tool_calls (id, run_id, seq, tool_name, input, output, duration_ms, status)
      select a.row_id, a.run_id, a.seq, a.tool_name, a.input, a.output, a.duration_ms, a.tool_status from accepted a`,
    keyOf: independent,
    maxItems: 200,
  },
  state: {
    columns: 'state_key text, value jsonb',
    statuses: LIVE,
    stored: `insert into run_state as s (run_id, state_key, value)
      select a.run_id, a.state_key, coalesce(a.value, 'null') from accepted a
      on conflict (run_id, state_key) do update set value = excluded.value, updated_at = now()`,
    keyOf: byStateKey,
    maxItems: 500,
  },
  'state-removal': {
    columns: 'state_key text',
    statuses: LIVE,
    kept: `delete from run_state s using fenced f where s.run_id = f.run_id and s.state_key = f.state_key returning f.*`,
    keyOf: byStateKey,
    maxItems: 500,
  },
  annotation: {
    columns: 'pairs jsonb',
    statuses: LIVE,
    kept: `select f.* from fenced f join run_data d on d.run_id = f.run_id
      where (select count(*) from jsonb_object_keys(d.metadata || f.pairs)) <= ${MAX_METADATA_ENTRIES}`,
    stored: `update run_data d set metadata = d.metadata || a.pairs from accepted a where d.run_id = a.run_id`,
    isListed: true,
    keyOf: (runId) => runId,
    maxItems: 200,
  },
};

/**
 * The statement of one kind. `$1` is a JSON array of items. Locks each run once, as `REPORT_SQL` does, so that whatever is reported
 * stands in one gapless story; fence, rows and events are committed together or not at all. What counts up on the run (`event_seq`,
 * `checkpoint_seq`, `cost_microusd`) is read from the locked row: a subquery would see what was there before the lock was waited for.
 */
export function recordSql(spec: RecordSpec): string {
  const {
    columns,
    statuses,
    kept = 'select f.* from fenced f',
    stored,
    isListed = false,
    message = 'a.message',
    data = 'a.data',
    numbered = '',
    totals = '',
    beside,
  } = spec;
  return `
with input as materialized (
  select * from json_to_recordset($1::json) as x (
    ord int, run_id uuid, project_id text, epoch int, type text, level text, message text, data jsonb, ${columns})
), locked as materialized (
  select i.*, r.status as run_status, r.epoch as run_epoch, r.attempt, r.event_seq, r.checkpoint_seq, r.cost_microusd as run_cost
    from input i join runs r on r.id = i.run_id and r.project_id = i.project_id order by r.id for update of r
), fenced as materialized (
  select l.* from locked l where l.epoch = l.run_epoch and l.run_status in (${statuses})
), kept as (
  ${kept}
), accepted as materialized (
  select k.*, (k.event_seq + row_number() over w)::int as seq, (k.checkpoint_seq + row_number() over w)::int as sequence
    from kept k window w as (partition by k.run_id order by k.ord)
), numbered as (
  update runs r set event_seq = a.last_seq${numbered}
    from (select run_id, max(seq) as last_seq, max(sequence) as last_sequence${totals} from accepted group by run_id) a where r.id = a.run_id
), told as (
  insert into run_events (run_id, seq, type, level, message, data, attempt, epoch${isListed ? ', project_id, xid' : ''})
  select a.run_id, a.seq, a.type, a.level, ${message}, ${data}, a.attempt, a.epoch${isListed ? `, a.project_id, ${XID_SQL}` : ''}
    from accepted a
)${stored ? `, stored as (\n  ${stored}\n)` : ''}${beside ? `, ${beside}` : ''}
select a.ord, a.seq, a.sequence, a.run_status as status, a.run_epoch as epoch, now() as at from accepted a
 union all
select l.ord, null, null, l.run_status, l.run_epoch, null from locked l where l.ord not in (select ord from accepted)`;
}
