import type { Pool } from 'pg';
import { type Actor, requireScope } from '../../auth/actor.ts';
import { isFinal, type RunStatus } from '../../core/run-state.ts';
import { startOf } from '../runs/execution-window.ts';
import { isAllowedIn } from '../runs/run-actions.ts';
import { explainQueued, shorten } from './explain-queued.ts';
import { explainWaiting } from './explain-waiting.ts';
import { type ExplainedRun, readExplainedRun } from './explained-run.ts';
import type { RunExplanation, RunReason } from './reason.ts';

/**
 * Says in words why a run is where it is, what has to happen for it to go on, and what people can do about it. At most four small
 * statements, whatever is in the queue. NOT_FOUND for an unknown run.
 */
export async function explainRun(actor: Actor, runId: string, deps: { readonly reads: Pool }): Promise<RunExplanation> {
  requireScope(actor, 'runs:read');
  const run = await readExplainedRun(actor, runId, deps);
  const reasons = await reasonsOf(run, deps);
  const text = reasons.map((reason) => reason.text).join('; ');
  const why = text === '' ? 'it is about to go on' : text;
  return { summary: isFinal(run.status) ? sentence(why) : `${STANDING[run.status] ?? 'It is on its way'}: ${why}.`, reasons };
}

const STANDING: Partial<Record<RunStatus, string>> = {
  delayed: 'Not due yet',
  queued: 'In the queue',
  dequeued: 'Starting',
  executing: 'Running',
  waiting: 'Asleep',
  paused: 'Paused',
};

function reasonsOf(run: ExplainedRun, deps: { readonly reads: Pool }): RunReason[] | Promise<RunReason[]> {
  switch (run.status) {
    case 'delayed':
      return [explainDelay(run)];
    case 'queued':
      return explainQueued(run, deps);
    case 'waiting':
      return explainWaiting(run, deps);
    case 'paused':
      return [
        {
          kind: 'pause',
          text: 'somebody has stopped it, and it goes on when it is resumed',
          since: run.changedAt,
          action: 'resume',
        },
      ];
    case 'dequeued':
    case 'executing':
      return [explainExecution(run)];
    default:
      return [explainEnding(run)];
  }
}

function explainDelay(run: ExplainedRun): RunReason {
  const { created, scheduledAt, executionWindowCron } = run;
  const until = run.wakeAt ?? scheduledAt;
  const opening = startOf(run, null, created);
  if (executionWindowCron !== null && opening?.getTime() === scheduledAt?.getTime()) {
    const text = `runs of the job ${run.job} start at ${executionWindowCron} (${run.timezone}) alone, and it waits for that time to come`;
    return { kind: 'execution_window', text, since: created, until, jobId: run.jobId, action: 'reschedule' };
  }
  return { kind: 'delay', text: 'it is to start later', since: created, until, action: 'reschedule' };
}

function explainExecution({
  status,
  attempt,
  maxAttempts,
  startedAt,
  deadlineAt,
  leaseUntil,
  heartbeatAt,
}: ExplainedRun): RunReason {
  const doing = status === 'dequeued' ? 'was claimed and is handed to its executor' : 'is with its executor';
  const sign = heartbeatAt === null ? '' : ', which has given signs of life since';
  const silent =
    leaseUntil !== null && leaseUntil.getTime() < Date.now() ? '; its lease is over, and it is about to be taken back' : '';
  return {
    kind: 'running',
    text: `attempt ${attempt} of ${maxAttempts} ${doing}${sign}${silent}`,
    since: startedAt,
    until: deadlineAt,
  };
}

const ENDINGS: Partial<Record<RunStatus, string>> = {
  completed: 'it has completed',
  failed: 'it has failed with an error that no retry can cure',
  timed_out: 'its last attempt took too long',
  crashed: 'its executor fell silent in the last attempt',
  system_failed: 'it could not be dispatched',
  canceled: 'it was canceled',
  expired: 'nobody started it in time',
  dead_letter: 'its attempts are spent, and it is kept until somebody replays it',
};

function explainEnding({ status, error, finishedAt, attempt, maxAttempts }: ExplainedRun): RunReason {
  const spent = status === 'dead_letter' ? ` (${attempt} of ${maxAttempts})` : '';
  const why = error === null || status === 'completed' ? '' : `: ${shorten(error)}`;
  const base = { kind: 'final', text: `${ENDINGS[status] ?? 'it has ended'}${spent}${why}`, since: finishedAt } as const;
  if (isAllowedIn('replay', status)) return { ...base, action: 'replay' };
  return isAllowedIn('replay_dead_letter', status) ? { ...base, action: 'replay_dead_letter' } : base;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
