import type { Pool } from 'pg';
import type { SecretBox } from '../../auth/secret-box.ts';
import { lengthOf, MAX_ENVIRONMENT_LENGTH } from '../../core/header-text.ts';
import type { AttemptEnvironment } from '../../core/outcome.ts';
import { makeTtlCache } from '../../core/ttl-cache.ts';
import { ENDPOINT_VARIABLE } from './environment.ts';
import { chainSql } from './environment-chain.ts';
import { sealContext } from './seal-context.ts';

/** What the runs of a job are dispatched with; `fault` says in words why they cannot be. */
export type DispatchEnvironment =
  | { readonly fault: null; readonly endpointUrl: string | null; readonly environment: AttemptEnvironment }
  | { readonly fault: string };

/** The job of a dispatch, as far as its environment depends on it. */
interface DispatchedJob {
  readonly id: string;
  readonly projectId: string;
  readonly environmentId: string | null;
}

/** Variables and secrets for dispatches, at the cost of one query per job and second; per project and second where there are none. */
export interface DispatchEnvironments {
  of(job: DispatchedJob): Promise<DispatchEnvironment>;
  /** Forgets everything; to be called by whoever has changed an environment or a secret. */
  invalidate(): void;
}

interface DispatchEnvironmentDeps {
  readonly pool: Pool;
  readonly box: SecretBox;
  readonly now: () => number;
}

/** Other processes have a change after this long. */
const MAX_AGE_MS = 1_000;
/** Each has at most {@link MAX_ENVIRONMENT_LENGTH} characters. */
const MAX_ENTRIES = 2_000;

/** Makes the {@link DispatchEnvironments} of a process. */
export function makeDispatchEnvironments({ pool, box, now }: DispatchEnvironmentDeps): DispatchEnvironments {
  const cache = makeTtlCache({
    load: (key) => {
      const [projectId = '', jobId = '', environmentId = ''] = key.split(' ');
      return resolve({ projectId, id: jobId, environmentId: environmentId || null }, { pool, box });
    },
    maxAgeMs: MAX_AGE_MS,
    maxEntries: MAX_ENTRIES,
    now,
  });
  const haveSecrets = makeTtlCache({
    load: (projectId) => hasSecrets(pool, projectId),
    maxAgeMs: MAX_AGE_MS,
    maxEntries: MAX_ENTRIES,
    now,
  });
  return {
    async of({ projectId, id, environmentId }) {
      if (environmentId === null && !(await haveSecrets.get(projectId))) return NOTHING;
      return cache.get(`${projectId} ${id} ${environmentId ?? ''}`);
    },
    invalidate() {
      haveSecrets.clear();
      cache.clear();
    },
  };
}

const NOTHING: DispatchEnvironment = {
  fault: null,
  endpointUrl: null,
  environment: { slug: null, variables: {}, secrets: {} },
};

async function hasSecrets(pool: Pool, projectId: string): Promise<boolean> {
  const { rows } = await pool.query<{ any: boolean }>({
    name: 'has-secrets',
    text: 'select exists (select from secrets where project_id = $1) as any',
    values: [projectId],
  });
  return rows[0]?.any ?? false;
}

/**
 * One secret per name: of the job before of all jobs, then of the nearest environment, then of all environments. Sealed values come as
 * base64, which JSON can hold.
 */
const RESOLVE_SQL = `
with recursive ${chainSql('$1', '$3::uuid')}, picked as (
  select distinct on (s.key) s.id, s.key, s.sealed
    from secrets s left join chain c on c.id = s.environment_id
   where s.project_id = $1 and (s.job_id is null or s.job_id = $2) and (s.environment_id is null or c.id is not null)
   order by s.key, s.job_id is null, c.depth nulls last
)
select coalesce((select json_agg(json_build_object('slug', c.slug, 'variables', c.variables) order by c.depth) from chain c), '[]') as chain,
       coalesce((select json_agg(json_build_object('id', p.id, 'key', p.key, 'sealed', encode(p.sealed, 'base64'))) from picked p), '[]')
         as secrets`;

interface ResolvedRow {
  readonly chain: readonly { readonly slug: string; readonly variables: Readonly<Record<string, string>> }[];
  readonly secrets: readonly { readonly id: string; readonly key: string; readonly sealed: string }[];
}

async function resolve(
  { projectId, id, environmentId }: DispatchedJob,
  { pool, box }: Omit<DispatchEnvironmentDeps, 'now'>,
): Promise<DispatchEnvironment> {
  const { rows } = await pool.query<ResolvedRow>({
    name: 'dispatch-environment',
    text: RESOLVE_SQL,
    values: [projectId, id, environmentId],
  });
  const { chain, secrets: sealed } = rows[0] ?? { chain: [], secrets: [] };
  const { [ENDPOINT_VARIABLE]: endpointUrl = null, ...variables } = Object.assign(
    {},
    ...chain.map((environment) => environment.variables).toReversed(),
  ) as Record<string, string>;
  const opened = sealed.map(
    (secret) => [secret.key, box.open(Buffer.from(secret.sealed, 'base64'), sealContext(projectId, secret.id))] as const,
  );
  const unreadable = opened.find(([, value]) => value === null);
  if (unreadable) {
    return {
      fault: `the secret ${unreadable[0]} cannot be read: BATON_SECRET has changed since it was stored; rotate the secret`,
    };
  }
  const secrets = Object.fromEntries(opened) as Record<string, string>;
  const length = lengthOf(variables) + lengthOf(secrets);
  if (length > MAX_ENVIRONMENT_LENGTH) {
    return {
      fault: `the variables and secrets of the job have ${length} characters and headers carry ${MAX_ENVIRONMENT_LENGTH} at most: remove some`,
    };
  }
  return { fault: null, endpointUrl, environment: { slug: chain[0]?.slug ?? null, variables, secrets } };
}
