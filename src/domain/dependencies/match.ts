import type { JsonValue } from '../../core/json.ts';

/** Characters of a dependency key that count; a longer one is taken for no key at all. */
const MAX_DEPENDENCY_KEY_LENGTH = 256;

/**
 * By what the ended runs of a dependency are matched with a run (reference semantics §5.3): by the idempotency key of the run if it has
 * one, else by its dependency key if it has one, else not at all: any run of that job counts.
 */
export type MatchBy = 'idempotency_key' | 'dependency_key' | 'any';

/** All that decides whether the dependencies of a run are met: two runs with the same match may go on at the same moment. */
export interface RunMatch {
  readonly jobId: string;
  readonly matchBy: MatchBy;
  /** Empty for `any`. */
  readonly matchKey: string;
}

/** A run as far as its match depends on it. */
interface MatchedRun {
  readonly jobId: string;
  readonly idempotencyKey: string | null;
  readonly dependencyKey: string | null;
}

/** The match of a run. */
export function matchOf({ jobId, idempotencyKey, dependencyKey }: MatchedRun): RunMatch {
  if (idempotencyKey !== null) return { jobId, matchBy: 'idempotency_key', matchKey: idempotencyKey };
  if (dependencyKey !== null) return { jobId, matchBy: 'dependency_key', matchKey: dependencyKey };
  return { jobId, matchBy: 'any', matchKey: '' };
}

/** As {@link matchOf}, two columns of SQL over a row `alias` with the columns of a run. */
export function matchSql(alias: string): string {
  return `case when ${alias}.idempotency_key is not null then 'idempotency_key' when ${alias}.dependency_key is not null then 'dependency_key'
    else 'any' end, coalesce(${alias}.idempotency_key, ${alias}.dependency_key, '')`;
}

/** Distinct matches, in the order of their first appearance. */
export function distinctMatches(matches: readonly RunMatch[]): RunMatch[] {
  return [...new Map(matches.map((match) => [`${match.jobId} ${match.matchBy} ${match.matchKey}`, match])).values()];
}

/**
 * What a run shares with runs of other jobs that belong to the same piece of work: `dependency_key` of its payload, else of its metadata,
 * when that is a text of 1 to 256 characters; null otherwise.
 */
export function dependencyKeyOf(payload: JsonValue, metadata: Readonly<Record<string, unknown>>): string | null {
  return keyIn(payload) ?? keyIn(metadata);
}

function keyIn(object: unknown): string | null {
  if (typeof object !== 'object' || object === null || !Object.hasOwn(object, 'dependency_key')) return null;
  const key: unknown = Reflect.get(object, 'dependency_key');
  return typeof key === 'string' && key.length > 0 && key.length <= MAX_DEPENDENCY_KEY_LENGTH ? key : null;
}
