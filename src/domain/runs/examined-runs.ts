import type { Pool } from 'pg';
import type { Actor } from '../../auth/actor.ts';
import { compileFilter, type RunFilter } from './filter.ts';

/** Runs that are looked up one by one; where more have what a filter asks for, runs are looked through instead. */
const LOOKED_UP = 5_000;

/** Conditions that an index answers in the order of creation, so that the newest runs with them are found without looking at others. */
const ORDERED = ['job', 'batchId', 'parentRunId'] as const;

/** Conditions that are counted in an index alone. */
const COUNTABLE: readonly string[] = ['status', 'createdAfter', 'createdBefore'] satisfies (keyof RunFilter)[];

/** Conditions that an index answers in another order, by groups of those that one look is for: the first that a filter has is tried. */
const LOOKUPS = [
  ['errorGroup'],
  ['workflowStepRunId'],
  ['scheduleId'],
  ['payloadContains', 'metadata', 'tags'],
  ['finishedAfter', 'finishedBefore'],
  ['errorContains'],
] as const satisfies readonly (readonly (keyof RunFilter)[])[];

/** Which runs have to be looked at to count those of a filter, and what to ask of each. */
export interface Examination {
  /** A condition over `runs r` that an index in the order of creation answers. */
  readonly among: string;
  /** The whole filter, over `runs r`. */
  readonly meant: string;
  readonly values: readonly unknown[];
  /** `among` names few runs, one by one; nothing needs to bound how many are looked at. */
  readonly isRare: boolean;
  /** Asking a run costs a look into another table. */
  readonly isDear: boolean;
}

/** True for a filter that says nothing but in which statuses and when: its runs are counted in an index alone. */
export function isCountable(filter: RunFilter): boolean {
  return Object.entries(filter).every(([name, value]) => value === undefined || COUNTABLE.includes(name));
}

/**
 * Says among which runs those of a filter are looked for. What only few runs have is looked up first, so that those few are all that is
 * looked at.
 */
export async function examine(actor: Actor, filter: RunFilter, deps: { readonly reads: Pool }): Promise<Examination> {
  const { createdAfter, createdBefore } = filter;
  const meant = compileFilter(actor, filter);
  const lookup = LOOKUPS.find((names) => names.some((name) => filter[name] !== undefined)) ?? [];
  const rare = lookup.length > 0 ? await lookUp(actor, pick(filter, lookup), deps.reads) : null;
  if (rare) {
    const values = [...meant.values, rare];
    return { among: `r.id = any ($${values.length}::uuid[])`, meant: meant.sql, values, isRare: true, isDear: false };
  }
  const status = filter.status?.length === 1 ? filter.status : undefined;
  const outer = compileFilter(actor, { ...pick(filter, ORDERED), status, createdAfter, createdBefore }, meant.values);
  return { among: outer.sql, meant: meant.sql, values: outer.values, isRare: false, isDear: asksElsewhere(filter) };
}

function asksElsewhere({ payloadContains, metadata, tags, scheduleId }: RunFilter): boolean {
  return [payloadContains, metadata, tags, scheduleId].some((asked) => asked !== undefined);
}

/** The ids of the runs of a filter when these are few, null when they are many. */
async function lookUp(actor: Actor, filter: RunFilter, pool: Pool): Promise<readonly string[] | null> {
  const { sql, values } = compileFilter(actor, filter);
  const text = `select r.id from runs r where ${sql} limit ${LOOKED_UP + 1}`;
  const { rows } = await pool.query<{ id: string }>(text, [...values]);
  return rows.length > LOOKED_UP ? null : rows.map(({ id }) => id);
}

function pick(filter: RunFilter, names: readonly (keyof RunFilter)[]): RunFilter {
  return Object.fromEntries(names.map((name) => [name, filter[name]]));
}
