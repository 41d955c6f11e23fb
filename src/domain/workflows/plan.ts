import { isSettled, type SkipReason, type StepStatus } from '../../core/workflow-state.ts';
import type { Graph, GraphStep } from './graph.ts';

/** How a step stands, as far as planning is concerned. */
export interface PlanStep {
  readonly status: StepStatus;
  readonly skipReason: SkipReason | null;
  /** For a condition or router that has completed: the steps it chose. */
  readonly chosen: readonly string[];
}

/** What is to be done next. */
export interface Plan {
  readonly skip: readonly { readonly position: number; readonly reason: SkipReason }[];
  /** Steps to start, in the order of the definition; a condition of their own is still to be asked. */
  readonly start: readonly number[];
  /** How the workflow ends, once it does: by the failure of a step, or with everything over. */
  readonly end: null | { readonly status: 'completed' } | { readonly status: 'failed'; readonly position: number };
}

/** Skips after which dependents go on as if the step had completed: somebody wanted it so. */
const PASSING: ReadonlySet<SkipReason> = new Set(['disabled', 'by_user']);

const NOTHING: Plan = { skip: [], start: [], end: null };

/**
 * Decides what follows from how the steps stand. Pure, and the whole of it: the same steps lead to the same plan, and a plan that is
 * carried out leads to no second start of a step, since a started one is not pending.
 *
 * A step starts when everything it depends on is over, unless
 * - one of them has failed under `skip_dependents`, or was skipped for that: then so is the step, and what comes after it;
 * - it is a target that its condition or router did not choose;
 * - all of them were skipped because they were not wanted, and it has no condition of its own that could say otherwise.
 *
 * A failure under `fail_workflow` ends the workflow at once.
 */
export function plan(graph: Graph, steps: readonly PlanStep[], maxParallel: number | null): Plan {
  const failed = steps.findIndex(
    ({ status }, position) => status === 'failed' && policyOf(graph.steps[position]) === 'fail_workflow',
  );
  if (failed >= 0) return { ...NOTHING, end: { status: 'failed', position: failed } };

  const skip: { position: number; reason: SkipReason }[] = [];
  const start: number[] = [];
  // Skips of this very plan count for what comes after them: the order puts every step behind its dependencies.
  const now = [...steps];
  for (const position of graph.order) {
    const node = graph.steps[position];
    if (!node || now[position]?.status !== 'pending') continue;
    const verdict = judge(position, node, { graph, steps: now });
    if (verdict === 'start') start.push(position);
    else if (verdict !== 'wait') {
      skip.push({ position, reason: verdict });
      now[position] = { status: 'skipped', skipReason: verdict, chosen: [] };
    }
  }
  if (now.every(({ status }) => isSettled(status))) return { skip, start: [], end: { status: 'completed' } };
  const underWay = now.filter(({ status }) => status === 'running' || status === 'waiting').length;
  start.sort((a, b) => a - b);
  return { skip, start: maxParallel === null ? start : start.slice(0, Math.max(0, maxParallel - underWay)), end: null };
}

interface Around {
  readonly graph: Graph;
  readonly steps: readonly PlanStep[];
}

function judge(position: number, node: GraphStep, { graph, steps }: Around): 'start' | 'wait' | SkipReason {
  let isUnwanted = node.dependsOn.length > 0;
  let verdict: 'start' | SkipReason = 'start';
  for (const dependency of node.dependsOn) {
    const state = steps[dependency];
    const definition = graph.steps[dependency];
    if (!state || !definition || !isSettled(state.status)) return 'wait';
    if (isBroken(state, definition)) verdict = 'upstream_failed';
    else if (verdict === 'start' && definition.targets.has(position) && !isChosen(node, state)) verdict = 'not_chosen';
    if (state.status !== 'skipped' || isPassing(state)) isUnwanted = false;
  }
  if (verdict !== 'start') return verdict;
  return isUnwanted && node.definition.condition === undefined ? 'upstream_skipped' : 'start';
}

function isBroken(state: PlanStep, { definition }: GraphStep): boolean {
  if (state.status === 'failed') return definition.onFailure === 'skip_dependents';
  return state.status === 'canceled' || state.skipReason === 'upstream_failed';
}

function isPassing({ skipReason }: PlanStep): boolean {
  return skipReason !== null && PASSING.has(skipReason);
}

/** A router that somebody took out chooses nothing, and hinders nothing. */
function isChosen(node: GraphStep, state: PlanStep): boolean {
  return isPassing(state) || state.chosen.includes(node.definition.ref);
}

function policyOf(node: GraphStep | undefined): string {
  return node?.definition.onFailure ?? 'fail_workflow';
}
