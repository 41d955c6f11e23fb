import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { MACHINE_PRESETS, type MachinePreset } from '../../src/core/machine-preset.ts';
import type { ManagedAttempt, Outcome } from '../../src/core/outcome.ts';
import { costOf } from '../../src/domain/runs/cost.ts';
import { pauseRun, restartRun, resumeRun } from '../../src/domain/runs/managed.ts';
import { triggerRun } from '../../src/domain/runs/trigger.ts';
import { makeProcessExecutor } from '../../src/executor/process-executor.ts';
import { NO_TRACE, startTestEngine, type TestEngine } from '../support/engine.ts';
import { BASE, node } from '../support/managed.ts';

let t: TestEngine;
afterEach(() => t.close());

async function start(fields: object = {}): Promise<string> {
  const job = await t.createJob({ executionMode: 'managed', imageUri: 'exec:true', endpointUrl: null, ...fields });
  return (await triggerRun(t.actor, { job: job.id, payload: null }, t.engine.runs)).id;
}

async function metadataOf(runId: string): Promise<unknown> {
  const { rows } = await t.pools.reads.query('select metadata from run_data where run_id = $1', [runId]);
  return rows[0].metadata;
}

const OUT_OF_MEMORY: Outcome = { kind: 'failed', errorClass: 'out_of_memory', message: 'too much', trace: NO_TRACE };

describe('a run that needs more memory', () => {
  const LIMITS: Partial<Record<MachinePreset, number>> = { micro: 70, 'small-1x': 90 };
  const executor = makeProcessExecutor({
    base: BASE,
    apiUrl: async () => '',
    memoryLimitMb: (preset) => LIMITS[preset] ?? 400,
  });
  afterAll(() => executor.close());

  it('goes on with the next larger machine, at once, until it fits, and keeps that', async () => {
    t = await startTestEngine({ managed: executor });
    const script = node('const held = Buffer.alloc(80 << 20, 1); setTimeout(() => held, 600)');
    const id = await start({ imageUri: `exec:${script}` });

    const run = await t.until(id, ({ status }) => status === 'completed');

    expect(run).toMatchObject({ attempt: 3, error: null });
    expect(await metadataOf(id)).toEqual({ _preset_override: 'small-2x', _oom_upgraded_from: 'small-1x' });
    const { compute } = await costOf(t.actor, id, t.engine.runs);
    expect(compute.map(({ preset, attempts }) => [preset, attempts]).sort()).toEqual([
      ['micro', 1],
      ['small-1x', 1],
      ['small-2x', 1],
    ]);
  });
});

/** Ends every attempt as told, and notes what it ran on. */
function playing(outcome: (attempt: ManagedAttempt, signal: AbortSignal) => Outcome | Promise<Outcome>) {
  const presets: MachinePreset[] = [];
  return {
    presets,
    managed: {
      async execute(attempt: ManagedAttempt, signal: AbortSignal) {
        presets.push(attempt.preset);
        return outcome(attempt, signal);
      },
    },
  };
}

describe('the end of the upgrades', () => {
  it('is the largest machine', async () => {
    const { presets, managed } = playing(() => OUT_OF_MEMORY);
    t = await startTestEngine({ managed });
    const id = await start({ maxAttempts: 100, poisonPillThreshold: 2 });

    const run = await t.until(id, ({ status }) => status === 'dead_letter');

    expect(run).toMatchObject({ attempt: 7, error: 'too much', error_class: 'out_of_memory' });
    expect(presets).toEqual([...MACHINE_PRESETS]);
  });

  it('is the last attempt that the policy grants', async () => {
    const { presets, managed } = playing(() => OUT_OF_MEMORY);
    t = await startTestEngine({ managed });
    const id = await start({ maxAttempts: 2, machinePreset: 'medium-1x' });

    expect(await t.until(id, ({ status }) => status === 'dead_letter')).toMatchObject({ attempt: 2 });
    expect(presets).toEqual(['medium-1x', 'medium-2x']);
  });
});

describe('a hint to stop that comes late', () => {
  it.each(['resumed', 'restarted'])('leaves the process alone that the run was %s with', async (how) => {
    const signals: AbortSignal[] = [];
    const { promise: finish, resolve } = Promise.withResolvers<void>();
    const { managed } = playing(async (_attempt, signal) => {
      signals.push(signal);
      const aborted = new Promise<void>((stop) => signal.addEventListener('abort', () => stop()));
      await Promise.race([finish, aborted]);
      return signal.aborted ? { kind: 'aborted' } : { kind: 'completed', result: null, trace: NO_TRACE };
    });
    t = await startTestEngine({ managed });
    const id = await start();
    await t.until(id, ({ status }) => status === 'executing');
    if (how === 'resumed') {
      await pauseRun(t.actor, id, t.engine.runs);
      await resumeRun(t.actor, id, t.engine.runs);
    } else {
      await restartRun(t.actor, { runId: id }, t.engine.runs);
    }
    await t.until(id, ({ status, epoch }) => status === 'executing' && epoch === 3);
    await expect.poll(() => signals.map(({ aborted }) => aborted)).toEqual([true, false]);

    t.engine.hub.receive(`another-server stop ${id}`);
    await expect.poll(() => t.pools.engine.idleCount + t.pools.engine.waitingCount).toBeGreaterThan(0);
    resolve();

    expect(await t.until(id, ({ status }) => status === 'completed')).toMatchObject({ epoch: 3 });
  });
});
