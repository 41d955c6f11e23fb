import type { Pool } from 'pg';
import type { Actor } from '../../auth/actor.ts';
import type { MachinePreset } from '../../core/machine-preset.ts';
import { visibleRun } from './visible-runs.ts';

/** Runs that are added up at most. */
export const MAX_COUNTED_RUNS = 10_000;

/** What the calls of one model have cost. */
export interface ModelCost {
  readonly provider: string;
  readonly model: string;
  readonly calls: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly tokens: number;
  readonly microusd: number;
}

/** What the machine time of one preset has cost. */
export interface ComputeCost {
  readonly preset: MachinePreset;
  /** Attempts that have ended. */
  readonly attempts: number;
  readonly seconds: number;
  readonly microusd: number;
}

/** What a run has cost together with the runs that it spawned and that continue it. */
export interface RunCost {
  readonly microusd: number;
  readonly tokens: number;
  /** The dearest first. */
  readonly byModel: readonly ModelCost[];
  /** The machine time of managed runs, the dearest first. */
  readonly compute: readonly ComputeCost[];
  /** The runs that were added up. */
  readonly runs: number;
  /** There are more runs than are added up. */
  readonly isPartial: boolean;
}

/**
 * Adds up what a run, the runs it spawned, those that continue it, and theirs in turn have reported, and the machine time of those that
 * are managed, over all their attempts that have ended. Stops at
 * {@link MAX_COUNTED_RUNS}, nearest first.
 */
export async function costOf(actor: Actor, runId: string, deps: { readonly reads: Pool }): Promise<RunCost> {
  const { id, projectId } = visibleRun(actor, runId);
  const { rows } = await deps.reads.query<CostRow>({ name: 'cost', text: COST_SQL, values: [id, projectId] });
  const found = rows[0]?.runs ?? 0;
  const byModel = rows.flatMap(({ provider, model, ...sums }) =>
    provider === null || model === null
      ? []
      : [
          {
            provider,
            model,
            calls: Number(sums.calls),
            promptTokens: Number(sums.prompt_tokens),
            completionTokens: Number(sums.completion_tokens),
            tokens: Number(sums.tokens),
            microusd: Number(sums.microusd),
          },
        ],
  );
  const compute = (rows[0]?.compute ?? []).map(({ milliseconds, ...sums }) => ({ ...sums, seconds: milliseconds / 1_000 }));
  return {
    microusd: [...byModel, ...compute].reduce((sum, one) => sum + one.microusd, 0),
    tokens: byModel.reduce((sum, one) => sum + one.tokens, 0),
    byModel,
    compute,
    runs: Math.min(found, MAX_COUNTED_RUNS),
    isPartial: found > MAX_COUNTED_RUNS,
  };
}

/** Sums of whole numbers come as text: they may be larger than a double can hold exactly. */
interface CostRow {
  runs: number;
  provider: string | null;
  model: string | null;
  calls: string;
  prompt_tokens: string;
  completion_tokens: string;
  tokens: string;
  microusd: string;
  /** The same on every row. */
  compute: (Omit<ComputeCost, 'seconds'> & { readonly milliseconds: number })[] | null;
}

/** Each run has one way to it, by its parent or by the run it continues, so none is counted twice. */
const COST_SQL = `
with recursive tree as (
  select r.id from runs r where r.id = $1 and r.project_id = $2
   union all
  select x.id from tree t cross join lateral (
    select c.id from runs c where c.parent_run_id = t.id and c.project_id = $2
     union all
    select c.id from runs c where c.continuation_of = t.id and c.project_id = $2) x
), counted as materialized (
  select id from tree limit ${MAX_COUNTED_RUNS + 1}
), sums as (
  select u.provider, u.model, count(*) as calls, sum(u.prompt_tokens) as prompt_tokens, sum(u.completion_tokens) as completion_tokens,
         sum(u.total_tokens) as tokens, sum(u.cost_microusd) as microusd
    from (select id from counted limit ${MAX_COUNTED_RUNS}) c join run_usage u on u.run_id = c.id group by u.provider, u.model
), machines as (
  select m.preset, count(*) as attempts, sum(m.duration_ms) as milliseconds, sum(m.cost_microusd) as microusd
    from (select id from counted limit ${MAX_COUNTED_RUNS}) c join run_compute m on m.run_id = c.id group by m.preset
)
select n.runs, s.*, (select json_agg(m order by m.microusd desc, m.preset) from machines m) as compute from (select count(*)::int as runs from counted) n left join sums s on true
 order by s.microusd desc, s.tokens desc, s.provider, s.model`;
