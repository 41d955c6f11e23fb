import type { Pool } from 'pg';
import type { ExplainedRun } from './explained-run.ts';
import { countOf, type RunReason } from './reason.ts';

/** A place in the queue beyond this is not looked for. */
const MAX_POSITION = 10_000;
/** Claims that are looked through for the one that has held a slot longest. */
const SEARCHED_LEASES = 20_000;

/** Why a run is in the queue and nobody has claimed it. */
export async function explainQueued(run: ExplainedRun, deps: { readonly reads: Pool }): Promise<RunReason[]> {
  const { hold } = run;
  if (hold === null) return explainDue(run, deps.reads);
  if (hold.startsWith('limit:')) return explainLimit(run, hold.slice('limit:'.length), deps.reads);
  if (hold.startsWith('circuit:')) return [explainCircuit(run)];
  return [explainRetry(run)];
}

async function explainDue(run: ExplainedRun, pool: Pool): Promise<RunReason[]> {
  const reasons: RunReason[] = [];
  if (!run.isEnabled) reasons.push(disabled(run));
  if (run.workers === 0) {
    reasons.push({
      kind: 'no_worker',
      text: 'no server process that claims runs has given a sign of life within the last minute',
    });
  }
  const position = await positionOf(run, pool);
  const ahead = position > MAX_POSITION ? `more than ${countOf(MAX_POSITION, 'run')} go` : aheadOf(position - 1);
  const text = `it waits for its turn: ${ahead} before it in the queue of the server`;
  return [...reasons, { kind: 'queue', text, since: run.queuedAt ?? run.created, position }];
}

function aheadOf(count: number): string {
  if (count === 0) return 'no run goes';
  return count === 1 ? '1 run goes' : `${count} runs go`;
}

async function explainLimit(run: ExplainedRun, key: string, pool: Pool): Promise<RunReason[]> {
  if (key.startsWith('job:') && !run.isEnabled) return [disabled(run)];
  const [position, holder] = await Promise.all([positionOf(run, pool), holderOf(key, pool)]);
  const name = limitName(run, key);
  const isKey = key.startsWith('key:');
  const full =
    run.capacity === null ? `${name} is full` : `${name} is full: ${run.used ?? 0} of ${countOf(run.capacity, 'slot')} in use`;
  const text = `${full}, and it is number ${position > MAX_POSITION ? `${MAX_POSITION} or later` : position} of those that wait for one`;
  const action = isKey ? 'cancel_holder' : 'raise_limit';
  return [{ kind: 'limit', text, since: run.queuedAt, position, runId: holder, jobId: isKey ? null : run.jobId, action }];
}

function limitName({ job, projectId }: ExplainedRun, key: string): string {
  if (key.startsWith('job:')) return `the limit of the job ${job}`;
  if (key.startsWith('project:')) return `the limit of the project ${projectId}`;
  return `the limit of the concurrency key ${JSON.stringify(key.slice(`key:${projectId}/`.length))}`;
}

function disabled({ job, jobId, queuedAt }: ExplainedRun): RunReason {
  return {
    kind: 'job_disabled',
    text: `the job ${job} is disabled, so its runs are not started`,
    since: queuedAt,
    jobId,
    action: 'enable_job',
  };
}

function explainCircuit({ endpoint, failures, circuitId, retryAt, nextRetryAt }: ExplainedRun): RunReason {
  const until = retryAt ?? nextRetryAt;
  const name = endpoint ?? 'its endpoint';
  const count = failures === null || failures === 0 ? 'several times' : countOf(failures, 'time');
  const text = `the circuit of ${name} is open: it could not be reached ${count} in a row, and is tried again when the time has come`;
  return { kind: 'circuit_open', text, until, circuitId, ...(circuitId !== null && { action: 'reset_circuit' as const }) };
}

function explainRetry({ attempt, maxAttempts, nextRetryAt, error, errorClass, queuedAt, changedAt }: ExplainedRun): RunReason {
  const after = error === null ? '' : ` after “${shorten(error)}”`;
  const limited = errorClass === 'rate_limited' ? 'its executor asked for less: ' : '';
  const text = `${limited}attempt ${attempt} of ${maxAttempts} is due later${after}`;
  return { kind: limited === '' ? 'retry' : 'rate_limit', text, since: changedAt ?? queuedAt, until: nextRetryAt };
}

/** Errors can be long, and are told in full elsewhere. */
const MAX_QUOTED = 200;

/** An error as one line of a reason. */
export function shorten(error: string): string {
  const line = error.replaceAll(/\s+/g, ' ').trim();
  return line.length > MAX_QUOTED ? `${line.slice(0, MAX_QUOTED)}…` : line;
}

/**
 * Which place a run has among those with the same hold, in the order in which they are claimed or freed; {@link MAX_POSITION} and one for
 * any beyond. Two looks, because higher priorities and the same priority are two stretches of the index.
 */
async function positionOf({ id, hold, priority, createdAt }: ExplainedRun, pool: Pool): Promise<number> {
  const among = `q.status = 'queued' and q.hold ${hold === null ? 'is null' : '= $4'}`;
  const counted = (condition: string) =>
    `(select count(*)::int from (select from runs q where ${among} and ${condition} limit ${MAX_POSITION}) c)`;
  const { rows } = await pool.query<{ ahead: number }>(
    `select ${counted('q.priority > $1::int')}
          + ${counted('q.priority = $1::int and (q.created_at, q.id) < ($2::timestamptz, $3::uuid)')} as ahead`,
    [priority, createdAt, id, ...(hold === null ? [] : [hold])],
  );
  return Math.min(rows[0]?.ahead ?? 0, MAX_POSITION) + 1;
}

/** The run that has had a slot of a limit for longest. */
async function holderOf(key: string, pool: Pool): Promise<string | null> {
  const { rows } = await pool.query<{ id: string }>(
    `select r.id from (select run_id, limit_keys from run_leases limit ${SEARCHED_LEASES}) l join runs r on r.id = l.run_id
      where $1 = any (l.limit_keys) order by r.started_at, r.id limit 1`,
    [key],
  );
  return rows[0]?.id ?? null;
}
