import { largerPreset, type MachinePreset, PRESET_OVERRIDE, UPGRADED_FROM } from '../../core/machine-preset.ts';
import type { ExecutionTrace } from '../../core/outcome.ts';
import type { JobRow } from '../jobs/job.ts';
import { type EndedAttempt, failAttempt } from './end-attempt.ts';
import type { TransitionItem } from './transition.ts';

/** An attempt that needs more memory than its machine has. */
interface OutOfMemory {
  readonly message: string;
  readonly preset: MachinePreset;
  readonly trace: ExecutionTrace;
}

/**
 * Turns it into what happens to the run: the next attempt, at once and on the next larger machine, which the run keeps from then on; a
 * dead letter when there is no larger one, or the attempts are spent. On another machine it is not the same failure again, whatever the
 * poison pill threshold of the job says.
 */
export function failOutOfMemory(run: EndedAttempt, job: JobRow, { message, preset, trace }: OutOfMemory): TransitionItem {
  const larger = largerPreset(preset);
  // With its only attempt behind it, the policy has no other one to grant.
  const policy = { ...job, poisonPillThreshold: null };
  const last = { ...run, overrides: { ...run.overrides, maxAttempts: run.attempt } };
  const failure = { errorClass: 'out_of_memory', message, trace } as const;
  if (larger === null) return failAttempt(last, policy, failure);
  const item = failAttempt(run, policy, failure);
  if (item.event !== 'retry') return item;
  return {
    ...item,
    delayMs: 0,
    message: `${message}; it goes on with ${larger}`,
    data: { ...item.data, delay_ms: 0, machine_preset: larger },
    metadata: { [PRESET_OVERRIDE]: larger, [UPGRADED_FROM]: preset },
  };
}
