import type { Pool } from 'pg';
import type { LoopState } from './domain/system/stats.ts';
import type { StartedLoop } from './worker/loop.ts';

/** Intervals a loop may miss before the process is no longer ready. */
const MISSED_INTERVALS = 3;
/** What a loop may take on top, so that a short interval does not flap. */
const SLACK_MS = 2_000;
const DATABASE_TIMEOUT_MS = 2_000;

/** Whether a process can do its work, and what keeps it from it. */
export interface Readiness {
  readonly ready: boolean;
  readonly reasons: readonly string[];
}

/** Looks at everything a ready process needs: the database answers, every loop has run lately, and nobody is shutting it down. */
export async function checkReadiness(deps: {
  readonly pool: Pool;
  readonly loops: readonly StartedLoop[];
  readonly isListening: () => boolean;
  readonly isStopping: () => boolean;
}): Promise<Readiness> {
  const reasons: string[] = [];
  if (deps.isStopping()) reasons.push('shutting down');
  if (!(await answers(deps.pool))) reasons.push('the database does not answer');
  if (!deps.isListening()) reasons.push('the notification connection is down');
  for (const loop of deps.loops) {
    if (isLate(loop)) {
      reasons.push(`the ${loop.name} loop has not run for ${Math.round(loop.ageMs() / 1_000)} s`);
    }
  }
  return { ready: reasons.length === 0, reasons };
}

function isLate(loop: StartedLoop): boolean {
  return loop.ageMs() > MISSED_INTERVALS * loop.intervalMs + SLACK_MS;
}

/** How a loop stands, by the same measure as readiness. */
export function stateOf(loop: StartedLoop): LoopState {
  return {
    name: loop.name,
    ageSecs: loop.ageMs() / 1_000,
    intervalSecs: loop.intervalMs / 1_000,
    isHealthy: !isLate(loop),
  };
}

async function answers(pool: Pool): Promise<boolean> {
  const late = new Promise<false>((resolve) => setTimeout(resolve, DATABASE_TIMEOUT_MS, false).unref());
  const asked = pool.query('select 1').then(
    () => true,
    () => false,
  );
  return Promise.race([asked, late]);
}
