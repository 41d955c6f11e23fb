import type { ContractCase } from './contract-cases.ts';
import { actionCases } from './contract-cases-actions.ts';
import { automationCases } from './contract-cases-automations.ts';
import { batchCases } from './contract-cases-batches.ts';
import { dependencyCases } from './contract-cases-dependencies.ts';
import { environmentCases } from './contract-cases-environments.ts';
import { eventCases } from './contract-cases-events.ts';
import { reportCases } from './contract-cases-reports.ts';
import { scheduleCases } from './contract-cases-schedules.ts';
import { sdkCases } from './contract-cases-sdk.ts';
import { streamCases } from './contract-cases-streams.ts';
import { v1Cases } from './contract-cases-v1.ts';
import { webhookCases } from './contract-cases-webhooks.ts';
import { workflowApiCases } from './contract-cases-workflow-api.ts';
import { workflowRunCases } from './contract-cases-workflow-runs.ts';
import { workflowCases } from './contract-cases-workflows.ts';

/** What every route is held to, by operation id. */
export const contractCases: Readonly<Record<string, ContractCase>> = {
  ...v1Cases,
  ...sdkCases,
  ...reportCases,
  ...eventCases,
  ...dependencyCases,
  ...environmentCases,
  ...batchCases,
  ...webhookCases,
  ...scheduleCases,
  ...streamCases,
  ...workflowCases,
  ...workflowRunCases,
  ...automationCases,
  ...workflowApiCases,
  ...actionCases,
};
