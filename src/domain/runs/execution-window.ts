import { type CronSchedule, parseCron } from '../../core/cron.ts';
import type { JobDefinition } from '../jobs/job.ts';

/**
 * When a run may start that is to start at `wished` (null: at once): null for at once, a moment for later. Outside the execution window
 * of its job it waits for the window to open (reference semantics §2.2). Only the start is bound to the window: what has started goes
 * on, and is retried, when it has closed.
 */
export function startOf(
  job: Pick<JobDefinition, 'executionWindowCron' | 'timezone'>,
  wished: Date | null,
  now: Date,
): Date | null {
  if (job.executionWindowCron === null) return wished;
  const window = windowOf(job.executionWindowCron, job.timezone, now);
  const moment = wished ?? now;
  return window.includes(moment) ? wished : window.nextAfter(moment);
}

/** Reading an expression costs more than asking it; a process meets few of them. */
const MAX_READ = 500;
const read = new Map<string, CronSchedule>();

function windowOf(expression: string, timezone: string, now: Date): CronSchedule {
  const key = `${timezone} ${expression}`;
  const known = read.get(key);
  if (known) return known;
  // It was checked when the job was written.
  const window = parseCron(expression, { timezone, now });
  if (read.size >= MAX_READ) read.delete(read.keys().next().value ?? key);
  read.set(key, window);
  return window;
}
