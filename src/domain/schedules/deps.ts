import type { WorkflowDeps } from '../workflows/deps.ts';

/** What the functions of this folder work with; made once per process by the composition root. */
export interface ScheduleDeps extends WorkflowDeps {
  /** Deals with everything that is due; resolves when this process finds nothing more to do. */
  readonly fireNow: () => Promise<void>;
  /** A schedule is due in so many milliseconds. */
  readonly onNextFire: (ms: number) => void;
}

/** What starting the runs of schedules takes. */
export type StartDeps = Omit<ScheduleDeps, 'fireNow' | 'onNextFire'>;
