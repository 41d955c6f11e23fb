import type { RandomStep } from './random-steps.ts';

/** What the work of a step comes to, if it starts. */
export type Fate = 'completed' | 'failed';

/** A step of a graph that runs on real servers: what it does, and what comes of that. */
export interface FatedStep extends Omit<RandomStep, 'kind'> {
  readonly kind: 'job' | 'map' | 'approval' | 'wait_for_event' | 'sleep' | 'condition';
  readonly fate: Fate;
}

/** How a workflow run must end. */
export interface Verdict {
  readonly status: 'completed' | 'failed';
  /** What becomes of each step if nothing that fails the workflow comes before it. */
  readonly steps: Readonly<Record<string, 'completed' | 'failed' | 'skipped'>>;
  /** The steps whose failure ends the workflow run. */
  readonly fatal: ReadonlySet<string>;
}

interface Known {
  readonly status: 'completed' | 'failed' | 'skipped';
  /** What comes after it is skipped too. */
  readonly isBroken: boolean;
}

/**
 * Foretells a workflow run from what the documentation says of steps, one after the other and without the engine's code: a test compares
 * the two. `yes` is what its conditions ask for.
 */
export function foretell(steps: readonly FatedStep[], yes: boolean): Verdict {
  const byRef = new Map(steps.map((step) => [step.ref, step]));
  const known = new Map<string, Known>();
  function of(ref: string): Known {
    const before = known.get(ref);
    if (before) return before;
    const step = byRef.get(ref);
    if (!step) throw new Error(`no step ${ref}`);
    const found = settle(step, new Map(step.dependsOn.map((parent) => [parent, of(parent)])));
    known.set(ref, found);
    return found;
  }
  function settle({ ref, fate, onFailure }: FatedStep, parents: ReadonlyMap<string, Known>): Known {
    if ([...parents.values()].some(({ isBroken }) => isBroken)) return { status: 'skipped', isBroken: true };
    for (const [parent, { status }] of parents) {
      const { whenTrue = [], whenFalse = [] } = byRef.get(parent) ?? {};
      const chosen = status === 'completed' ? (yes ? whenTrue : whenFalse) : [];
      if ([...whenTrue, ...whenFalse].includes(ref) && !chosen.includes(ref)) return { status: 'skipped', isBroken: false };
    }
    if (parents.size > 0 && [...parents.values()].every(({ status }) => status === 'skipped')) {
      return { status: 'skipped', isBroken: false };
    }
    return { status: fate, isBroken: fate === 'failed' && onFailure === 'skip_dependents' };
  }
  const all = steps.map((step) => ({ step, status: of(step.ref).status }));
  const fatal = all.filter(({ step, status }) => status === 'failed' && (step.onFailure ?? 'fail_workflow') === 'fail_workflow');
  return {
    status: fatal.length > 0 ? 'failed' : 'completed',
    steps: Object.fromEntries(all.map(({ step, status }) => [step.ref, status])),
    fatal: new Set(fatal.map(({ step }) => step.ref)),
  };
}
