import { isUuid } from '../../core/ids.ts';
import type { JsonValue } from '../../core/json.ts';
import type { CatchUpPolicy } from '../../core/misfire.ts';
import { isSlug } from '../../core/schemas.ts';

/** Where a schedule can stand. */
export const SCHEDULE_STATUSES = ['active', 'paused', 'completed', 'canceled'] as const;

/** A member of {@link SCHEDULE_STATUSES}. */
export type ScheduleStatus = (typeof SCHEDULE_STATUSES)[number];

/** What can happen when a moment comes while the run of an earlier one is still active. */
export const OVERLAP_POLICIES = ['allow', 'skip', 'cancel_previous'] as const;

/** A member of {@link OVERLAP_POLICIES}. */
export type OverlapPolicy = (typeof OVERLAP_POLICIES)[number];

/** What can come of a moment. */
export const FIRE_OUTCOMES = ['pending', 'started', 'skipped_overlap', 'missed', 'failed'] as const;

/** A member of {@link FIRE_OUTCOMES}. */
export type FireOutcome = (typeof FIRE_OUTCOMES)[number];

/** A schedule as it is stored. */
export interface ScheduleRow {
  readonly id: string;
  readonly projectId: string;
  readonly slug: string | null;
  readonly name: string;
  /** One of the two is set. */
  readonly jobId: string | null;
  readonly workflowId: string | null;
  readonly payload: JsonValue;
  readonly tags: Record<string, string>;
  readonly metadata: Record<string, string>;
  readonly priority: number;
  readonly concurrencyKey: string | null;
  /** One of the two is set. */
  readonly cron: string | null;
  readonly runAt: Date | null;
  readonly timezone: string;
  readonly status: ScheduleStatus;
  readonly overlapPolicy: OverlapPolicy;
  readonly catchUp: CatchUpPolicy;
  readonly catchUpLimit: number;
  readonly graceSecs: number;
  /** Set while it is active. */
  readonly nextFireAt: Date | null;
  readonly lastFiredAt: Date | null;
  readonly fireCount: number;
  readonly missedCount: number;
  readonly pausedAt: Date | null;
  readonly endedAt: Date | null;
  /** How many items each of its batches has; null for a schedule of single runs. */
  readonly inputCount: number | null;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** The columns behind a {@link ScheduleRow}, for `select` and `returning` over `schedules s`. */
export const SCHEDULE_COLUMNS = `s.id, s.project_id as "projectId", s.slug, s.name, s.job_id as "jobId", s.workflow_id as "workflowId",
  s.payload, s.tags, s.metadata, s.priority, s.concurrency_key as "concurrencyKey", s.cron, s.run_at as "runAt", s.timezone, s.status,
  s.overlap_policy as "overlapPolicy", s.catch_up as "catchUp", s.catch_up_limit as "catchUpLimit", s.grace_secs as "graceSecs",
  s.next_fire_at as "nextFireAt", s.last_fired_at as "lastFiredAt", s.fire_count as "fireCount", s.missed_count as "missedCount",
  s.paused_at as "pausedAt", s.ended_at as "endedAt", s.input_count as "inputCount", s.created_by as "createdBy", s.created_at as "createdAt",
  s.updated_at as "updatedAt"`;

/** The column that an id or a slug is looked for in; null for what can be neither. */
export function scheduleKeyColumn(idOrSlug: string): 'id' | 'slug' | null {
  if (isUuid(idOrSlug)) return 'id';
  return isSlug(idOrSlug) ? 'slug' : null;
}
