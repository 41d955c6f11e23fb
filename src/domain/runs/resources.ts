import { z } from 'zod';
import type { RunActor } from '../../auth/actor.ts';
import type { JsonObject } from '../../core/json.ts';
import { type Reports, reportOwnRun } from './report.ts';

/** A percentage from which on a sample is an error, and a warning. */
const ERROR_PERCENT = 90;
const WARN_PERCENT = 80;
/** A pebibyte; more is taken for a mistake. */
const MAX_MEMORY_MB = 1_073_741_824;

/** Input of a resource report. */
export const ReportResourcesInput = z.strictObject({
  memoryMb: z.number().min(0).max(MAX_MEMORY_MB).optional().describe('Memory in use, in MB.'),
  memoryPercent: z.number().min(0).max(100).optional().describe('Memory in use, in percent of what there is.'),
  cpuPercent: z.number().min(0).max(100).optional().describe('CPU in use, in percent of what there is.'),
});

/**
 * Notes what the calling executor uses, as an event that warns from 80 percent on and is an error from 90 on; answers its `seq`.
 * CONFLICT when the claim no longer stands.
 */
export function reportResources(
  actor: RunActor,
  input: z.output<typeof ReportResourcesInput>,
  deps: { readonly reports: Reports },
): Promise<number> {
  const { memoryMb, memoryPercent, cpuPercent } = input;
  const data: JsonObject = {
    ...(memoryMb !== undefined && { memory_mb: memoryMb }),
    ...(memoryPercent !== undefined && { memory_percent: memoryPercent }),
    ...(cpuPercent !== undefined && { cpu_percent: cpuPercent }),
  };
  const highest = Math.max(memoryPercent ?? 0, cpuPercent ?? 0);
  const level = highest >= ERROR_PERCENT ? 'error' : highest >= WARN_PERCENT ? 'warn' : 'info';
  const parts = [
    ...(memoryMb === undefined ? [] : [`memory ${memoryMb} MB`]),
    ...(memoryPercent === undefined ? [] : [`memory ${memoryPercent} %`]),
    ...(cpuPercent === undefined ? [] : [`CPU ${cpuPercent} %`]),
  ];
  const message = parts.length > 0 ? `resources: ${parts.join(', ')}` : 'resources: nothing measured';
  return reportOwnRun(actor, { type: 'resource_sample', level, message, data }, deps);
}
