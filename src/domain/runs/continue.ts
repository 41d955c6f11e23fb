import type { Pool } from 'pg';
import { z } from 'zod';
import type { RunActor } from '../../auth/actor.ts';
import { AppError } from '../../core/errors.ts';
import { newId } from '../../core/ids.ts';
import type { JsonValue } from '../../core/json.ts';
import type { RunStatus } from '../../core/run-state.ts';
import { JsonInput, text } from '../../core/schemas.ts';
import type { RunDeps } from './deps.ts';
import { MAX_LINEAGE_DEPTH } from './insert-statement.ts';
import { refusal, reportOwnRun } from './report.ts';
import { prepare, triggerableJob } from './trigger.ts';
import { insertRefusal } from './trigger-answer.ts';

/** Input of a continuation. */
export const ContinueRunInput = z.strictObject({
  payload: JsonInput.optional().describe('Input of the new run; that of this run when left out.'),
  key: text(256)
    .min(1)
    .optional()
    .describe('Names the continuation within this run: continuing under the same key again answers the run there is.'),
});

/**
 * Starts a run of the same job that carries on where the calling executor's run leaves off, and answers its id. The calling run goes on
 * as it is. CONFLICT unless that run is executing or waiting under this claim, BAD_REQUEST at the end of the line
 * ({@link MAX_LINEAGE_DEPTH}), and what triggering a run of the job throws.
 */
export async function continueRun(actor: RunActor, input: z.output<typeof ContinueRunInput>, deps: RunDeps): Promise<string> {
  const own = await readRun(deps.reads, actor);
  if (!own) throw refusal(actor.epoch, { status: null, epoch: null });
  // What would be refused anyway is refused for its own reason, not for what is wrong with the job.
  if (own.epoch !== actor.epoch || !CONTINUABLE.has(own.status)) throw refusal(actor.epoch, own);
  const job = await triggerableJob(actor, own.jobId, deps);
  const payload = input.payload === undefined ? own.payload : input.payload;
  const continues = { runId: actor.runId, epoch: actor.epoch, key: input.key ?? newId() };
  const run = prepare(actor, job, { item: { payload, priority: own.priority }, origin: { triggeredBy: 'manual', continues } });
  const outcome = await deps.inserts.one(run);
  switch (outcome.kind) {
    case 'existing':
      return outcome.id;
    case 'too-deep':
      throw new AppError('BAD_REQUEST', `max lineage depth (${MAX_LINEAGE_DEPTH}) exceeded`);
    case 'orphaned': {
      const now = await readRun(deps.reads, actor);
      throw refusal(actor.epoch, now ?? { status: null, epoch: null });
    }
    case 'raced':
      throw insertRefusal(outcome.kind);
  }
  await tell(actor, run.id, deps);
  return run.id;
}

const CONTINUABLE: ReadonlySet<RunStatus> = new Set(['executing', 'waiting']);

interface OwnRun {
  readonly status: RunStatus;
  readonly epoch: number;
  readonly jobId: string;
  readonly priority: number;
  readonly payload: JsonValue;
}

async function readRun(pool: Pool, actor: RunActor): Promise<OwnRun | undefined> {
  const { rows } = await pool.query<OwnRun>({
    name: 'run-to-continue',
    text: `select r.status, r.epoch, r.job_id as "jobId", r.priority, d.payload
             from runs r join run_data d on d.run_id = r.id where r.id = $1 and r.project_id = $2`,
    values: [actor.runId, actor.projectId],
  });
  return rows[0];
}

/** The continuation stands, whatever becomes of the run that asked for it; one that has ended by now has told its story. */
async function tell(actor: RunActor, runId: string, deps: RunDeps): Promise<void> {
  const report = { type: 'continuation', level: 'info', message: 'continued by another run', data: { run_id: runId } } as const;
  try {
    await reportOwnRun(actor, report, deps);
  } catch (error) {
    if (!(error instanceof AppError) || (error.code !== 'CONFLICT' && error.code !== 'NOT_FOUND')) throw error;
  }
}
