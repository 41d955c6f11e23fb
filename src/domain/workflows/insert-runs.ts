import type { Pool } from 'pg';
import type { JsonValue } from '../../core/json.ts';
import { makeMicroBatcher } from '../../core/micro-batcher.ts';
import type { SkipReason, StepKind, WorkflowRunStatus } from '../../core/workflow-state.ts';
import { isDataError } from '../../db/errors.ts';

/** A workflow run to be stored, with all its steps. JSON fields are text. */
export interface NewWorkflowRun {
  readonly id: string;
  readonly projectId: string;
  readonly workflowId: string;
  readonly workflowVersion: number;
  readonly nesting: number;
  /** What it stands below: a try of a step or an item of a batch, whose work it is, or just another one. */
  readonly parent: {
    readonly runId: string;
    readonly step?: { readonly runId: string; readonly attempt: number };
    readonly item?: number;
  } | null;
  /** For a batch, which has no steps of its own: how many items its payload has, and how many may go on at once. */
  readonly batch: { readonly total: number; readonly parallel: number } | null;
  /** When not the whole workflow runs: the step it is for. */
  readonly partialStep: string | null;
  readonly retry: {
    readonly of: string;
    readonly mode: 'from_failed' | 'from_step' | 'full';
    readonly from: string | null;
  } | null;
  readonly idempotencyKey: string | null;
  readonly triggeredBy: string;
  readonly createdBy: string;
  readonly timeoutSecs: number | null;
  readonly payload: string;
  readonly payloadHash: string;
  readonly tags: string;
  readonly steps: readonly NewStep[];
}

/** A step of a new workflow run: pending, disabled, or over already, as it was in another one. */
export interface NewStep {
  readonly id: string;
  readonly ref: string;
  readonly kind: StepKind;
  readonly skipReason: SkipReason | null;
  /** The step whose ending it takes over. */
  readonly copyOf: string | null;
  /** What counts as its output without it being run, and for a condition or router what that chose. */
  readonly given: { readonly output: JsonValue; readonly chosen: readonly string[] } | null;
}

/** What became of a {@link NewWorkflowRun}. */
export type WorkflowInsertOutcome =
  | { readonly kind: 'stored' }
  /** A live one holds the idempotency key, or the step or item has its workflow run already. */
  | { readonly kind: 'existing'; readonly id: string; readonly status: WorkflowRunStatus; readonly payloadHash: string }
  /** What stood in the way was gone, or not visible yet, when it was looked for. */
  | { readonly kind: 'raced' };

/** The one way to store new workflow runs. */
export interface WorkflowInserts {
  /** Stores one; whatever else is triggered meanwhile shares its statement. */
  one(run: NewWorkflowRun): Promise<WorkflowInsertOutcome>;
  idle(): Promise<void>;
}

const INSERT_SQL = `
with input as materialized (
  select * from json_to_recordset($1::json) as x (
    ord int, id uuid, project_id text, workflow_id uuid, workflow_version int, nesting int, parent_run_id uuid, parent_step_run_id uuid,
    parent_attempt int, batch_index int, batch_total int, batch_parallel int, partial_step text, retry_of uuid, retry_mode text,
    retry_from text, idempotency_key text, triggered_by text, created_by text, timeout_secs int, payload jsonb, payload_hash text,
    tags jsonb, steps json)
), born as (
  insert into workflow_runs (id, project_id, workflow_id, workflow_version, status, event_seq, nesting, parent_run_id, parent_step_run_id,
    parent_attempt, batch_index, batch_total, batch_parallel, batch_started, partial_step, retry_of, retry_mode, retry_from, idempotency_key,
    triggered_by, created_by, timeout_secs)
  select i.id, i.project_id, i.workflow_id, i.workflow_version, 'pending', 1, i.nesting, i.parent_run_id, i.parent_step_run_id,
         i.parent_attempt, i.batch_index, i.batch_total, i.batch_parallel, case when i.batch_total is not null then 0 end, i.partial_step,
         i.retry_of, i.retry_mode, i.retry_from, i.idempotency_key, i.triggered_by, i.created_by, i.timeout_secs
    from input i order by i.ord
  on conflict do nothing
  returning id, created_by
), data as (
  insert into workflow_run_data (workflow_run_id, project_id, payload, payload_hash, tags)
  select i.id, i.project_id, coalesce(i.payload, 'null'), i.payload_hash, i.tags from input i where i.id in (select id from born)
), steps as (
  insert into workflow_step_runs (id, workflow_run_id, project_id, position, step_ref, kind, status, skip_reason, attempt, chosen, output,
    input, error, map_total, map_started, decision, decided_by, decision_reason, decided_at, kept_from, started_at, finished_at)
  select s.id, i.id, i.project_id, s.ordinality - 1, s.ref, s.kind,
         case when s.skip_reason is not null then 'skipped' when s.given then 'completed' else coalesce(o.status, 'pending') end,
         coalesce(s.skip_reason, o.skip_reason), coalesce(o.attempt, 0), coalesce(s.chosen, o.chosen, '{}'),
         case when s.given then coalesce(s.output, 'null') else o.output end, o.input, o.error, o.map_total, o.map_started,
         case when s.given then 'completed' else o.decision end, case when s.given then i.created_by else o.decided_by end,
         o.decision_reason, case when s.given then now() else o.decided_at end, case when o.id is not null then i.retry_of end,
         o.started_at, case when s.skip_reason is not null or s.given then now() else o.finished_at end
    from input i
   cross join lateral rows from (json_to_recordset(i.steps) as (
           id uuid, ref text, kind text, skip_reason text, copy_of uuid, given boolean, output jsonb, chosen text[]))
         with ordinality as s (id, ref, kind, skip_reason, copy_of, given, output, chosen, ordinality)
    left join lateral (select * from workflow_step_runs x where x.id = s.copy_of offset 0) o on true
   where i.id in (select id from born)
), told as (
  insert into workflow_run_events (workflow_run_id, seq, type, message, to_status, actor)
  select b.id, 1, 'run', 'triggered', 'pending', b.created_by from born b
)
select i.ord, i.id in (select id from born) as stored, e.id as existing_id, e.status as existing_status, e.payload_hash as existing_payload_hash
  from input i
  left join lateral (
    select x.id, x.status, d.payload_hash from workflow_runs x join workflow_run_data d on d.workflow_run_id = x.id
     where i.id not in (select id from born) and i.idempotency_key is not null and x.workflow_id = i.workflow_id
       and x.idempotency_key = i.idempotency_key and x.status in ('pending', 'running', 'paused')
    union all
    select x.id, x.status, d.payload_hash from workflow_runs x join workflow_run_data d on d.workflow_run_id = x.id
     where i.id not in (select id from born) and i.parent_step_run_id is not null and x.parent_step_run_id = i.parent_step_run_id
       and x.parent_attempt = i.parent_attempt
    union all
    select x.id, x.status, d.payload_hash from workflow_runs x join workflow_run_data d on d.workflow_run_id = x.id
     where i.id not in (select id from born) and i.batch_index is not null and x.parent_run_id = i.parent_run_id
       and x.batch_index = i.batch_index
    limit 1) e on true
 order by i.ord`;

