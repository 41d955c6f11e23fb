import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { vi } from 'vitest';
import type { KeyActor } from '../../src/auth/actor.ts';
import type { Scope } from '../../src/auth/scopes.ts';
import { newId } from '../../src/core/ids.ts';
import type { RunStatus } from '../../src/core/run-state.ts';
import { createJob } from '../../src/domain/jobs/create-job.ts';
import type { JobDefinition, JobRow } from '../../src/domain/jobs/job.ts';
import type { JobDeps } from '../../src/domain/jobs/job-deps.ts';
import { CreateJobInput, UpdateJobInput } from '../../src/domain/jobs/job-input.ts';
import { updateJob } from '../../src/domain/jobs/update-job.ts';

/** A key of a project, with every right in it unless told otherwise. */
export function actorOf(projectId: string, ...scopes: Scope[]): KeyActor {
  return { kind: 'key', projectId, keyId: 'tester', scopes: new Set(scopes.length ? scopes : (['*'] as const)) };
}

/** Makes a project of one test's own and answers a key of it. */
export async function newProject(pool: pg.Pool): Promise<KeyActor> {
  const id = `p-${randomUUID()}`;
  await pool.query('insert into projects (id, name) values ($1, $1)', [id]);
  return actorOf(id);
}

/** A new project with the functions that change jobs, their input parsed as a face would, and a cache that notes what it is told. */
export async function setupJobs(pool: pg.Pool) {
  const actor = await newProject(pool);
  const invalidate = vi.fn<(projectId: string) => void>();
  const deps: JobDeps = { pool, endpointPolicy: { allowPrivate: false }, managedExec: true, jobCache: { invalidate } };
  return {
    actor,
    deps,
    invalidate,
    create(input: object = {}) {
      return createJob(
        actor,
        CreateJobInput.parse({ slug: 'resize', name: 'Resize', endpointUrl: 'https://example.com/run', ...input }),
        deps,
      );
    },
    update(job: string, changes: object) {
      return updateJob(actor, { job, changes: UpdateJobInput.parse(changes) }, deps);
    },
    /** How many jobs, deleted ones too, and versions of them the project has. */
    async stored() {
      const { rows } = await pool.query<{ jobs: number; versions: number }>(
        `select count(distinct j.id)::int as jobs, count(v.*)::int as versions
         from jobs j left join job_versions v on v.job_id = j.id where j.project_id = $1`,
        [actor.projectId],
      );
      return rows[0];
    },
    async insertRun(job: JobRow, status: RunStatus) {
      await pool.query(
        `insert into runs (id, project_id, job_id, status, timeout_secs, job_version, job_version_id, triggered_by, created_by)
         values ($1, $2, $3, $4, 300, 1, $5, 'manual', 'test')`,
        [newId(), job.projectId, job.id, status, job.versionId],
      );
    },
  };
}

/** The part of a job that its history keeps. */
export function definitionOf(job: JobRow): JobDefinition {
  const { id: _i, projectId: _p, enabled: _e, signingSecret: _s, webhookSecret: _h, version: _v, versionId: _w, ...rest } = job;
  const {
    createdBy: _c,
    createdAt: _d,
    updatedAt: _u,
    deletedAt: _x,
    dependencyCount: _n,
    dependentCount: _m,
    ...definition
  } = rest;
  return definition;
}
