import {
  cancelSchedule,
  deleteSchedule,
  pauseSchedule,
  resumeSchedule,
  updateSchedule,
} from '../../src/domain/schedules/change-schedule.ts';
import { CreateBatchScheduleInput, createBatchSchedule } from '../../src/domain/schedules/create-batch-schedule.ts';
import { createSchedule } from '../../src/domain/schedules/create-schedule.ts';
import { runScheduleNow, visibleFire } from '../../src/domain/schedules/run-now.ts';
import { CreateScheduleInput, UpdateScheduleInput } from '../../src/domain/schedules/schedule-input.ts';
import { BatchCallback } from '../batches/mutations.ts';
import { builder } from '../builder.ts';
import { describedBy, leavingOutNulls } from '../input.ts';
import { CatchUpPolicyEnum, OverlapPolicyEnum } from './enums.ts';
import { Schedule, ScheduleFire, scheduleNode } from './type.ts';

const created = describedBy(CreateScheduleInput);
const CreateSchedule = builder
  .inputType('CreateScheduleInput', {
    description: 'What a new schedule is made from.',
    fields: (t) => ({
      projectId: t.id(created.projectId),
      name: t.string({ required: true, ...created.name }),
      slug: t.string(created.slug),
      job: t.id(created.job),
      workflow: t.id(created.workflow),
      payload: t.field({ type: 'JSON', ...created.payload }),
      tags: t.field({ type: 'StringMap', ...created.tags }),
      metadata: t.field({ type: 'StringMap', ...created.metadata }),
      priority: t.int(created.priority),
      concurrencyKey: t.string(created.concurrencyKey),
      cron: t.string(created.cron),
      runAt: t.field({ type: 'DateTime', ...created.runAt }),
      timezone: t.string(created.timezone),
      overlapPolicy: t.field({ type: OverlapPolicyEnum, ...created.overlapPolicy }),
      catchUp: t.field({ type: CatchUpPolicyEnum, ...created.catchUp }),
      catchUpLimit: t.int(created.catchUpLimit),
      graceSecs: t.int(created.graceSecs),
    }),
  })
  .validate(leavingOutNulls(CreateScheduleInput));

const ofBatches = describedBy(CreateBatchScheduleInput);
const CreateBatchSchedule = builder
  .inputType('CreateBatchScheduleInput', {
    description: 'What a schedule is made from that triggers a job on a whole list, as a batch, whenever it fires.',
    fields: (t) => ({
      job: t.id({ required: true, ...ofBatches.job }),
      items: t.field({ type: 'TriggerItemStream', required: true, ...ofBatches.items }),
      name: t.string(ofBatches.name),
      cron: t.string(ofBatches.cron),
      runAt: t.field({ type: 'DateTime', ...ofBatches.runAt }),
      timezone: t.string(ofBatches.timezone),
      parameters: t.field({ type: 'JSONObject', ...ofBatches.parameters }),
      callback: t.field({ type: BatchCallback, ...ofBatches.callback }),
    }),
  })
  .validate(leavingOutNulls(CreateBatchScheduleInput));

const updated = describedBy(UpdateScheduleInput);
const UpdateSchedule = builder
  .inputType('UpdateScheduleInput', {
    description: 'What to change in a schedule; what is left out, or null, stays.',
    fields: (t) => ({
      name: t.string(updated.name),
      slug: t.string(updated.slug),
      payload: t.field({ type: 'JSON', ...updated.payload }),
      tags: t.field({ type: 'StringMap', ...updated.tags }),
      metadata: t.field({ type: 'StringMap', ...updated.metadata }),
      priority: t.int(updated.priority),
      concurrencyKey: t.string(updated.concurrencyKey),
      cron: t.string(updated.cron),
      runAt: t.field({ type: 'DateTime', ...updated.runAt }),
      timezone: t.string(updated.timezone),
      overlapPolicy: t.field({ type: OverlapPolicyEnum, ...updated.overlapPolicy }),
      catchUp: t.field({ type: CatchUpPolicyEnum, ...updated.catchUp }),
      catchUpLimit: t.int(updated.catchUpLimit),
      graceSecs: t.int(updated.graceSecs),
    }),
  })
  .validate(leavingOutNulls(UpdateScheduleInput));

