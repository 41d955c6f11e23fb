import type { Pool } from 'pg';
import { isRetryable } from '../../db/errors.ts';
import { APPLY_SQL } from './apply-statement.ts';
import type { Draft, DraftStep } from './draft.ts';

const DEADLOCK_TRIES = 5;

/** What came of storing drafts. */
export interface Applied {
  /** For each whether it was stored, or its run has changed meanwhile. */
  readonly stored: readonly boolean[];
  /** Whether there are webhooks to be sent because of it. */
  readonly fired: boolean;
}

/** Stores drafts. */
export async function applyDrafts(drafts: readonly Draft[], pool: Pool): Promise<Applied> {
  const input = JSON.stringify(drafts.map(toItem));
  for (let tries = 1; ; tries++) {
    try {
      const { rows } = await pool.query<{ ord: number; fired: number }>({
        name: 'apply-workflow-runs',
        text: APPLY_SQL,
        values: [input],
      });
      const stored = new Set(rows.map(({ ord }) => ord));
      return { stored: drafts.map((_draft, ord) => stored.has(ord)), fired: rows.some(({ fired }) => fired > 0) };
    } catch (error) {
      // Postgres ended the statement to break a deadlock; it changed nothing.
      if (tries === DEADLOCK_TRIES || !isRetryable(error)) throw error;
    }
  }
}

function toItem(draft: Draft, ord: number): object {
  const { loaded, status, ending, events, changed, steps, batchStarted } = draft;
  const touched = [...changed].flatMap((position) => steps[position] ?? []);
  return {
    ord,
    id: loaded.id,
    revision: loaded.revision,
    status,
    error: ending?.error,
    failed_step: ending?.failedStep,
    output: ending?.output,
    batch_started: batchStarted ?? undefined,
    events,
    steps: touched.map(toStep),
    waits: touched.flatMap(({ id, attempt, status: at, wait }) =>
      wait && at === 'waiting'
        ? { id: wait.id, step_id: id, attempt, event_key: wait.eventKey, timeout_secs: wait.timeoutSecs, request: wait.request }
        : [],
    ),
  };
}

function toStep(step: DraftStep): object {
  const { source, wakeAt, decision } = step;
  const isSleeping = step.status === 'waiting';
  return {
    id: step.id,
    status: step.status,
    attempt: step.attempt,
    skip_reason: step.skipReason,
    chosen: step.chosen,
    error: step.error,
    map_total: step.mapTotal,
    map_started: step.mapStarted,
    wake_at: isSleeping && wakeAt instanceof Date ? wakeAt : undefined,
    wake_secs: isSleeping && wakeAt && !(wakeAt instanceof Date) ? wakeAt.inSecs : undefined,
    has_input: step.input !== undefined,
    input: step.input,
    source: source?.from,
    source_id: source && source.from !== 'value' ? source.id : undefined,
    output: source?.from === 'value' ? source.value : undefined,
    decision: decision?.kind,
    decided_by: decision?.by,
    decision_reason: decision?.reason,
  };
}
