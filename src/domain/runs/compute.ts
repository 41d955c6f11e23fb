import type { Pool } from 'pg';
import { computeCost, effectivePreset, type MachinePreset } from '../../core/machine-preset.ts';
import type { ComputeUsed } from '../../core/outcome.ts';
import type { ClaimedRun } from './claimed-run.ts';

/** The machine that the attempt just claimed gets: what an upgrade or a restart has noted with the run, else what its job says. */
export async function presetOf(run: ClaimedRun, ofJob: MachinePreset, deps: { readonly reads: Pool }): Promise<MachinePreset> {
  const { rows } = await deps.reads.query<{ metadata: Record<string, unknown> }>({
    name: 'run-metadata',
    text: 'select metadata from run_data where run_id = $1 and project_id = $2',
    values: [run.id, run.projectId],
  });
  return effectivePreset(ofJob, rows[0]?.metadata ?? {});
}

/**
 * Notes the machine time of an attempt, also of one whose claim is over: a process that was paused or canceled has cost something all the
 * same. What a server was running when it was killed is not noted.
 */
export async function keepCompute(run: ClaimedRun, used: ComputeUsed, deps: { readonly engine: Pool }): Promise<void> {
  await deps.engine.query({
    name: 'keep-compute',
    text: `insert into run_compute (run_id, epoch, preset, duration_ms, cost_microusd)
           select r.id, $3, $4, $5, $6 from runs r where r.id = $1 and r.project_id = $2 on conflict do nothing`,
    values: [run.id, run.projectId, run.epoch, used.preset, used.milliseconds, computeCost(used.preset, used.milliseconds)],
  });
}
