import { type Actor, requireScope } from '../../auth/actor.ts';
import { allows } from '../../auth/scopes.ts';
import { AppError } from '../../core/errors.ts';
import type { JsonValue } from '../../core/json.ts';
import { boundedJson } from '../runs/json-size.ts';
import { prepare, triggerableJob } from '../runs/trigger.ts';
import { prepareRun, triggerableWorkflow } from '../workflows/trigger-workflow.ts';
import type { StartDeps } from './deps.ts';
import type { ScheduleRow } from './schedule.ts';

/** Bytes of JSON the payload of a schedule may have: hundreds of schedules are at work at once. */
const MAX_SCHEDULE_PAYLOAD = 262_144;

/** What a schedule triggers; one of the two is set. */
export interface Target {
  readonly jobId: string | null;
  readonly workflowId: string | null;
}

/** Throws FORBIDDEN unless the actor may do this to schedules of such a target: the scope of jobs, or of workflows. */
export function requireTargetScope(actor: Actor, target: Target, verb: 'read' | 'write' | 'trigger'): void {
  requireScope(actor, target.jobId === null ? `workflows:${verb}` : `jobs:${verb}`);
}

/** Whether the actor may see schedules of jobs, and of workflows. */
export function readableTargets(actor: Actor): { readonly jobs: boolean; readonly workflows: boolean } {
  const may = (scope: 'jobs:read' | 'workflows:read') => actor.kind === 'key' && allows(actor.scopes, scope);
  return { jobs: may('jobs:read'), workflows: may('workflows:read') };
}

/** What every run of a schedule starts with. */
export type RunTemplate = Pick<ScheduleRow, 'payload' | 'tags' | 'metadata' | 'priority' | 'concurrencyKey'>;

/**
 * The target of a new schedule, by id or slug, with everything checked as a trigger would: NOT_FOUND when there is none, BAD_REQUEST
 * when it is disabled, its schema refuses the payload or a workflow is given what only runs of jobs have.
 */
export async function checkedTarget(
  actor: Actor,
  named: { readonly job: string } | { readonly workflow: string },
  { template, deps }: { readonly template: RunTemplate; readonly deps: StartDeps },
): Promise<Target> {
  boundPayload(template.payload);
  if ('job' in named) {
    requireScope(actor, 'jobs:write');
    const job = await triggerableJob(actor, named.job, deps);
    prepare(actor, job, { item: itemOf(template), origin: { triggeredBy: 'cron' } });
    return { jobId: job.id, workflowId: null };
  }
  requireScope(actor, 'workflows:write');
  if (template.priority !== 0 || template.concurrencyKey !== null || Object.keys(template.metadata).length > 0) {
    throw new AppError('BAD_REQUEST', 'priority, concurrency_key and metadata are for schedules of jobs: its steps say these');
  }
  const workflow = await triggerableWorkflow(actor.projectId, named.workflow, deps);
  prepareRun({ projectId: actor.projectId, createdBy: CREATED_BY }, workflow, {
    input: { payload: template.payload, tags: template.tags },
    origin: { triggeredBy: 'cron', nesting: 0 },
  });
  return { jobId: null, workflowId: workflow.row.id };
}

/** Who makes what the clock makes, in `created_by` (reference semantics §5.6). */
export const CREATED_BY = 'system:cron';

/** What a schedule says about its runs, as a trigger says it. */
export function itemOf({ payload, tags, metadata, priority, concurrencyKey }: RunTemplate) {
  return { payload, tags, metadata, priority, ...(concurrencyKey !== null && { concurrencyKey }) };
}

function boundPayload(payload: JsonValue): void {
  boundedJson('the payload', payload, { maxBytes: MAX_SCHEDULE_PAYLOAD, advice: 'store it elsewhere and pass where' });
}
