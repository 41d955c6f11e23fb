import { z } from 'zod';
import { AppError } from '../../src/core/errors.ts';
import { key } from '../../src/core/schemas.ts';
import { wordInput } from '../names.ts';
import type { LocatedFieldError } from '../problem.ts';
import { defineRoute, gql, type Route } from '../route.ts';
import { pageQuery } from './page-query.ts';
import {
  AUTOMATION_RUN,
  type AutomationRunFields,
  automationRunOf,
  automationRunSchema,
  pageSchema,
  runStatusParam,
} from './run-schema.ts';

/** The path of everything about one run. */
export const runParams = z.strictObject({ run_id: z.uuid('must be a UUID').describe('The run.') });

const listSchema = pageSchema(automationRunSchema, 'AutomationRunList');
const RETRY_MODES = ['from_failed', 'from_step', 'full'] as const;

/** `/api/v1/automation-runs`: list, get, cancel and retry. */
export const automationRunRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'listAutomationRuns',
    method: 'GET',
    path: '/api/v1/automation-runs',
    tag: 'Automation runs',
    summary: 'List all runs',
    description: 'Lists the runs of all automations of the project, newest first. Requires the scope `workflows:read`.',
    auth: 'key',
    errorStyle: 'fastapi',
    query: z.strictObject({ status: runStatusParam.optional(), ...pageQuery }),
    document: gql`query listAutomationRuns($filter: WorkflowRunFilter, $page: PageByNumberInput) {
      page: workflowRunPage(filter: $filter, page: $page) { items { ...AutomationRunFields } total }
    } ${AUTOMATION_RUN}`,
    variables: ({ query: { status, limit, offset } }) => ({ filter: { status }, page: { limit, offset } }),
    response: listSchema,
    project: ({ page }: { page: { items: AutomationRunFields[]; total: number } }) => ({
      items: page.items.map(automationRunOf),
      total: page.total,
    }),
  }),
  defineRoute({
    operationId: 'getAutomationRun',
    method: 'GET',
    path: '/api/v1/automation-runs/{run_id}',
    tag: 'Automation runs',
    summary: 'Get a run',
    description: 'Answers a run as it is now. Requires the scope `workflows:read`.',
    auth: 'key',
    errorStyle: 'fastapi',
    params: runParams,
    document: gql`query getAutomationRun($id: ID!) { run: workflowRun(id: $id) { ...AutomationRunFields } } ${AUTOMATION_RUN}`,
    variables: ({ params }) => ({ id: params.run_id }),
    response: automationRunSchema,
    project: ({ run }: { run: AutomationRunFields }) => automationRunOf(run),
  }),
  defineRoute({
    operationId: 'cancelAutomationRun',
    method: 'POST',
    path: '/api/v1/automation-runs/{run_id}/cancel',
    tag: 'Automation runs',
    summary: 'Cancel a run',
    description: 'Cancels a run with everything that works for it. Requires the scope `workflows:write`.',
    auth: 'key',
    errorStyle: 'fastapi',
    params: runParams,
    document: gql`mutation cancelAutomationRun($input: WorkflowRunOperationInput!) {
      run: cancelWorkflowRun(input: $input) { ...AutomationRunFields }
    } ${AUTOMATION_RUN}`,
    variables: ({ params }) => ({ input: { id: params.run_id } }),
    response: automationRunSchema,
    project: ({ run }: { run: AutomationRunFields }) => automationRunOf(run),
    errors: { CONFLICT: 'The run has ended already.' },
  }),
  defineRoute({
    operationId: 'retryAutomationRun',
    method: 'POST',
    path: '/api/v1/automation-runs/{run_id}/retry',
    tag: 'Automation runs',
    summary: 'Retry a run',
    description:
      'Does a run that has ended again, as a new one, which is answered. `from_failed` keeps what has completed, `from_step` all but one step and what comes after it, `full` nothing. Requires the scope `workflows:trigger`.',
    auth: 'key',
    errorStyle: 'fastapi',
    params: runParams,
    body: z
      .strictObject({
        mode: wordInput(RETRY_MODES).optional().describe('How much of it; `from_failed` when left out.'),
        stepKey: key(128).nullish().describe('For `from_step`: the step.'),
      })
      .meta({ id: 'AutomationRunRetry', description: 'How much of a run to do again.' }),
    document: gql`mutation retryAutomationRun($input: RetryWorkflowRunInput!) {
      run: retryWorkflowRun(input: $input) { ...AutomationRunFields }
    } ${AUTOMATION_RUN}`,
    variables: ({ params, body }) => {
      const { mode = 'FROM_FAILED', stepKey = null } = body;
      if ((mode === 'FROM_STEP') !== (stepKey !== null)) throw badStepKey(stepKey === null);
      return { input: { id: params.run_id, mode, ...(stepKey !== null && { step: stepKey }) } };
    },
    response: automationRunSchema,
    project: ({ run }: { run: AutomationRunFields }) => automationRunOf(run),
    errors: {
      BAD_REQUEST: 'A field is invalid, `from_step` has no `stepKey` or one that names no step, or nothing has failed.',
      CONFLICT: 'The run goes on.',
    },
  }),
];

function badStepKey(isMissing: boolean): AppError {
  const detail: LocatedFieldError = {
    path: 'stepKey',
    message: isMissing ? 'is required for from_step' : 'goes with from_step alone',
    in: 'body',
    type: isMissing ? 'missing' : 'value_error',
  };
  return new AppError('BAD_REQUEST', 'validation failed', { details: [detail] });
}
