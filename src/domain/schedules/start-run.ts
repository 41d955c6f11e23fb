import { AppError, notFound } from '../../core/errors.ts';
import type { JobRow } from '../jobs/job.ts';
import { prepare, refuseManagedIfOff } from '../runs/trigger.ts';
import { insertRefusal } from '../runs/trigger-answer.ts';
import { prepareRun, type TriggerableWorkflow, triggerableWorkflow } from '../workflows/trigger-workflow.ts';
import type { StartDeps } from './deps.ts';
import { storedRuns } from './overlap.ts';
import type { PendingFire } from './settle-fires.ts';
import { CREATED_BY, itemOf } from './target.ts';

/** Makes the runs of moments. */
export interface Starter {
  /**
   * Checks that there is somebody to trigger and builds the run; the function it answers stores it. Both throw what a trigger would, for
   * whoever reads what came of the moment.
   */
  check(fire: PendingFire): Promise<() => Promise<void>>;
}

/** Makes a {@link Starter} for one group of moments, which looks at each job and workflow once. */
export function makeStarter(deps: StartDeps): Starter {
  const jobs = new Map<string, Promise<JobRow>>();
  const workflows = new Map<string, Promise<TriggerableWorkflow>>();
  return {
    async check(fire) {
      const { jobId, workflowId } = fire;
      if (fire.batchId !== null && jobId !== null) {
        await once(jobs, jobId, () => liveJob(fire.projectId, jobId, deps));
        return () => openScheduledBatch(fire, deps);
      }
      if (jobId !== null) return jobRun(fire, await once(jobs, jobId, () => liveJob(fire.projectId, jobId, deps)), deps);
      if (workflowId === null) throw new Error('a schedule has a job or a workflow');
      const workflow = await once(workflows, workflowId, () => triggerableWorkflow(fire.projectId, workflowId, deps));
      return workflowRun(fire, workflow, deps);
    },
  };
}

function once<T>(known: Map<string, Promise<T>>, id: string, ask: () => Promise<T>): Promise<T> {
  const answer = known.get(id) ?? ask();
  known.set(id, answer);
  return answer;
}

/** Opens the batch of a moment under the id that is known for it; it is filled afterwards, from the inputs of the schedule. */
async function openScheduledBatch({ id, batchId, requestedBy }: PendingFire, deps: StartDeps): Promise<void> {
  await deps.engine.query({
    name: 'open-scheduled-batch',
    text: `insert into batches (id, project_id, job_id, total, created_by, schedule_id, parameters, callback_url, callback_headers, callback_on)
           select $1, s.project_id, s.job_id, s.input_count, $3, s.id, s.batch_options -> 'parameters',
                  s.batch_options #>> '{callback,url}', s.batch_options #> '{callback,headers}', s.batch_options #>> '{callback,on}'
             from schedules s where s.id = $2 on conflict (id) do nothing`,
    values: [batchId, id, requestedBy ?? CREATED_BY],
  });
}

async function liveJob(projectId: string, jobId: string, deps: StartDeps): Promise<JobRow> {
  const job = await deps.jobs.ofRun(projectId, jobId);
  if (job.deletedAt) throw new AppError('NOT_FOUND', 'the job was deleted');
  if (!job.enabled) throw new AppError('BAD_REQUEST', 'the job is disabled');
  refuseManagedIfOff(job, deps);
  return job;
}

function jobRun(fire: PendingFire, job: JobRow, deps: StartDeps): () => Promise<void> {
  const { runId, projectId, fireAt, requestedBy } = fire;
  if (runId === null) throw notFound('run');
  const origin = { triggeredBy: requestedBy === null ? 'cron' : 'manual' } as const;
  const run = {
    ...prepare({ kind: 'system', projectId, name: requestedBy ?? CREATED_BY }, job, { item: itemOf(fire), origin }),
    id: runId,
    mayExist: true,
    // What it was meant for. It is due, whatever the clock of this process says.
    scheduledAt: fireAt,
  };
  return async () => {
    const outcome = await deps.inserts.one(run);
    if (outcome.kind !== 'stored' && outcome.kind !== 'existing') throw insertRefusal(outcome.kind);
  };
}

function workflowRun(fire: PendingFire, workflow: TriggerableWorkflow, deps: StartDeps): () => Promise<void> {
  const { workflowRunId, projectId, requestedBy, payload, tags } = fire;
  if (workflowRunId === null) throw notFound('workflow run');
  const made = prepareRun({ projectId, createdBy: requestedBy ?? CREATED_BY }, workflow, {
    input: { payload, tags },
    origin: { triggeredBy: requestedBy === null ? 'cron' : 'manual', nesting: 0 },
  });
  return async () => {
    const outcome = await deps.workflowInserts.one({ ...made, id: workflowRunId });
    // It has no key that anything could stand in the way of but its id.
    if (outcome.kind !== 'stored' && !(await storedRuns([fire], deps)).has(workflowRunId)) throw insertRefusal('raced');
  };
}
