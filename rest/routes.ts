import { actionCallbackRoutes } from './actions-api/callbacks.ts';
import { actionLaunchRoutes } from './actions-api/launch.ts';
import { actionRunRoutes } from './actions-api/runs.ts';
import { actionScheduleRoutes } from './actions-api/schedule.ts';
import { automationRoutes } from './automation-api/automations.ts';
import { automationRunEventRoutes } from './automation-api/run-events.ts';
import { automationRunStepRoutes } from './automation-api/run-steps.ts';
import { automationRunRoutes } from './automation-api/runs.ts';
import type { ApiInfo, ApiTag } from './openapi.ts';
import type { Route } from './route.ts';
import { childrenRoutes } from './sdk/children.ts';
import { endingRoutes } from './sdk/endings.ts';
import { recordRoutes } from './sdk/records.ts';
import { reportRoutes } from './sdk/reports.ts';
import { stateRoutes } from './sdk/state.ts';
import { streamRoutes } from './sdk/stream.ts';
import { waitForEventRoutes } from './sdk/wait-for-event.ts';
import { apiKeyRoutes } from './v1/api-keys.ts';
import { batchRoutes } from './v1/batches.ts';
import { circuitBreakerRoutes } from './v1/circuit-breakers.ts';
import { environmentRoutes } from './v1/environments.ts';
import { eventRoutes } from './v1/events.ts';
import { jobDependencyRoutes } from './v1/job-dependencies.ts';
import { jobOperationRoutes } from './v1/job-operations.ts';
import { jobTriggerRoutes } from './v1/job-trigger.ts';
import { jobRoutes } from './v1/jobs.ts';
import { pricingRoutes } from './v1/pricing.ts';
import { projectRoutes } from './v1/projects.ts';
import { runBulkRoutes } from './v1/run-bulk.ts';
import { runHistoryRoutes } from './v1/run-history.ts';
import { runManagedRoutes } from './v1/run-managed.ts';
import { runOperationRoutes } from './v1/run-operations.ts';
import { runReportRoutes } from './v1/run-reports.ts';
import { runStreamRoutes } from './v1/run-stream.ts';
import { runRoutes } from './v1/runs.ts';
import { scheduleRoutes } from './v1/schedules.ts';
import { secretRoutes } from './v1/secrets.ts';
import { webhookDeliveryRoutes } from './v1/webhook-deliveries.ts';
import { webhookSubscriptionRoutes } from './v1/webhook-subscriptions.ts';
import { workflowRunOperationRoutes } from './v1/workflow-run-operations.ts';
import { workflowRunRoutes } from './v1/workflow-runs.ts';
import { workflowStepOperationRoutes } from './v1/workflow-step-operations.ts';
import { workflowTriggerRoutes } from './v1/workflow-trigger.ts';
import { workflowRoutes } from './v1/workflows.ts';
import { workflowApiPauseRoutes } from './workflow-api/pauses.ts';
import { workflowApiRunRoutes } from './workflow-api/runs.ts';
import { workflowApiStartRoutes } from './workflow-api/starts.ts';

/** Every documented route: the single source of the router, the validation, the OpenAPI document and its tests. */
export const routes: readonly Route[] = [
  ...jobRoutes,
  ...jobTriggerRoutes,
  ...batchRoutes,
  ...scheduleRoutes,
  ...jobDependencyRoutes,
  ...jobOperationRoutes,
  ...circuitBreakerRoutes,
  ...runRoutes,
  ...runOperationRoutes,
  ...runManagedRoutes,
  ...runBulkRoutes,
  ...runHistoryRoutes,
  ...runReportRoutes,
  ...runStreamRoutes,
  ...reportRoutes,
  ...recordRoutes,
  ...streamRoutes,
  ...stateRoutes,
  ...endingRoutes,
  ...childrenRoutes,
  ...waitForEventRoutes,
  ...eventRoutes,
  ...workflowRoutes,
  ...workflowTriggerRoutes,
  ...workflowRunRoutes,
  ...workflowRunOperationRoutes,
  ...workflowStepOperationRoutes,
  ...environmentRoutes,
  ...secretRoutes,
  ...pricingRoutes,
  ...webhookSubscriptionRoutes,
  ...webhookDeliveryRoutes,
  ...projectRoutes,
  ...apiKeyRoutes,
  ...actionLaunchRoutes,
  ...actionScheduleRoutes,
  ...actionRunRoutes,
  ...actionCallbackRoutes,
  ...automationRoutes,
  ...automationRunRoutes,
  ...automationRunEventRoutes,
  ...automationRunStepRoutes,
  ...workflowApiRunRoutes,
  ...workflowApiStartRoutes,
  ...workflowApiPauseRoutes,
];

/** The groups of the reference, in its order. */
export const apiTags: readonly ApiTag[] = [
  { name: 'Jobs', description: 'Define work and trigger runs of it. `{id}` is the id of a job or its slug.' },
  { name: 'Batches', description: 'Runs that were triggered together, up to 100,000 at once.' },
  { name: 'Schedules', description: 'Triggering jobs and workflows by the clock.' },
  { name: 'Runs', description: 'Job run management and monitoring.' },
  { name: 'Executors', description: 'Endpoints called by job executors using run tokens.' },
  { name: 'Events', description: 'Runs that wait for something outside, and sending it to them. `{key}` is percent-encoded.' },
  { name: 'Environments', description: 'What jobs run with: variables, and secrets that nobody can read again.' },
  { name: 'Pricing', description: 'What calls of language models cost when their reports do not say it.' },
  { name: 'Workflows', description: 'Graphs of steps over jobs. `{id}` is the id of a workflow or its slug.' },
  { name: 'Workflow runs', description: 'What became of workflows, and what people do about it.' },
  { name: 'Webhooks', description: 'Telling URLs of yours what has ended, and what became of telling them.' },
  { name: 'Projects', description: 'The tenants of this installation.' },
  { name: 'API keys', description: 'The credentials of a project.' },
  {
    name: 'Actions',
    description:
      'Jobs and batches as the actions API knows them: an action is a job, a run of it a batch. Its own routes tell errors by `error_label`.',
  },
  {
    name: 'Automation runs',
    description: 'Workflows and their runs as the automations API knows them; errors are `{"detail": …}`.',
  },
  {
    name: 'Workflow API',
    description:
      'Runs of workflows and their tasks as the workflow API knows them, with and without the trailing slash; errors are `{"detail": …}`.',
  },
];

/** What the reference says about the API as a whole. */
export const apiInfo: ApiInfo = {
  title: 'Baton API',
  version: '1',
  description: [
    'Trigger runs of jobs, watch them, and report on them from an executor. GraphQL at `/graphql` offers the same and more.',
    'Lists answer a bare array; while there is more, a `Link` header with `rel="next"` leads to the next page.',
    'Every error is `{"error", "request_id"}`, with `details` naming the fields when the input was at fault; send `Accept: application/problem+json` for RFC 9457.',
    'Unknown fields and parameters are refused, never ignored.',
  ].join('\n\n'),
};
