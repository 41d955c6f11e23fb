import type { Pool } from 'pg';
import { AppError } from '../../core/errors.ts';
import { isFinalWorkflow, type WorkflowRunStatus } from '../../core/workflow-state.ts';
import type { WakeHub } from '../../db/wake-hub.ts';
import { makeGate } from '../runs/gate.ts';

/** Callers of one process that wait at once, and of them those of one project. */
const MAX_WAITING = 1_000;
const MAX_OF_PROJECT = 100;
/** A hint may be missed; nobody waits longer than this for what is already stored. */
const POLL_MS = 15_000;

/**
 * Resolves when a workflow run has ended, stands still until a person does something, is gone, or `maxMs` are over, whichever comes first;
 * which it was, its row says. Woken by hints, with no connection held meanwhile.
 */
export type Settled = (workflowRunId: string, maxMs: number) => Promise<void>;

/** What waits for workflow runs on behalf of callers that want their answer in one request. */
export interface RunWaits {
  /** Does work that waits. RATE_LIMITED, before it begins, when too many wait already. */
  waiting<T>(projectId: string, work: (settled: Settled) => Promise<T>): Promise<T>;
  /** Lets everybody go, with the run as it is: part of an ordered stop. */
  close(): void;
}

const STANDING_SQL = `
select w.status, exists (select from workflow_step_runs s
                          where s.workflow_run_id = w.id and s.kind = 'approval' and s.status = 'waiting') as "isHeld"
  from workflow_runs w where w.id = $1`;

/** Makes the {@link RunWaits} of a process. */
export function makeRunWaits({ reads, hub }: { readonly reads: Pool; readonly hub: WakeHub }): RunWaits {
  const byProject = new Map<string, number>();
  const openers = new Set<() => void>();
  let waiters = 0;
  let isClosed = false;

  async function isSettled(id: string): Promise<boolean> {
    const { rows } = await reads.query<{ status: WorkflowRunStatus; isHeld: boolean }>({
      name: 'workflow-run-standing',
      text: STANDING_SQL,
      values: [id],
    });
    const [row] = rows;
    return !row || isFinalWorkflow(row.status) || row.status === 'paused' || (row.status === 'running' && row.isHeld);
  }

  async function settled(workflowRunId: string, maxMs: number): Promise<void> {
    const until = performance.now() + maxMs;
    const gate = makeGate();
    const unsubscribe = hub.onWake(workflowRunId, gate.open);
    openers.add(gate.open);
    try {
      for (;;) {
        if (isClosed || (await isSettled(workflowRunId))) return;
        const left = until - performance.now();
        if (left <= 0) return;
        await gate.pass(Math.min(left, POLL_MS));
      }
    } finally {
      openers.delete(gate.open);
      unsubscribe();
    }
  }

  return {
    async waiting(projectId, work) {
      const ofProject = byProject.get(projectId) ?? 0;
      if (waiters >= MAX_WAITING || ofProject >= MAX_OF_PROJECT)
        throw new AppError('RATE_LIMITED', 'too many callers wait for workflow runs: trigger it without waiting and follow it');
      waiters++;
      byProject.set(projectId, ofProject + 1);
      try {
        return await work(settled);
      } finally {
        waiters--;
        const left = (byProject.get(projectId) ?? 1) - 1;
        if (left > 0) byProject.set(projectId, left);
        else byProject.delete(projectId);
      }
    },
    close() {
      isClosed = true;
      for (const open of openers) open();
    },
  };
}
