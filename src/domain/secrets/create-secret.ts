import type { PoolClient } from 'pg';
import { type Actor, actorName, requireScope } from '../../auth/actor.ts';
import { AppError, notFound } from '../../core/errors.ts';
import { newId } from '../../core/ids.ts';
import { transact } from '../../db/transact.ts';
import { badEnvironment } from '../environments/environment.ts';
import { lockEnvironments } from '../environments/environment-chain.ts';
import type { EnvironmentDeps } from '../environments/environment-deps.ts';
import { requireEnvironmentId } from '../environments/find-environment.ts';
import { sealContext } from '../environments/seal-context.ts';
import { jobKeyColumn } from '../jobs/job.ts';
import { type CreateSecretInput, MAX_SECRETS, SECRET_COLUMNS, type SecretRow, shownPrefix } from './secret.ts';

type CreateDeps = Pick<EnvironmentDeps, 'pool' | 'box' | 'dispatchEnvironments'>;

/**
 * Stores a secret, encrypted; its value is never answered again. Dispatches carry it from now on, those of other processes within a second.
 * FORBIDDEN without `secrets:write`, NOT_FOUND for another project, BAD_REQUEST for an environment or a job that is none and for more than
 * {@link MAX_SECRETS}; CONFLICT for a key that is there already for the same environment and job.
 */
export async function createSecret(actor: Actor, input: CreateSecretInput, deps: CreateDeps): Promise<SecretRow> {
  requireScope(actor, 'secrets:write');
  const { projectId } = actor;
  if (input.projectId && input.projectId !== projectId) throw notFound('project');
  const created = await transact(deps.pool, async (client) => {
    await lockEnvironments(client, projectId);
    const environmentId = input.environmentId
      ? await requireEnvironmentId(client, { projectId, idOrSlug: input.environmentId, field: 'environment_id' })
      : null;
    const jobId = input.jobId ? await requireJobId(client, projectId, input.jobId) : null;
    return insert(client, { actor, input, environmentId, jobId }, deps);
  });
  deps.dispatchEnvironments.invalidate();
  return created;
}

interface Insertion {
  readonly actor: Actor;
  readonly input: CreateSecretInput;
  readonly environmentId: string | null;
  readonly jobId: string | null;
}

async function insert(
  client: PoolClient,
  { actor, input, environmentId, jobId }: Insertion,
  { box }: CreateDeps,
): Promise<SecretRow> {
  const { projectId } = actor;
  const { key, value } = input;
  const { rows: found } = await client.query<{ secrets: number; taken: boolean }>(
    `select count(*)::int as secrets,
            coalesce(bool_or(key = $2 and environment_id is not distinct from $3 and job_id is not distinct from $4), false) as taken
       from secrets where project_id = $1`,
    [projectId, key, environmentId, jobId],
  );
  if (found[0]?.taken) throw new AppError('CONFLICT', `there is a secret ${key} for this already: rotate or delete it`);
  if ((found[0]?.secrets ?? 0) >= MAX_SECRETS)
    throw new AppError('BAD_REQUEST', `a project may have at most ${MAX_SECRETS} secrets`);
  const id = newId();
  const sealed = box.seal(value, sealContext(projectId, id));
  const { rows } = await client.query<SecretRow>(
    `insert into secrets (id, project_id, environment_id, job_id, key, sealed, prefix, created_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8) returning ${SECRET_COLUMNS}`,
    [id, projectId, environmentId, jobId, key, sealed, shownPrefix(value), actorName(actor)],
  );
  if (!rows[0]) throw new Error('an insert answered no row');
  return rows[0];
}

async function requireJobId(client: PoolClient, projectId: string, idOrSlug: string): Promise<string> {
  const column = jobKeyColumn(idOrSlug);
  const { rows } = column
    ? await client.query<{ id: string }>(
        `select id from jobs where project_id = $1 and ${column} = $2 and deleted_at is null for key share`,
        [projectId, idOrSlug],
      )
    : { rows: [] };
  if (!rows[0]) throw badEnvironment('job_id', 'is not the id or slug of a job of this project');
  return rows[0].id;
}
