import type { StepStatus } from '../../core/workflow-state.ts';
import type { StepDefinition } from './definition.ts';

/** How a step stands, as far as holding up others is concerned. */
export interface HoldingStep {
  readonly position: number;
  readonly kind: string;
  readonly status: string;
}

/** Whether a step waits until a person decides. */
export function waitsForPerson({ kind, status }: Pick<HoldingStep, 'kind' | 'status'>): boolean {
  return kind === 'approval' && status === ('waiting' satisfies StepStatus);
}

/** The refs of the steps that cannot start before somebody decides an approval that waits, in the order of the definition. */
export function stepsBehindApprovals(definitions: readonly StepDefinition[], steps: readonly HoldingStep[]): string[] {
  const statusAt = new Map(steps.map(({ position, status }) => [position, status]));
  const dependents = new Map<string, number[]>();
  definitions.forEach(({ dependsOn }, position) => {
    for (const ref of dependsOn) dependents.set(ref, [...(dependents.get(ref) ?? []), position]);
  });
  const held = new Set<number>();
  const open = steps.filter(waitsForPerson).map(({ position }) => position);
  // The list grows while it is gone through.
  for (const position of open) {
    for (const dependent of dependents.get(definitions[position]?.ref ?? '') ?? []) {
      if (held.has(dependent) || statusAt.get(dependent) !== 'pending') continue;
      held.add(dependent);
      open.push(dependent);
    }
  }
  return [...held].sort((a, b) => a - b).map((position) => definitions[position]?.ref ?? '');
}
