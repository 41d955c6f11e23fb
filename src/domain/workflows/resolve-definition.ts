import { createHash } from 'node:crypto';
import type { Pool } from 'pg';
import { AppError, type FieldError } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import { canonicalJson, type JsonValue } from '../../core/json.ts';
import { findFaults } from './check-definition.ts';
import type { Definition, Step, StepDefinition } from './definition.ts';

/** A definition as it is given: what is left out is null. */
export interface GivenDefinition extends Omit<Definition, 'steps'> {
  readonly steps: readonly Step[];
}

/**
 * Turns what was given into what is stored: checked, jobs and workflows found by id or slug in the project. BAD_REQUEST, naming every
 * step at fault, for a definition that could not run.
 *
 * @param selfId the workflow itself, which may be a step of its own
 */
export async function resolveDefinition(
  given: GivenDefinition,
  of: { readonly projectId: string; readonly selfId: string; readonly selfSlug: string },
  pool: Pick<Pool, 'query'>,
): Promise<Definition> {
  refuse(findFaults(given, given.steps));
  const jobs = await lookUp(pool, 'jobs', { projectId: of.projectId, names: given.steps.flatMap(({ job }) => job ?? []) });
  const workflows = await lookUp(pool, 'workflows', {
    projectId: of.projectId,
    names: given.steps.flatMap(({ workflow }) => workflow ?? []),
  });
  workflows.set(of.selfSlug, of.selfId).set(of.selfId, of.selfId);
  const unknown: FieldError[] = [];
  const steps = given.steps.map((step): StepDefinition => {
    const [jobId, workflowId] = [step.job && jobs.get(step.job), step.workflow && workflows.get(step.workflow)];
    const path = `steps.${step.ref}`;
    if (step.job && !jobId) unknown.push({ path: `${path}.job`, message: `names the job "${step.job}", which does not exist` });
    if (step.workflow && !workflowId) {
      unknown.push({ path: `${path}.workflow`, message: `names the workflow "${step.workflow}", which does not exist` });
    }
    return {
      ...step,
      kind: step.kind ?? 'job',
      dependsOn: step.dependsOn ?? [],
      ...(jobId && { jobId }),
      ...(workflowId && { workflowId }),
    };
  });
  refuse(unknown);
  return { ...given, steps };
}

/** SHA-256 of a definition, in hex: equal definitions have equal hashes, whatever the order of their keys. */
export function hashDefinition(definition: Definition): string {
  // Made of what JSON carries; fields that are undefined are not part of it.
  const json = JSON.parse(JSON.stringify(definition)) as JsonValue;
  return createHash('sha256').update(canonicalJson(json)).digest('hex');
}

function refuse(faults: readonly FieldError[]): void {
  const [first] = faults;
  if (!first) return;
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  throw new AppError('BAD_REQUEST', `${first.path}: ${first.message}${more}`, { details: faults });
}

/** Ids of live rows of a project, by every id and slug they were asked for under. */
async function lookUp(
  pool: Pick<Pool, 'query'>,
  table: 'jobs' | 'workflows',
  of: { readonly projectId: string; readonly names: readonly string[] },
): Promise<Map<string, string>> {
  if (of.names.length === 0) return new Map();
  const ids = of.names.filter(isUuid).map((id) => id.toLowerCase());
  const { rows } = await pool.query<{ id: string; slug: string }>(
    `select id, slug from ${table} where project_id = $1 and deleted_at is null and (slug = any ($2::text[]) or id = any ($3::uuid[]))`,
    [of.projectId, of.names, ids],
  );
  const found = new Map(rows.flatMap(({ id, slug }) => [[id, id] as const, [slug, id] as const]));
  return new Map(
    of.names.flatMap((name) => (found.has(name.toLowerCase()) ? [[name, found.get(name.toLowerCase()) ?? '']] : [])),
  );
}
