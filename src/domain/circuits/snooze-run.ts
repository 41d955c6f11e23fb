import type { Pool } from 'pg';
import { MAX_SNOOZES, SNOOZE_COUNT } from '../../core/circuit.ts';
import type { ClaimedRun } from '../runs/claimed-run.ts';
import type { Transitions } from '../runs/transition.ts';
import { type Circuits, circuitHold, type Refusal } from './circuits.ts';

interface SnoozeDeps {
  readonly engine: Pool;
  readonly transitions: Transitions;
  readonly circuits: Circuits;
}

/**
 * Puts a claimed run back into the queue because the circuit of its endpoint is open (reference semantics §2.5): not before the circuit may
 * be tried again, and without spending an attempt. One that was put back {@link MAX_SNOOZES} times ends with `system_failed`.
 */
export async function snoozeRun(run: ClaimedRun, refusal: Refusal, deps: SnoozeDeps): Promise<void> {
  const { circuitId, endpoint, retryInMs } = refusal;
  const count = (await snoozesOf(run, deps.engine)) + 1;
  const data = { circuit_id: circuitId, endpoint, snooze_count: Math.min(count, MAX_SNOOZES) };
  const common = { runId: run.id, epoch: run.epoch } as const;
  if (count > MAX_SNOOZES) {
    const error = `circuit open: ${endpoint} could not be reached and the run was put back ${MAX_SNOOZES} times; see that it answers, then replay the run`;
    await deps.transitions.one({ ...common, event: 'system_fail', level: 'error', message: error, error, data });
    return;
  }
  await deps.transitions.one({
    ...common,
    event: 'snooze',
    level: 'warn',
    message: `circuit open: ${endpoint} could not be reached several times in a row; back in the queue without spending an attempt`,
    data: { ...data, delay_ms: retryInMs },
    delayMs: retryInMs,
    hold: circuitHold(circuitId),
    metadata: { [SNOOZE_COUNT]: String(count) },
  });
  // The circuit may have closed before the run was held for it, and then nobody would free it in time.
  await deps.circuits.free(circuitId);
}

async function snoozesOf(run: ClaimedRun, pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ count: string | null }>({
    name: 'snoozes',
    text: `select metadata ->> '${SNOOZE_COUNT}' as count from run_data where run_id = $1 and project_id = $2`,
    values: [run.id, run.projectId],
  });
  // Whoever triggers a run may have written something else there.
  const count = Number(rows[0]?.count ?? 0);
  return Number.isInteger(count) && count > 0 ? count : 0;
}
