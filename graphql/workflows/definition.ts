import type { Definition, StepDefinition } from '../../src/domain/workflows/definition.ts';
import { builder } from '../builder.ts';
import { RetryStrategyEnum } from '../jobs/definition.ts';
import { FailurePolicyEnum, StepKindEnum } from './enums.ts';

const Route = builder.objectRef<NonNullable<StepDefinition['routes']>[number]>('WorkflowRoute').implement({
  description: 'One way out of a router.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'What the way is called.' }),
    when: t.field({
      type: 'JSON',
      nullable: true,
      description: 'When it is taken: a condition, or a JSONata expression.',
      resolve: ({ when }) => when,
    }),
    to: t.exposeStringList('to', { description: 'The steps on this way.' }),
  }),
});

/** A node of a workflow, as its version says. */
export const WorkflowStep = builder.objectRef<StepDefinition>('WorkflowStep').implement({
  description: 'A node of a workflow. Fields that mean nothing to its kind are null.',
  fields: (t) => ({
    ref: t.exposeString('ref', { description: 'Its name within the workflow.' }),
    name: t.string({ description: 'What people call it.', resolve: ({ name, ref }) => name ?? ref }),
    kind: t.expose('kind', { type: StepKindEnum, description: 'What it does.' }),
    dependsOn: t.stringList({
      description: 'The steps that must be over before it starts.',
      resolve: ({ dependsOn }) => [...dependsOn],
    }),
    condition: t.field({
      type: 'JSON',
      nullable: true,
      description: 'It is skipped unless this holds.',
      resolve: ({ condition }) => condition,
    }),
    onFailure: t.field({
      type: FailurePolicyEnum,
      description: 'What its failure means.',
      resolve: ({ onFailure }) => onFailure ?? 'fail_workflow',
    }),
    payload: t.field({
      type: 'JSONObject',
      nullable: true,
      description: 'Laid over the payload of the run.',
      resolve: ({ payload }) => payload,
    }),
    inputTransform: t.string({
      nullable: true,
      description: 'JSONata whose result is its whole input.',
      resolve: ({ inputTransform }) => inputTransform,
    }),
    outputTransform: t.string({
      nullable: true,
      description: 'JSONata over what it returned.',
      resolve: ({ outputTransform }) => outputTransform,
    }),
    jobId: t.id({ nullable: true, description: 'The job it runs.', resolve: ({ jobId }) => jobId }),
    workflowId: t.id({ nullable: true, description: 'The workflow it runs.', resolve: ({ workflowId }) => workflowId }),
    timeoutSecs: t.int({
      nullable: true,
      description: 'Seconds an attempt may take, or it waits.',
      resolve: ({ timeoutSecs }) => timeoutSecs,
    }),
    maxAttempts: t.int({
      nullable: true,
      description: 'In place of that of the job.',
      resolve: ({ maxAttempts }) => maxAttempts,
    }),
    retryStrategy: t.field({
      type: RetryStrategyEnum,
      nullable: true,
      description: 'In place of that of the job.',
      resolve: ({ retryStrategy }) => retryStrategy,
    }),
    retryInitialDelaySecs: t.int({
      nullable: true,
      description: 'In place of that of the job.',
      resolve: ({ retryInitialDelaySecs }) => retryInitialDelaySecs,
    }),
    retryMaxDelaySecs: t.int({
      nullable: true,
      description: 'In place of that of the job.',
      resolve: ({ retryMaxDelaySecs }) => retryMaxDelaySecs,
    }),
    priority: t.int({ nullable: true, description: 'The priority of its runs.', resolve: ({ priority }) => priority }),
    items: t.string({ nullable: true, description: 'JSONata whose result is the list of a map.', resolve: ({ items }) => items }),
    concurrency: t.int({
      nullable: true,
      description: 'Items of a map that are worked on at once.',
      resolve: ({ concurrency }) => concurrency,
    }),
    toleratesFailedItems: t.boolean({
      description: 'Whether a map completes although items failed.',
      resolve: ({ toleratesFailedItems }) => toleratesFailedItems ?? false,
    }),
    approvers: t.stringList({
      nullable: true,
      description: 'Who may decide about an approval, by name.',
      resolve: ({ approvers }) => approvers,
    }),
    message: t.string({ nullable: true, description: 'What an approval asks.', resolve: ({ message }) => message }),
    eventKey: t.string({
      nullable: true,
      description: 'The key whose event is waited for.',
      resolve: ({ eventKey }) => eventKey,
    }),
    sleepSecs: t.int({ nullable: true, description: 'How long a sleep takes.', resolve: ({ sleepSecs }) => sleepSecs }),
    sleepUntil: t.string({ nullable: true, description: 'Until when a sleep goes.', resolve: ({ sleepUntil }) => sleepUntil }),
    when: t.field({
      type: 'JSON',
      nullable: true,
      description: 'What decides about the sides of a condition.',
      resolve: ({ when }) => when,
    }),
    whenTrue: t.stringList({
      description: 'The steps that are skipped unless it holds.',
      resolve: ({ whenTrue }) => whenTrue ?? [],
    }),
    whenFalse: t.stringList({
      description: 'The steps that are skipped if it holds.',
      resolve: ({ whenFalse }) => whenFalse ?? [],
    }),
    routes: t.field({ type: [Route], description: 'The ways out of a router.', resolve: ({ routes }) => routes ?? [] }),
    otherwise: t.stringList({
      description: 'The steps that go on when no way holds.',
      resolve: ({ otherwise }) => otherwise ?? [],
    }),
  }),
});

/** The stored definition of a version: written by the domain, never changed. */
export function definitionOf(json: unknown): Definition {
  return json as Definition;
}
