import type { Pool } from 'pg';
import { AppError } from '../../core/errors.ts';
import type { Reports } from '../runs/report.ts';

/** Writes into the log of a run that nobody could be told that it waits for an event, unless it has gone on meanwhile. */
export async function tellNoticeFailure(
  { waitId, fault }: { readonly waitId: string; readonly fault: string },
  deps: { readonly engine: Pool; readonly reports: Reports },
): Promise<void> {
  const { rows } = await deps.engine.query<{ run_id: string; epoch: number; event_key: string }>({
    name: 'failed-notice',
    text: `select r.id as run_id, r.epoch, w.event_key from waits w join runs r on r.id = w.run_id
            where w.id = $1 and (w.status = 'waiting') is true`,
    values: [waitId],
  });
  const [wait] = rows;
  if (!wait) return;
  const { run_id: runId, epoch, event_key } = wait;
  const message = `nobody could be told that this run waits for an event: ${fault}`;
  await deps.reports
    .append({ runId, epoch, type: 'log', level: 'warn', message, data: { event_key } })
    .catch((error: unknown) => {
      // The run went on meanwhile: the status of the notice says enough.
      if (!(error instanceof AppError)) throw error;
    });
}
