import { z } from 'zod';

/** The limits that the operator of an installation sets on a project; null is no limit. Costs are in millionths of a US dollar. */
export interface ProjectQuotas {
  /** Runs that may execute at once. Further ones wait for their turn; nothing is refused. */
  readonly maxExecutingRuns: number | null;
  /** Runs that may be queued at once. Further triggers are refused. */
  readonly maxQueuedRuns: number | null;
  /** Jobs that the project may have. */
  readonly maxJobs: number | null;
  /** Runs that may wait for an event at once. */
  readonly maxActiveEventTriggers: number | null;
  /** What its runs may cost on one day of UTC before triggers are refused. */
  readonly maxDailyCostMicrousd: bigint | null;
  /** What one run may cost before its reports of usage are refused. */
  readonly maxCostPerRunMicrousd: bigint | null;
}

/** The column behind every field of {@link ProjectQuotas}. */
export const QUOTA_COLUMNS = {
  maxExecutingRuns: 'max_executing_runs',
  maxQueuedRuns: 'max_queued_runs',
  maxJobs: 'max_jobs',
  maxActiveEventTriggers: 'max_active_event_triggers',
  maxDailyCostMicrousd: 'max_daily_cost_microusd',
  maxCostPerRunMicrousd: 'max_cost_per_run_microusd',
} as const satisfies Record<keyof ProjectQuotas, string>;

const count = z.int().min(1).max(1_000_000);
/** A billion dollars; numbers of JSON are exact far beyond it. */
const cost = z.int().min(1).max(1_000_000_000_000_000);

/** The quotas in the input of a project. */
export const QuotaInputs = {
  maxExecutingRuns: count
    .nullish()
    .describe('How many runs of the project may execute at once, others wait their turn; null is any number.'),
  maxQueuedRuns: count
    .nullish()
    .describe('How many runs of the project may be queued at once before triggers are refused; null is any number.'),
  maxJobs: count.nullish().describe('How many jobs the project may have; null is any number.'),
  maxActiveEventTriggers: count
    .nullish()
    .describe('How many runs of the project may wait for an event at once; null is any number.'),
  maxDailyCostMicrousd: cost
    .nullish()
    .describe(
      'What its runs may cost on one day of UTC before triggers are refused, in millionths of a US dollar; null is anything.',
    ),
  maxCostPerRunMicrousd: cost
    .nullish()
    .describe('What one run may cost before its reports of usage are refused, in millionths of a US dollar; null is anything.'),
};

// Object.keys is typed for objects that may have more keys than their type says; this literal has exactly these.
const FIELDS = Object.keys(QUOTA_COLUMNS) as (keyof ProjectQuotas)[];

/** The quotas that an input names, as the JSON object that `jsonb_populate_record(…)` changes a row of `projects` with. */
export function quotaPatch(input: { readonly [Field in keyof ProjectQuotas]?: number | null | undefined }): string {
  const named = FIELDS.filter((field) => input[field] !== undefined).map((field) => [QUOTA_COLUMNS[field], input[field]]);
  return JSON.stringify(Object.fromEntries(named));
}