const SCOPES = 'FORBIDDEN without `jobs:write` or, for one of a workflow, `workflows:write`. Requires an API key.';

builder.mutationFields((t) => {
  const args = { id: t.arg.id({ required: true, description: 'Id or slug of the schedule.' }) };
  const authScopes = { apiKey: true } as const;
  return {
    createSchedule: t.field({
      type: Schedule,
      description: `Creates a schedule, active at once. BAD_REQUEST for a cron expression that cannot be read or never fires, an unknown time zone, a moment in the past, and a payload that is refused; CONFLICT when the slug is taken. ${SCOPES}`,
      args: { input: t.arg({ type: CreateSchedule, required: true, description: 'The schedule.' }) },
      authScopes,
      resolve: async (_root, { input }, { actor, schedules }) => scheduleNode(await createSchedule(actor, input, schedules)),
    }),
    createBatchSchedule: t.field({
      type: Schedule,
      description:
        'Creates a schedule that triggers a job on a list of items, as a batch, whenever it fires; overlapping batches are allowed. BAD_REQUEST for an item that breaks a rule, besides what `createSchedule` refuses. Requires `jobs:write`.',
      args: { input: t.arg({ type: CreateBatchSchedule, required: true, description: 'The schedule.' }) },
      authScopes: { scope: 'jobs:write' },
      resolve: async (_root, { input }, { actor, schedules }) => scheduleNode(await createBatchSchedule(actor, input, schedules)),
    }),
    updateSchedule: t.field({
      type: Schedule,
      description: `Changes a schedule; new times count from now. CONFLICT for one that has ended. ${SCOPES}`,
      args: { ...args, input: t.arg({ type: UpdateSchedule, required: true, description: 'What to change.' }) },
      authScopes,
      resolve: async (_root, { id, input }, { actor, schedules }) =>
        scheduleNode(await updateSchedule(actor, { id, changes: input }, schedules)),
    }),
    pauseSchedule: t.field({
      type: Schedule,
      description: `Pauses a schedule: its moments pass by, and are not made up for. CONFLICT unless it is active. ${SCOPES}`,
      args,
      authScopes,
      resolve: async (_root, { id }, { actor, schedules }) => scheduleNode(await pauseSchedule(actor, id, schedules)),
    }),
    resumeSchedule: t.field({
      type: Schedule,
      description: `Lets a paused schedule go on from now. CONFLICT unless it is paused, and when its one moment has passed. ${SCOPES}`,
      args,
      authScopes,
      resolve: async (_root, { id }, { actor, schedules }) => scheduleNode(await resumeSchedule(actor, id, schedules)),
    }),
    cancelSchedule: t.field({
      type: Schedule,
      description: `Ends a schedule for good; its runs go on, and it is kept for 30 days. CONFLICT for one that has ended. ${SCOPES}`,
      args,
      authScopes,
      resolve: async (_root, { id }, { actor, schedules }) => scheduleNode(await cancelSchedule(actor, id, schedules)),
    }),
    deleteSchedule: t.field({
      type: Schedule,
      description: `Deletes a schedule with what is known of its moments, and frees its slug; its runs stay. ${SCOPES}`,
      args,
      authScopes,
      resolve: async (_root, { id }, { actor, schedules }) => scheduleNode(await deleteSchedule(actor, id, schedules)),
    }),
    runScheduleNow: t.prismaField({
      type: ScheduleFire,
      description:
        'Fires a schedule now, beside its own moments and under its overlap policy; one that is paused, too. CONFLICT for one that has ended. FORBIDDEN without `jobs:trigger` or, for one of a workflow, `workflows:trigger`. Requires an API key.',
      args,
      authScopes,
      resolve: async (query, _root, { id }, { actor, prisma, schedules }) =>
        prisma.scheduleFire.findFirstOrThrow({ ...query, where: visibleFire(actor, await runScheduleNow(actor, id, schedules)) }),
    }),
  };
});
