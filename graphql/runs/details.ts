import type { ExecutionTrace as Trace } from '../../src/core/outcome.ts';
import { builder } from '../builder.ts';
import { memberOf } from '../enum-values.ts';
import { WAIT_KINDS, WAIT_STATUSES, WaitKindEnum, WaitStatusEnum } from './enums.ts';

/** How long each phase of an attempt took. Floats: a run that was held for a month has more milliseconds than an Int. */
export const ExecutionTrace = builder.objectRef<Trace>('ExecutionTrace').implement({
  description: 'How long each phase of an attempt took, in whole milliseconds.',
  fields: (t) => ({
    queueWaitMs: t.exposeFloat('queue_wait_ms', { description: 'From due to claimed.' }),
    dequeueMs: t.exposeFloat('dequeue_ms', { description: 'From claimed to dispatched.' }),
    connectMs: t.exposeFloat('connect_ms', { description: 'Connecting to the executor.' }),
    ttfbMs: t.exposeFloat('ttfb_ms', { description: 'From the request to the first byte of the answer.' }),
    transferMs: t.exposeFloat('transfer_ms', { description: 'Reading the answer.' }),
    dispatchMs: t.exposeFloat('dispatch_ms', { description: 'Connecting, waiting and reading together.' }),
    totalMs: t.exposeFloat('total_ms', { description: 'All of it.' }),
  }),
});

/** A named value of a run. */
export const RunOutput = builder.prismaObject('RunOutput', {
  fields: (t) => ({
    id: t.exposeID('id'),
    runId: t.exposeID('runId'),
    key: t.exposeString('outputKey'),
    schema: t.expose('schema', { type: 'JSONObject', nullable: true }),
    value: t.expose('value', { type: 'JSON', nullable: true }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime' }),
  }),
});

/** Who executes a run. */
export const RunLease = builder.prismaObject('RunLease', {
  fields: (t) => ({
    holder: t.exposeID('holder', { nullable: true }),
    leaseUntil: t.expose('leaseUntil', { type: 'DateTime' }),
    deadlineAt: t.expose('deadlineAt', { type: 'DateTime' }),
    heartbeatAt: t.expose('heartbeatAt', { type: 'DateTime', nullable: true }),
    limitKeys: t.exposeStringList('limitKeys'),
  }),
});

/** Something a run waits or has waited for. */
export const RunWait = builder.prismaObject('Wait', {
  name: 'RunWait',
  fields: (t) => ({
    id: t.exposeID('id'),
    runId: t.id({ description: 'The run that waits.', resolve: ({ runId }) => runId ?? '' }),
    kind: t.field({ type: WaitKindEnum, description: 'What it waits for.', resolve: ({ kind }) => memberOf(WAIT_KINDS, kind) }),
    status: t.field({
      type: WaitStatusEnum,
      description: 'How it stands.',
      resolve: ({ status }) => memberOf(WAIT_STATUSES, status),
    }),
    childRunId: t.exposeID('childRunId', { nullable: true }),
    eventKey: t.exposeString('eventKey', { nullable: true }),
    error: t.exposeString('error', { nullable: true }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', nullable: true }),
    endedAt: t.expose('endedAt', { type: 'DateTime', nullable: true }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
  }),
});
