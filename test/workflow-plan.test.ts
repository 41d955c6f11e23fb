import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSettled } from '../src/core/workflow-state.ts';
import type { StepDefinition } from '../src/domain/workflows/definition.ts';
import { makeGraph } from '../src/domain/workflows/graph.ts';
import { type PlanStep, plan } from '../src/domain/workflows/plan.ts';
import { randomSteps } from './support/random-steps.ts';

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));

const PENDING: PlanStep = { status: 'pending', skipReason: null, chosen: [] };

describe(`planning (SEED=${SEED})`, () => {
  it('starts every step at most once, after all it depends on, and comes to an end by the policies', () => {
    const world = fc.record({ steps: randomSteps(), picks: fc.infiniteStream(fc.nat()), fails: fc.infiniteStream(fc.boolean()) });
    fc.assert(
      fc.property(world, ({ steps, picks, fails }) => {
        const definitions = steps.map((step) => ({ ...step, kind: step.kind ?? 'job' }) as StepDefinition);
        const graph = makeGraph(definitions);
        const states: PlanStep[] = steps.map(() => PENDING);
        const starts = steps.map(() => 0);
        let end: ReturnType<typeof plan>['end'] = null;
        for (let round = 0; end === null; round++) {
          expect(round).toBeLessThan(4 * steps.length + 4);
          const next = plan(graph, states, null);
          expect(plan(graph, states, null)).toEqual(next);
          for (const { position, reason } of next.skip) {
            expect(states[position]?.status).toBe('pending');
            states[position] = { status: 'skipped', skipReason: reason, chosen: [] };
          }
          for (const position of next.start) {
            starts[position] = (starts[position] ?? 0) + 1;
            for (const before of graph.steps[position]?.dependsOn ?? [])
              expect(isSettled(states[before]?.status ?? 'pending')).toBe(true);
            states[position] = { status: 'running', skipReason: null, chosen: [] };
          }
          end = next.end;
          const running = states.flatMap(({ status }, position) => (status === 'running' ? [position] : []));
          const ended = running[picks.next().value % Math.max(1, running.length)];
          if (ended === undefined) continue;
          const failed = fails.next().value === true && fails.next().value === true;
          const { whenTrue = [], whenFalse = [] } = definitions[ended] ?? {};
          const chosen = fails.next().value ? whenTrue : whenFalse;
          states[ended] = { status: failed ? 'failed' : 'completed', skipReason: null, chosen: failed ? [] : [...chosen] };
        }

        expect(Math.max(...starts)).toBeLessThanOrEqual(1);
        const fatal = definitions.some(
          ({ onFailure }, at) => states[at]?.status === 'failed' && (onFailure ?? 'fail_workflow') === 'fail_workflow',
        );
        expect(end?.status).toBe(fatal ? 'failed' : 'completed');
        if (fatal) return;
        definitions.forEach(({ dependsOn }, at) => {
          const before = dependsOn.map((ref) => graph.positionOf.get(ref) ?? -1);
          const broken = before.some(
            (one) =>
              (states[one]?.status === 'failed' && definitions[one]?.onFailure === 'skip_dependents') ||
              states[one]?.skipReason === 'upstream_failed',
          );
          if (broken) expect(states[at]).toMatchObject({ status: 'skipped', skipReason: 'upstream_failed' });
          else expect(states[at]?.skipReason).not.toBe('upstream_failed');
          const leftOut = before.some(
            (one) =>
              [...(definitions[one]?.whenTrue ?? []), ...(definitions[one]?.whenFalse ?? [])].includes(
                definitions[at]?.ref ?? '',
              ) && !states[one]?.chosen.includes(definitions[at]?.ref ?? ''),
          );
          if (leftOut) expect(states[at]?.status).toBe('skipped');
          const isAlone = before.length > 0 && before.every((one) => states[one]?.status === 'skipped');
          if (!broken && !leftOut && !isAlone) expect(starts[at]).toBe(1);
        });
      }),
      { seed: SEED, numRuns: 500 },
    );
  });
});
