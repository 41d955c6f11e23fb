import type { Actor } from '../src/auth/actor.ts';
import type { PrismaClient } from '../src/db/prisma.ts';
import type { EnvironmentDeps } from '../src/domain/environments/environment-deps.ts';
import type { JobDeps } from '../src/domain/jobs/job-deps.ts';
import type { ProjectDeps } from '../src/domain/projects/update-project.ts';
import type { RunDeps } from '../src/domain/runs/deps.ts';
import type { ScheduleDeps } from '../src/domain/schedules/deps.ts';
import type { SystemDeps } from '../src/domain/system/stats.ts';
import type { WebhookDeps } from '../src/domain/webhooks/subscription.ts';
import type { WorkflowDeps } from '../src/domain/workflows/deps.ts';
import type { Delivery } from './delivery.ts';

/** What every resolver works with: who is calling, and what the domain's functions are called with. Made anew for each request. */
export interface GraphQLContext {
  readonly actor: Actor;
  /** Named in every error of the request and in its log lines. */
  readonly requestId: string;
  /** True for documents of ours (the REST rows), which are exempt from the limits on what a document may ask for. */
  readonly isTrustedDocument: boolean;
  /** For reads only; a test sees to that. */
  readonly prisma: PrismaClient;
  readonly projects: ProjectDeps;
  readonly jobs: JobDeps;
  readonly environments: EnvironmentDeps;
  readonly runs: RunDeps;
  /** For subscriptions: what their transport and they tell each other. */
  readonly delivery: Delivery;
  readonly webhooks: WebhookDeps;
  readonly workflows: WorkflowDeps;
  readonly schedules: ScheduleDeps;
  readonly system: SystemDeps;
}
