import type { Pool } from 'pg';
import { z } from 'zod';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { AppError } from '../../core/errors.ts';
import type { JsonValue } from '../../core/json.ts';
import { text } from '../../core/schemas.ts';
import { requireOwnProject } from '../projects/own-project.ts';

/** What runs can be found by whose values are worth suggesting. */
export const SUGGESTED_FIELDS = ['status', 'job', 'tag', 'metadata', 'payload', 'triggered_by', 'concurrency_key'] as const;

/** A member of {@link SUGGESTED_FIELDS}. */
export type SuggestedField = (typeof SUGGESTED_FIELDS)[number];

/** Runs, the newest of a project, in which suggestions are looked for. */
const SEARCHED = 1_000;
/** Payloads with more bytes than that, as stored, are left out. */
const MAX_PAYLOAD_BYTES = 16_384;
/** How deep in a payload, and how many of its paths, are looked at. */
const MAX_DEPTH = 4;
const MAX_PATHS = 200;
/** Longer values help nobody to choose. */
const MAX_LENGTH = 256;

/** What to suggest. */
export const SuggestionInput = z.strictObject({
  projectId: text(64).nullish().describe('The project; NOT_FOUND for another than the key’s own, which it is when left out.'),
  field: z.enum(SUGGESTED_FIELDS).describe('What runs are to be found by.'),
  key: text(512)
    .min(1)
    .nullish()
    .describe(
      'Of tags, metadata and payloads: the key whose values to suggest, keys within keys joined by dots; the keys when left out.',
    ),
  prefix: text(MAX_LENGTH).nullish().describe('What the suggestions begin with, small and capital letters alike.'),
  limit: z.int().min(1).max(100).default(20).describe('How many suggestions: 1 to 100.'),
});

/** A key or a value that runs have. */
export interface RunSuggestion {
  readonly value: string;
  /** How many of the runs that were looked at have it. */
  readonly count: number;
  /** A value of a payload as it stands there; null for anything else. */
  readonly json: JsonValue;
}

/**
 * What the newest {@link SEARCHED} runs of a project have in a field, the most frequent first. BAD_REQUEST for a key of a field that has
 * none, NOT_FOUND for a project of somebody else.
 */
export async function suggest(
  actor: Actor,
  input: z.output<typeof SuggestionInput>,
  deps: { readonly reads: Pool },
): Promise<RunSuggestion[]> {
  requireScope(actor, 'runs:read');
  requireOwnProject(actor, input.projectId);
  const { field, key, prefix, limit } = input;
  if (key != null && !isKeyed(field)) throw new AppError('BAD_REQUEST', `${field} has no keys: leave key out`);
  const values: unknown[] = [actor.projectId, prefix ?? '', limit];
  const found = foundSql(field, key == null ? null : (value) => `$${values.push(value)}`, key ?? '');
  const { rows } = await deps.reads.query<RunSuggestion>(
    `with newest as materialized (
       select r.id, r.status, r.job_id, r.triggered_by, r.concurrency_key from runs r where r.project_id = $1
        order by r.created_at desc, r.id desc limit ${SEARCHED})
     select v.value, count(*)::int as count, v.json
       from (${found}) v
      where length(v.value) between 1 and ${MAX_LENGTH} and starts_with(lower(v.value), lower($2))
      group by v.value, v.json order by count(*) desc, v.value limit $3`,
    values,
  );
  return rows;
}

function isKeyed(field: SuggestedField): boolean {
  return field === 'tag' || field === 'metadata' || field === 'payload';
}

/** The keys, or the values of one key, or the values of a column, of the runs in `newest`, one row each. */
function foundSql(field: SuggestedField, bind: ((value: unknown) => string) | null, key: string): string {
  switch (field) {
    case 'status':
      return 'select upper(n.status) as value, null::jsonb as json from newest n';
    case 'job':
      return 'select j.slug as value, null::jsonb as json from newest n join jobs j on j.id = n.job_id';
    case 'triggered_by':
    case 'concurrency_key':
      return `select n.${field} as value, null::jsonb as json from newest n`;
    case 'tag':
    case 'metadata':
      return pairsSql(field === 'tag' ? 'tags' : 'metadata', bind ? bind(key) : null);
    case 'payload':
      return bind ? payloadValuesSql(bind(key.split('.'))) : PAYLOAD_PATHS_SQL;
  }
}

function pairsSql(column: 'tags' | 'metadata', key: string | null): string {
  const data = 'newest n join run_data d on d.run_id = n.id';
  if (key !== null) return `select d.${column} ->> ${key} as value, null::jsonb as json from ${data}`;
  return `select k.key as value, null::jsonb as json from ${data} cross join lateral jsonb_object_keys(d.${column}) as k (key)`;
}

const PAYLOADS_SQL = `newest n join run_data d on d.run_id = n.id and pg_column_size(d.payload) <= ${MAX_PAYLOAD_BYTES}`;

const isScalar = (value: string) => `jsonb_typeof(${value}) in ('string', 'number', 'boolean')`;

function payloadValuesSql(path: string): string {
  return `select d.payload #>> ${path}::text[] as value, d.payload #> ${path}::text[] as json from ${PAYLOADS_SQL}
    where ${isScalar(`d.payload #> ${path}::text[]`)}`;
}

/** The members of a JSON value; none of what is no object, which \`jsonb_each\` would refuse. */
const membersSql = (value: string) => `jsonb_each(case when jsonb_typeof(${value}) = 'object' then ${value} else '{}' end)`;

const PAYLOAD_PATHS_SQL = `
select p.path as value, null::jsonb as json from ${PAYLOADS_SQL} cross join lateral (
  with recursive walk (path, value, depth) as (
    select m.key, m.value, 1 from ${membersSql('d.payload')} m where position('.' in m.key) = 0
     union all
    select w.path || '.' || m.key, m.value, w.depth + 1 from walk w cross join lateral ${membersSql('w.value')} m
     where w.depth < ${MAX_DEPTH} and position('.' in m.key) = 0
  )
  select w.path from (select * from walk limit ${MAX_PATHS}) w where ${isScalar('w.value')}) p`;
