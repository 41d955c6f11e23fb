import { z } from 'zod';
import { newId } from '../../src/core/ids.ts';
import { defineRoute, gql, type Route } from '../route.ts';
import { PAYLOAD_BODY_LIMIT } from '../v1/job-trigger.ts';
import {
  AUTOMATION,
  type AutomationFields,
  automationOf,
  automationSchema,
  automationStartBody,
  newAutomationBody,
  workflowInputOf,
} from './automation-schema.ts';
import { pageQuery } from './page-query.ts';
import { AUTOMATION_RUN, type AutomationRunFields, automationRunOf, automationRunSchema, pageSchema } from './run-schema.ts';

const params = z.strictObject({ automation_id: z.uuid('must be a UUID').describe('The automation.') });
const listSchema = pageSchema(automationSchema, 'AutomationList');

/** `/api/v1/automations`: create, list, get, and start. */
export const automationRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'createAutomation',
    method: 'POST',
    path: '/api/v1/automations',
    tag: 'Automation runs',
    summary: 'Create an automation',
    description:
      'Creates an automation, which is a workflow and active at once. One that could not run is refused, naming its steps. Requires the scope `workflows:write`.',
    auth: 'key',
    errorStyle: 'fastapi',
    body: newAutomationBody,
    bodyLimit: PAYLOAD_BODY_LIMIT,
    document: gql`mutation createAutomation($input: CreateWorkflowInput!) {
      automation: createWorkflow(input: $input) { ...AutomationFields }
    } ${AUTOMATION}`,
    variables: ({ body }) => ({ input: workflowInputOf(body, newId().slice(-12)) }),
    response: automationSchema,
    project: ({ automation }: { automation: AutomationFields }) => automationOf(automation),
    status: 201,
  }),
  defineRoute({
    operationId: 'listAutomations',
    method: 'GET',
    path: '/api/v1/automations',
    tag: 'Automation runs',
    summary: 'List automations',
    description: 'Lists the automations of the project, newest first. Requires the scope `workflows:read`.',
    auth: 'key',
    errorStyle: 'fastapi',
    query: z.strictObject(pageQuery),
    document: gql`query listAutomations($page: PageByNumberInput) {
      page: workflowPage(page: $page) { items { ...AutomationFields } total }
    } ${AUTOMATION}`,
    variables: ({ query }) => ({ page: query }),
    response: listSchema,
    project: ({ page }: { page: { items: AutomationFields[]; total: number } }) => ({
      items: page.items.map(automationOf),
      total: page.total,
    }),
  }),
  defineRoute({
    operationId: 'getAutomation',
    method: 'GET',
    path: '/api/v1/automations/{automation_id}',
    tag: 'Automation runs',
    summary: 'Get an automation',
    description: 'Answers an automation as it is now. Requires the scope `workflows:read`.',
    auth: 'key',
    errorStyle: 'fastapi',
    params,
    document: gql`query getAutomation($id: ID!) { automation: workflow(id: $id) { ...AutomationFields } } ${AUTOMATION}`,
    variables: ({ params }) => ({ id: params.automation_id }),
    response: automationSchema,
    project: ({ automation }: { automation: AutomationFields }) => automationOf(automation),
  }),
  defineRoute({
    operationId: 'startAutomation',
    method: 'POST',
    path: '/api/v1/automations/{automation_id}/run',
    tag: 'Automation runs',
    summary: 'Start an automation',
    description: 'Starts a run of an automation and answers it; answered means stored. Requires the scope `workflows:trigger`.',
    auth: 'key',
    errorStyle: 'fastapi',
    params,
    body: automationStartBody,
    bodyLimit: PAYLOAD_BODY_LIMIT,
    document: gql`mutation startAutomation($input: TriggerWorkflowInput!) {
      started: triggerWorkflow(input: $input) { run: workflowRun { ...AutomationRunFields } }
    } ${AUTOMATION_RUN}`,
    variables: ({ params, body }) => ({ input: { workflow: params.automation_id, payload: body?.input } }),
    response: automationRunSchema,
    project: ({ started }: { started: { run: AutomationRunFields } }) => automationRunOf(started.run),
    status: 201,
    errors: { BAD_REQUEST: 'The automation is paused, or the input does not match its schema.' },
  }),
];
