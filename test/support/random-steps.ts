import fc from 'fast-check';
import { FAILURE_POLICIES } from '../../src/core/workflow-state.ts';

/** A step of a random graph. */
export interface RandomStep {
  readonly ref: string;
  readonly kind?: 'condition';
  readonly dependsOn: readonly string[];
  readonly onFailure?: (typeof FAILURE_POLICIES)[number];
  readonly when?: string;
  readonly whenTrue?: readonly string[];
  readonly whenFalse?: readonly string[];
}

/** Graphs of 1 to 14 steps without a circle, some of them conditions with targets, in an order of their own. */
export function randomSteps(): fc.Arbitrary<RandomStep[]> {
  const node = fc.record({
    before: fc.array(fc.nat({ max: 13 }), { maxLength: 4 }),
    isCondition: fc.nat({ max: 4 }).map((value) => value === 0),
    sides: fc.array(fc.nat({ max: 2 }), { minLength: 14, maxLength: 14 }),
    onFailure: fc.constantFrom(undefined, ...FAILURE_POLICIES),
  });
  return fc
    .array(node, { minLength: 1, maxLength: 14 })
    .chain((nodes) =>
      fc.tuple(
        fc.constant(nodes),
        fc.shuffledSubarray(
          nodes.map((_node, index) => index),
          { minLength: nodes.length },
        ),
      ),
    )
    .map(([nodes, order]) => {
      const parentsOf = nodes.map(({ before }, at) => [...new Set(before.filter((one) => one < at))]);
      const steps = nodes.map(({ isCondition, sides, onFailure }, at): RandomStep => {
        const targets = parentsOf.flatMap((parents, child) => (parents.includes(at) ? [child] : []));
        const side = (which: number) => targets.filter((child) => sides[child] === which).map((child) => `s${child}`);
        return {
          ref: `s${at}`,
          dependsOn: (parentsOf[at] ?? []).map((parent) => `s${parent}`),
          ...(onFailure && { onFailure }),
          ...(isCondition && { kind: 'condition', when: 'payload.yes', whenTrue: side(0), whenFalse: side(1) }),
        };
      });
      return order.flatMap((at) => steps[at] ?? []);
    });
}
