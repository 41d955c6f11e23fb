import type { InputFieldBuilder } from '@pothos/core';
import { z } from 'zod';
import {
  CreateWorkflowInput,
  RouteInput,
  type Step,
  StepInput,
  UpdateWorkflowInput,
} from '../../src/domain/workflows/definition.ts';
import { builder } from '../builder.ts';
import { describedBy, leavingOutNulls } from '../input.ts';
import { RetryStrategyEnum } from '../jobs/definition.ts';
import { FailurePolicyEnum, StepKindEnum } from './enums.ts';

const route = describedBy(RouteInput);
const WorkflowRoute = builder
  .inputType('WorkflowRouteInput', {
    description: 'One way out of a router.',
    fields: (t) => ({
      name: t.string({ required: true, ...route.name }),
      when: t.field({ type: 'JSON', required: true, ...route.when }),
      to: t.stringList({ required: true, ...route.to }),
    }),
  })
  .validate(leavingOutNulls(z.custom<NonNullable<Step['routes']>[number]>()));

const step = describedBy(StepInput);
/** Its fields are checked with the whole workflow, once. */
const WorkflowStepRef = builder
  .inputType('WorkflowStepInput', {
    description: 'A node of a workflow. Which fields it may have depends on its kind.',
    fields: (t) => ({
      ref: t.string({ required: true, ...step.ref }),
      name: t.string(step.name),
      kind: t.field({ type: StepKindEnum, ...step.kind }),
      dependsOn: t.stringList(step.dependsOn),
      condition: t.field({ type: 'JSON', ...step.condition }),
      onFailure: t.field({ type: FailurePolicyEnum, ...step.onFailure }),
      payload: t.field({ type: 'JSONObject', ...step.payload }),
      inputTransform: t.string(step.inputTransform),
      outputTransform: t.string(step.outputTransform),
      job: t.id(step.job),
      timeoutSecs: t.int(step.timeoutSecs),
      maxAttempts: t.int(step.maxAttempts),
      retryStrategy: t.field({ type: RetryStrategyEnum, ...step.retryStrategy }),
      retryInitialDelaySecs: t.int(step.retryInitialDelaySecs),
      retryMaxDelaySecs: t.int(step.retryMaxDelaySecs),
      priority: t.int(step.priority),
      items: t.string(step.items),
      concurrency: t.int(step.concurrency),
      toleratesFailedItems: t.boolean(step.toleratesFailedItems),
      approvers: t.stringList(step.approvers),
      message: t.string(step.message),
      eventKey: t.string(step.eventKey),
      sleepSecs: t.int(step.sleepSecs),
      sleepUntil: t.string(step.sleepUntil),
      workflow: t.id(step.workflow),
      when: t.field({ type: 'JSON', ...step.when }),
      whenTrue: t.stringList(step.whenTrue),
      whenFalse: t.stringList(step.whenFalse),
      routes: t.field({ type: [WorkflowRoute], ...step.routes }),
      otherwise: t.stringList(step.otherwise),
    }),
  })
  .validate(leavingOutNulls(z.custom<Step>()));

const created = describedBy(CreateWorkflowInput);
/** What a new workflow is made from. */
export const CreateWorkflow = builder
  .inputType('CreateWorkflowInput', {
    description: 'What a new workflow is made from.',
    fields: (t) => ({
      slug: t.string({ required: true, ...created.slug }),
      name: t.string({ required: true, ...created.name }),
      steps: t.field({ type: [WorkflowStepRef], required: true, ...created.steps }),
      ...commonFields(t),
    }),
  })
  .validate(leavingOutNulls(CreateWorkflowInput));

const updated = describedBy(UpdateWorkflowInput);
/** What to change in a workflow. */
export const UpdateWorkflow = builder
  .inputType('UpdateWorkflowInput', {
    description: 'What to change in a workflow; what is left out stays.',
    fields: (t) => ({
      slug: t.string(updated.slug),
      name: t.string(updated.name),
      steps: t.field({ type: [WorkflowStepRef], ...updated.steps }),
      expectedVersion: t.int(updated.expectedVersion),
      ...commonFields(t),
    }),
  })
  .validate(UpdateWorkflowInput);

function commonFields(t: InputFieldBuilder<typeof builder.$inferSchemaTypes, 'InputObject'>) {
  return {
    description: t.string(created.description),
    enabled: t.boolean(created.enabled),
    tags: t.field({ type: 'StringMap', ...created.tags }),
    inputSchema: t.field({ type: 'JSONObject', ...created.inputSchema }),
    outputSchema: t.field({ type: 'JSONObject', ...created.outputSchema }),
    output: t.string(created.output),
    timeoutSecs: t.int(created.timeoutSecs),
    maxParallelSteps: t.int(created.maxParallelSteps),
  };
}
