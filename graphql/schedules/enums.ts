import { CATCH_UP_POLICIES, type CatchUpPolicy } from '../../src/core/misfire.ts';
import {
  FIRE_OUTCOMES,
  type FireOutcome,
  OVERLAP_POLICIES,
  type OverlapPolicy,
  SCHEDULE_STATUSES,
  type ScheduleStatus,
} from '../../src/domain/schedules/schedule.ts';
import { builder } from '../builder.ts';
import { enumValues } from '../enum-values.ts';

/** Where a schedule can stand. */
export const ScheduleStatusEnum = builder.enumType('ScheduleStatus', {
  description: 'Where a schedule stands.',
  values: enumValues<ScheduleStatus>({
    active: 'It fires.',
    paused: 'Its moments pass by until it is resumed.',
    completed: 'It has nothing left to fire for.',
    canceled: 'Somebody has ended it.',
  }),
});

/** What can happen when runs would overlap. */
export const OverlapPolicyEnum = builder.enumType('OverlapPolicy', {
  description: 'What happens when a moment comes while the run of an earlier one is still active.',
  values: enumValues<OverlapPolicy>({
    allow: 'Another run starts.',
    skip: 'The moment is skipped, and says so.',
    cancel_previous: 'The earlier run is canceled, with everything below it, and another one starts.',
  }),
});

/** What can happen with moments that no server was there for. */
export const CatchUpPolicyEnum = builder.enumType('CatchUpPolicy', {
  description: 'What happens with moments that no server was there for. Those that do not fire are noted as missed.',
  values: enumValues<CatchUpPolicy>({
    skip: 'None of them fires.',
    one: 'The latest fires.',
    all: 'The latest fire, up to the limit.',
  }),
});

/** What can come of a moment. */
export const FireOutcomeEnum = builder.enumType('ScheduleFireOutcome', {
  description: 'What came of a moment of a schedule.',
  values: enumValues<FireOutcome>({
    pending: 'Its run is about to be made.',
    started: 'It has made a run.',
    skipped_overlap: 'The run of an earlier moment was still active.',
    missed: 'No server was there for it, and it was not made up for.',
    failed: 'No run could be made; `error` says why.',
  }),
});

/** The members behind the enums, for reading columns. */
export const SCHEDULE_MEMBERS = {
  status: SCHEDULE_STATUSES,
  overlapPolicy: OVERLAP_POLICIES,
  catchUp: CATCH_UP_POLICIES,
  outcome: FIRE_OUTCOMES,
} as const;