const MAX_ITEMS = 100;
const LANES = 2;
/** A key that stands in the way is visible to the next statement, or free for it. */
const RACE_TRIES = 5;

/** Makes {@link WorkflowInserts} over the engine pool. */
export function makeWorkflowInserts(deps: {
  readonly pool: Pool;
  readonly onStored: (ids: readonly string[]) => void;
}): WorkflowInserts {
  const batcher = makeMicroBatcher<NewWorkflowRun, WorkflowInsertOutcome>({
    flush: (runs) => insert(runs, deps),
    keyOf: () => null,
    maxItems: MAX_ITEMS,
    lanes: LANES,
    isPoison: isDataError,
  });
  return {
    async one(run) {
      let outcome = await batcher.add(run);
      for (let tries = 1; outcome.kind === 'raced' && tries < RACE_TRIES; tries++) outcome = await batcher.add(run);
      return outcome;
    },
    idle: () => batcher.idle(),
  };
}

interface InsertRow {
  stored: boolean;
  existing_id: string | null;
  existing_status: WorkflowRunStatus | null;
  existing_payload_hash: string | null;
}

async function insert(
  runs: readonly NewWorkflowRun[],
  deps: Parameters<typeof makeWorkflowInserts>[0],
): Promise<WorkflowInsertOutcome[]> {
  const { rows } = await deps.pool.query<InsertRow>({
    name: 'insert-workflow-runs',
    text: INSERT_SQL,
    values: [`[${runs.map(toInput).join(',')}]`],
  });
  const stored = runs.filter((_run, index) => rows[index]?.stored).map(({ id }) => id);
  if (stored.length > 0) deps.onStored(stored);
  return rows.map(toOutcome);
}

function toOutcome(row: InsertRow): WorkflowInsertOutcome {
  if (row.stored) return { kind: 'stored' };
  if (row.existing_id === null || row.existing_status === null || row.existing_payload_hash === null) return { kind: 'raced' };
  return { kind: 'existing', id: row.existing_id, status: row.existing_status, payloadHash: row.existing_payload_hash };
}

/** One element of the statement's JSON array, with the JSON texts spliced in as they are. */
function toInput(run: NewWorkflowRun, ord: number): string {
  const fields = JSON.stringify({
    ord,
    id: run.id,
    project_id: run.projectId,
    workflow_id: run.workflowId,
    workflow_version: run.workflowVersion,
    nesting: run.nesting,
    parent_run_id: run.parent?.runId,
    parent_step_run_id: run.parent?.step?.runId,
    parent_attempt: run.parent?.step?.attempt,
    batch_index: run.parent?.item,
    batch_total: run.batch?.total,
    batch_parallel: run.batch?.parallel,
    partial_step: run.partialStep,
    retry_of: run.retry?.of,
    retry_mode: run.retry?.mode,
    retry_from: run.retry?.from,
    idempotency_key: run.idempotencyKey,
    triggered_by: run.triggeredBy,
    created_by: run.createdBy,
    timeout_secs: run.timeoutSecs,
    payload_hash: run.payloadHash,
    steps: run.steps.map(({ id, ref, kind, skipReason, copyOf, given }) => ({
      id,
      ref,
      kind,
      skip_reason: skipReason,
      copy_of: copyOf,
      ...(given && { given: true, output: given.output, chosen: given.chosen }),
    })),
  });
  return `${fields.slice(0, -1)},"payload":${run.payload},"tags":${run.tags}}`;
}
