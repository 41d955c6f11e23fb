import type { Pool } from 'pg';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { Draft, OutputSource } from './draft.ts';

/** The values that conditions, templates and expressions of steps see. */
export interface Scope {
  readonly payload: JsonValue;
  /** `payload`, `parent_outputs`, `steps` and `run`, for one step. */
  of(position: number): JsonObject;
}

/**
 * Reads what the steps at some positions may see: the payload of the workflow run and the outputs they name, as they are after what the
 * draft has changed so far.
 */
export async function readScope(draft: Draft, positions: readonly number[], pool: Pool): Promise<Scope> {
  const { definition, graph, reads } = draft.version;
  const isAll = positions.some((position) => reads[position] === null);
  const wanted = isAll
    ? draft.steps.map((_step, position) => position)
    : [...new Set(positions.flatMap((position) => [...(reads[position] ?? [])]))].flatMap(
        (ref) => graph.positionOf.get(ref) ?? [],
      );
  const [payload, outputs] = await Promise.all([readPayload(draft, pool), readOutputs(draft, wanted, pool)]);
  const steps: JsonObject = {};
  for (const position of wanted) {
    const ref = definition.steps[position]?.ref;
    const step = draft.steps[position];
    if (ref !== undefined && step) steps[ref] = { status: step.status, output: outputs.get(position) ?? null };
  }
  const run = { id: draft.loaded.id, workflow_id: draft.loaded.workflowId, version: draft.loaded.workflowVersion };
  return {
    payload,
    of(position) {
      const parents = graph.steps[position]?.dependsOn ?? [];
      const parentOutputs = parents.flatMap((parent) => {
        const ref = definition.steps[parent]?.ref;
        return ref === undefined || draft.steps[parent]?.status === 'skipped'
          ? []
          : [[ref, outputs.get(parent) ?? null] as const];
      });
      return { payload, parent_outputs: Object.fromEntries(parentOutputs), steps, run };
    },
  };
}

async function readPayload({ loaded }: Draft, pool: Pool): Promise<JsonValue> {
  const { rows } = await pool.query<{ payload: JsonValue }>({
    name: 'workflow-payload',
    text: 'select payload from workflow_run_data where workflow_run_id = $1',
    values: [loaded.id],
  });
  return rows[0]?.payload ?? null;
}

/** The outputs of steps, by position: those the draft has set from where they are, the others as they are stored. */
export async function readOutputs(draft: Draft, positions: readonly number[], pool: Pool): Promise<Map<number, JsonValue>> {
  const found = new Map<number, JsonValue>();
  const stored: number[] = [];
  const bySource: Promise<void>[] = [];
  for (const position of positions) {
    const step = draft.steps[position];
    if (step?.source?.from === 'value') found.set(position, step.source.value);
    else if (step?.source) {
      bySource.push(readSource(step.source, step, pool).then((value) => void found.set(position, value)));
    } else if (step?.status === 'completed') stored.push(position);
  }
  const reading =
    stored.length === 0
      ? null
      : pool.query<{ position: number; output: JsonValue }>({
          name: 'step-outputs',
          text: `select s.position, s.output from unnest($2::int[]) as k (position)
            cross join lateral (select * from workflow_step_runs s where s.workflow_run_id = $1 and s.position = k.position offset 0) s`,
          values: [draft.loaded.id, stored],
        });
  await Promise.all(bySource);
  for (const { position, output } of (await reading)?.rows ?? []) found.set(position, output);
  return found;
}

const BY_SOURCE = {
  run: 'select result as value from run_results where run_id = $1',
  child: 'select output as value from workflow_run_data where workflow_run_id = $1',
  wait: 'select response_payload as value from waits where id = $1',
} as const;

/** An output that the draft has not stored yet, from where it is. */
export async function readSource(
  source: OutputSource,
  of: { readonly id: string; readonly attempt: number },
  pool: Pool,
): Promise<JsonValue> {
  if (source.from === 'value') return source.value;
  if (source.from === 'map') return readItems(of, pool);
  const { rows } = await pool.query<{ value: JsonValue }>({
    name: `output-of-${source.from}`,
    text: BY_SOURCE[source.from],
    values: [source.id],
  });
  return rows[0]?.value ?? null;
}

async function readItems(of: { readonly id: string; readonly attempt: number }, pool: Pool): Promise<JsonValue> {
  const { rows } = await pool.query<{ value: JsonValue }>({
    name: 'output-of-map',
    text: `select coalesce(o.result, 'null') as value from runs r left join run_results o on o.run_id = r.id
            where r.workflow_step_run_id = $1 and starts_with(r.spawn_key, $2 || ':') order by split_part(r.spawn_key, ':', 2)::int`,
    values: [of.id, String(of.attempt)],
  });
  return rows.map(({ value }) => value);
}
