import type { JobContext, LogData } from './context.ts';
import { describeError, storable } from './describe-error.ts';
import type { Outbox } from './outbox.ts';
import type { RunApi } from './run-api.ts';

type Level = 'debug' | 'info' | 'warn' | 'error';

/** Makes `log`, `progress` and `output` of one attempt. */
export function makeReporting(api: RunApi, outbox: Outbox): Pick<JobContext, 'log' | 'progress' | 'output'> {
  const logAt = (level: Level) => (message: string, data?: LogData) =>
    outbox.push({ route: 'log', json: logLine(level, message, data) });
  return {
    log: { debug: logAt('debug'), info: logAt('info'), warn: logAt('warn'), error: logAt('error') },
    progress(percent, message, details = {}) {
      const body = { percent: clampPercent(percent), message: storable(message), step: details.step, eta_secs: details.etaSecs };
      outbox.push({ route: 'progress', json: JSON.stringify(body) });
    },
    async output(key, value, schema) {
      // JSON has no word for undefined, and a property that is undefined would vanish.
      await api.post('output', JSON.stringify({ output_key: key, value: value ?? null, schema }));
    },
  };
}

/** JSON text of a log line. Data that JSON cannot carry costs the line its data, not its message: logging must never end a run. */
export function logLine(level: Level, message: string, data: LogData | undefined): string {
  const line = { level, message: storable(message) };
  try {
    return JSON.stringify({ ...line, data });
  } catch (error) {
    return JSON.stringify({ ...line, data: { not_json: describeError(error) } });
  }
}

function clampPercent(percent: number): number {
  return Number.isNaN(percent) ? 0 : Math.min(Math.max(percent, 0), 100);
}
