import type pg from 'pg';
import type { JobDefinition } from './job.ts';
import { definitionFromSql } from './job-versions.ts';

/** What a job said at one version, and which version that was. */
export interface VersionedDefinition extends JobDefinition {
  readonly version: number;
  readonly versionId: string;
}

/** What jobs said at their versions. A version never changes, so whatever was read once stays right. */
export interface VersionCache {
  /** Throws when the job has no such version: runs only name versions that exist. */
  at(jobId: string, version: number): Promise<VersionedDefinition>;
  /** The last version up to `newest` that every version after `version` leads to compatibly. */
  lastCompatible(jobId: string, version: number, newest: number): Promise<number>;
}

/** Makes a {@link VersionCache} that remembers up to `maxEntries` answers of each kind, the least recently used ones go first. */
export function makeVersionCache(pool: pg.Pool, maxEntries: number): VersionCache {
  const definitions = makeMemory<VersionedDefinition>(maxEntries);
  const compatible = makeMemory<number>(maxEntries);
  return {
    at: (jobId, version) => definitions.recall(`${jobId}@${version}`, () => readDefinition(pool, jobId, version)),
    lastCompatible: (jobId, version, newest) =>
      compatible.recall(`${jobId}@${version}-${newest}`, () => readLastCompatible(pool, { jobId, version, newest })),
  };
}

async function readDefinition(pool: pg.Pool, jobId: string, version: number): Promise<VersionedDefinition> {
  const { rows } = await pool.query<{ version_id: string; definition: Readonly<Record<string, unknown>> }>({
    name: 'job-at-version',
    text: 'select version_id, definition from job_versions where job_id = $1 and version = $2',
    values: [jobId, version],
  });
  if (!rows[0]) throw new Error(`job ${jobId} has no version ${version}`);
  return { ...definitionFromSql(rows[0].definition), version, versionId: rows[0].version_id };
}

async function readLastCompatible(
  pool: pg.Pool,
  { jobId, version, newest }: { readonly jobId: string; readonly version: number; readonly newest: number },
): Promise<number> {
  const { rows } = await pool.query<{ last: number }>({
    name: 'last-compatible-version',
    text: `select coalesce(min(version) - 1, $3)::int as last from job_versions
            where job_id = $1 and version > $2 and version <= $3 and not backwards_compatible`,
    values: [jobId, version, newest],
  });
  return rows[0]?.last ?? version;
}

interface Memory<T> {
  /** What is known under the key, or what `read` answers; a failed reading is not remembered. */
  recall(key: string, read: () => Promise<T>): Promise<T>;
}

function makeMemory<T>(maxEntries: number): Memory<T> {
  const known = new Map<string, Promise<T>>();
  return {
    recall(key, read) {
      const answer = known.get(key) ?? read();
      known.delete(key);
      known.set(key, answer);
      answer.catch(() => {
        if (known.get(key) === answer) known.delete(key);
      });
      if (known.size > maxEntries) known.delete(known.keys().next().value ?? key);
      return answer;
    },
  };
}
