import type { CapturedExchange, Outcome } from '../../core/outcome.ts';
import { isConnectionError } from '../../db/errors.ts';
import type { ClaimedRun } from './claimed-run.ts';
import type { Reports } from './report.ts';

/**
 * Keeps what went over the wire in a dispatch as an event of its run, when the run is in debug mode; to be called before the outcome is
 * stored, since a run that has ended takes no more events. Throws when the database cannot be reached, and for nothing else: that an
 * exchange cannot be kept, the claim being over for instance, must not cost the outcome.
 */
export async function keepExchange(run: ClaimedRun, outcome: Outcome, deps: { readonly reports: Reports }): Promise<void> {
  const { exchange } = outcome;
  if (!exchange) return;
  try {
    await deps.reports.append({
      runId: run.id,
      epoch: run.epoch,
      type: 'debug',
      level: 'debug',
      message: summaryOf(exchange),
      data: {
        request: { ...exchange.request, body: { ...exchange.request.body } },
        response: responseOf(exchange),
        ended: exchange.ended,
      },
    });
  } catch (error) {
    if (isConnectionError(error)) throw error;
  }
}

function summaryOf({ request, response, ended }: CapturedExchange): string {
  const answer = response ? `answered ${response.status}` : 'did not answer';
  return `${request.method} ${request.host}${request.path} ${answer}${ended === 'complete' ? '' : ` (${ended})`}`;
}

function responseOf({ response }: CapturedExchange) {
  return response && { ...response, headers: { ...response.headers }, body: { ...response.body } };
}
