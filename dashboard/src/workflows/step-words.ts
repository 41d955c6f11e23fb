import type { GraphStep } from './graph-node.tsx';
import type { StepNode } from './run-documents.ts';

const SKIPPED: Readonly<Record<string, string>> = {
  BY_USER: 'skipped by a person',
  CONDITION: 'its condition did not hold',
  DISABLED: 'left out by the trigger',
  NOT_CHOSEN: 'another branch was chosen',
  UPSTREAM_FAILED: 'a step before it failed',
  UPSTREAM_SKIPPED: 'a step before it was skipped',
};

/** Why a step was skipped, in words. */
export function skipWords(reason: string): string {
  return SKIPPED[reason] ?? reason.toLowerCase();
}

/** A step of a workflow run as the graph draws it. */
export function toGraphStep(step: StepNode): GraphStep {
  return { ref: step.ref, name: step.definition?.name ?? step.ref, kind: step.kind, status: step.status, note: noteOf(step) };
}

function noteOf(step: StepNode): string | null {
  if (step.keptFrom !== null) return 'kept';
  if (step.skipReason !== null) return skipWords(step.skipReason);
  if (step.kind === 'MAP' && step.mapTotal !== null) return `${step.mapStarted ?? 0} of ${step.mapTotal} started`;
  if (step.kind === 'APPROVAL' && step.status === 'WAITING') return 'needs a decision';
  if (step.decision !== null) return step.decision.toLowerCase();
  return step.attempt > 1 ? `attempt ${step.attempt}` : null;
}
