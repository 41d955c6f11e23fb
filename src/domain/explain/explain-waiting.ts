import type { Pool } from 'pg';
import type { RunStatus } from '../../core/run-state.ts';
import { type DependencyCondition, dependenciesSql } from '../dependencies/met-statement.ts';
import type { ExplainedRun } from './explained-run.ts';
import { countOf, type RunReason } from './reason.ts';

/** Things that a run waits for, as far as they are told one by one. */
const MAX_TOLD = 20;

interface WaitRow {
  readonly kind: 'child' | 'event' | 'dependency';
  readonly childRunId: string | null;
  readonly childStatus: RunStatus | null;
  readonly eventKey: string | null;
  readonly expiresAt: Date | null;
  readonly createdAt: Date;
}

/** Why a run sleeps: what it waits for and has not got yet. */
export async function explainWaiting(run: ExplainedRun, deps: { readonly reads: Pool }): Promise<RunReason[]> {
  const { rows } = await deps.reads.query<WaitRow>(
    `select w.kind, w.child_run_id as "childRunId", c.status as "childStatus", w.event_key as "eventKey", w.expires_at as "expiresAt",
            w.created_at as "createdAt"
       from waits w left join runs c on c.id = w.child_run_id where w.run_id = $1 and w.status = 'waiting' order by w.id limit 1000`,
    [run.id],
  );
  const children = rows.filter(({ kind }) => kind === 'child');
  const events = rows.filter(({ kind }) => kind === 'event').slice(0, MAX_TOLD);
  const dependency = rows.find(({ kind }) => kind === 'dependency');
  return [
    ...(children.length > 0 ? [explainChildren(children)] : []),
    ...events.map(explainEvent),
    ...(dependency ? await explainDependencies(run, dependency, deps.reads) : []),
  ];
}

function explainChildren(children: readonly WaitRow[]): RunReason {
  const [first] = children;
  const how =
    children.length === 1
      ? `, which is ${first?.childStatus ?? 'gone'}`
      : `; the first of them is ${first?.childStatus ?? 'gone'}`;
  return {
    kind: 'wait_children',
    text: `it waits for ${countOf(children.length, 'child run')}${how}`,
    since: first?.createdAt ?? null,
    until: first?.expiresAt ?? null,
    runId: first?.childRunId ?? null,
    action: 'cancel_holder',
  };
}

function explainEvent({ eventKey, createdAt, expiresAt }: WaitRow): RunReason {
  const text = `it waits for the event ${JSON.stringify(eventKey)}, which nobody has sent`;
  return { kind: 'wait_event', text, since: createdAt, until: expiresAt, eventKey, action: 'send_event' };
}

const WANTED: Readonly<Record<DependencyCondition, string>> = {
  completed: 'completes',
  failed: 'fails',
  any: 'ends',
};

async function explainDependencies(run: ExplainedRun, wait: WaitRow, pool: Pool): Promise<RunReason[]> {
  const { rows } = await pool.query<{ jobId: string; slug: string; condition: DependencyCondition; runId: string | null }>(
    `select x.depends_on_job_id as "jobId", j.slug, x.condition, x.run_id as "runId"
       from waits m cross join lateral (${dependenciesSql('m')}) x join jobs j on j.id = x.depends_on_job_id
      where m.run_id = $1 and m.kind = 'dependency' and m.status = 'waiting' and not x.satisfied order by x.id limit ${MAX_TOLD}`,
    [run.id],
  );
  return rows.map(({ jobId, slug, condition, runId }) => {
    const last = runId === null ? 'none has ended yet' : 'the last one ended otherwise';
    const text = `it waits until a run of the job ${slug} ${WANTED[condition]}; ${last}`;
    return { kind: 'dependency', text, since: wait.createdAt, until: wait.expiresAt, jobId, runId, action: 'trigger_job' };
  });
}
