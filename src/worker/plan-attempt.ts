import type { AttemptEnvironment } from '../core/outcome.ts';
import type { Circuits, Refusal } from '../domain/circuits/circuits.ts';
import type { DispatchEnvironments } from '../domain/environments/dispatch-environments.ts';
import { MANAGED_IS_OFF } from '../domain/jobs/check-job.ts';
import type { JobRow } from '../domain/jobs/job.ts';
import { chooseRoute, type Route } from './choose-route.ts';

/** What planning needs. */
export interface PlanDeps {
  readonly circuits: Circuits;
  readonly dispatchEnvironments: DispatchEnvironments;
  /** Null where no processes are started. */
  readonly managed: object | null;
}

/** What is to become of an attempt: it goes its way, waits for a circuit, or cannot be made at all. */
export type Plan = Ready | Refusal | { readonly kind: 'fault'; readonly fault: string };

/** An attempt that can be made; `route` is null when a process of ours is to do the work. */
export interface Ready {
  readonly kind: 'ready';
  readonly environment: AttemptEnvironment;
  readonly route: Route | null;
}

/** Decides what is to become of an attempt of a job, before anything is made or sent for it. */
export async function planAttempt(job: JobRow, deps: PlanDeps): Promise<Plan> {
  if (job.executionMode === 'managed' && !deps.managed) return { kind: 'fault', fault: MANAGED_IS_OFF };
  const runsWith = await deps.dispatchEnvironments.of(job);
  if (runsWith.fault !== null) return { kind: 'fault', fault: runsWith.fault };
  const { environment } = runsWith;
  if (job.executionMode === 'managed') return { kind: 'ready', environment, route: null };
  const endpointUrl = runsWith.endpointUrl ?? job.endpointUrl;
  if (!endpointUrl) return { kind: 'fault', fault: 'the job has no endpoint_url: set one and replay the run' };
  const { projectId, fallbackEndpointUrl: fallbackUrl } = job;
  const route = await chooseRoute({ projectId, endpointUrl, fallbackUrl }, deps.circuits);
  return route.kind === 'refused' ? route : { kind: 'ready', environment, route };
}
