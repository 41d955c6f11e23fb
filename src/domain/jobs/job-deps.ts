import type pg from 'pg';
import type { EndpointPolicy } from '../../core/endpoint-guard.ts';
import type { JobCache } from './job-cache.ts';

/** What reading jobs works with. */
export interface JobReadDeps {
  /** The pool for everything a person asks for. */
  readonly pool: pg.Pool;
}

/** What changing jobs works with. */
export interface JobDeps extends JobReadDeps {
  readonly endpointPolicy: EndpointPolicy;
  /** Whether servers start processes of jobs. */
  readonly managedExec: boolean;
  /** Told of every change, so that a trigger sent after the answer meets the changed job. */
  readonly jobCache: Pick<JobCache, 'invalidate'>;
}
