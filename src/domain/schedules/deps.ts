import type { ByteBudget } from '../../core/byte-budget.ts';
import type { EndpointPolicy } from '../../core/endpoint-guard.ts';
import type { WorkflowDeps } from '../workflows/deps.ts';

/** What the functions of this folder work with; made once per process by the composition root. */
export interface ScheduleDeps extends WorkflowDeps {
  /** What URLs of users may point at. */
  readonly endpointPolicy: EndpointPolicy;
  /** A moment has opened a batch, which is to be filled. */
  readonly onBatchOpened: () => void;
  /** Deals with everything that is due; resolves when this process finds nothing more to do. */
  readonly fireNow: () => Promise<void>;
  /** What all lists that are being read may take. */
  readonly batchMemory: ByteBudget;
  /** A schedule is due in so many milliseconds. */
  readonly onNextFire: (ms: number) => void;
}

/** What starting the runs of schedules takes. */
export type StartDeps = Omit<ScheduleDeps, 'fireNow' | 'onNextFire'>;
