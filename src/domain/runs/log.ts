import { z } from 'zod';
import type { RunActor } from '../../auth/actor.ts';
import type { JsonObject } from '../../core/json.ts';
import { JsonObjectInput, text } from '../../core/schemas.ts';
import { boundedJson } from './json-size.ts';
import { type Reports, reportOwnRun } from './report.ts';

/** Bytes of JSON that may come with a log line: whoever follows a run is sent pages of 200 lines. */
const MAX_LOG_DATA_BYTES = 65_536;

/** How much a log line matters, least first. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** Input of a log line. */
export const LogRunInput = z.strictObject({
  message: text(10_000).min(1).describe('What to note, for people.'),
  level: z.enum(LOG_LEVELS).optional().describe('How much it matters; info when left out.'),
  type: z
    .enum(['log', 'error'])
    .optional()
    .describe('What kind of event it makes: a log line, or an error; a log line when left out.'),
  data: JsonObjectInput.optional().describe('What else there is to know: a JSON object of at most 64 KB.'),
});

/** Input of a progress report. */
export const ReportProgressInput = z.strictObject({
  percent: z.number().min(0).max(100).optional().describe('How much of the work is done: 0 to 100.'),
  message: text(10_000).min(1).describe('What the run is doing, for people.'),
  step: text(256).min(1).optional().describe('Which step of its work the run is in.'),
  etaSecs: z.number().min(0).max(31_536_000).optional().describe('Seconds until the work is expected to end.'),
});

/** Adds a line to the events of the calling executor's run; answers its `seq`. CONFLICT when the claim no longer stands. */
export async function logRun(
  actor: RunActor,
  input: z.output<typeof LogRunInput>,
  deps: { readonly reports: Reports },
): Promise<number> {
  const { level = 'info', type = 'log', message, data = null } = input;
  if (data) boundedJson('the data of a log line', data, { maxBytes: MAX_LOG_DATA_BYTES, advice: 'make it an output' });
  return reportOwnRun(actor, { type, level, message, data }, deps);
}

/** Notes how far the calling executor's run is, as an event; answers its `seq`. CONFLICT when the claim no longer stands. */
export async function reportProgress(
  actor: RunActor,
  input: z.output<typeof ReportProgressInput>,
  deps: { readonly reports: Reports },
): Promise<number> {
  const { message, percent, step, etaSecs } = input;
  const data: JsonObject = {
    ...(percent !== undefined && { percent }),
    ...(step !== undefined && { step }),
    ...(etaSecs !== undefined && { eta_secs: etaSecs }),
  };
  return reportOwnRun(actor, { type: 'progress', level: 'info', message, data }, deps);
}
