import type { CronSchedule } from './cron.ts';

/** What happens with moments that nobody was there for: none of them fires, the latest one does, or all up to a limit. */
export const CATCH_UP_POLICIES = ['skip', 'one', 'all'] as const;

/** A member of {@link CATCH_UP_POLICIES}. */
export type CatchUpPolicy = (typeof CATCH_UP_POLICIES)[number];

/** Moments that are looked at one by one; beyond them, those that are missed are no longer counted. */
export const MAX_COUNTED_MOMENTS = 10_000;

/** Moments that fire at once at most, the latest ones. */
export const MAX_DUE = 1_000;

/** What there is to know about a schedule whose time has come. */
export interface DueSchedule {
  /** Null for a schedule of one moment. */
  readonly cron: Pick<CronSchedule, 'nextAfter' | 'previousBefore'> | null;
  /** The first moment that has not been dealt with. */
  readonly nextFireAt: Date;
  readonly catchUp: CatchUpPolicy;
  /** For `all`: 1 to {@link MAX_DUE}. */
  readonly catchUpLimit: number;
  /** How late a moment may fire without counting as missed. */
  readonly graceMs: number;
}

/** A stretch of moments that do not fire. */
export interface MissedMoments {
  readonly from: Date;
  readonly to: Date;
  /** {@link MAX_COUNTED_MOMENTS} stands for that many or more. */
  readonly count: number;
}

/** What becomes of the moments of a schedule up to now. */
export interface DueMoments {
  /** In their order. */
  readonly fires: readonly Date[];
  readonly missed: MissedMoments | null;
  /** The first moment after now; null when there is none any more. */
  readonly next: Date | null;
}

/**
 * Decides about every moment from `nextFireAt` to `now`. Those of the last `graceMs` fire: a few seconds late is not missed. Of older
 * ones `catchUp` lets none fire, the latest one, or the latest `catchUpLimit`; the others are missed, and named as such.
 */
export function dueMoments(schedule: DueSchedule, now: Date): DueMoments {
  const { cron, nextFireAt } = schedule;
  const { moments, after } = momentsUpTo(cron, nextFireAt, now);
  const isCounted = after === null || after > now;
  if (isCounted) return { ...decide(moments, schedule, now), next: after };
  return { ...decideAboutMany(moments, { ...schedule, cron }, now), next: cron?.nextAfter(now) ?? null };
}

/** The moments from `first` to `now`, and the one that follows. */
function momentsUpTo(
  cron: DueSchedule['cron'],
  first: Date,
  now: Date,
): { readonly moments: Date[]; readonly after: Date | null } {
  const moments: Date[] = [];
  let moment: Date | null = first;
  while (moment !== null && moment <= now && moments.length < MAX_COUNTED_MOMENTS) {
    moments.push(moment);
    moment = cron?.nextAfter(moment) ?? null;
  }
  return { moments, after: moment };
}

function decide(moments: readonly Date[], schedule: DueSchedule, now: Date): Omit<DueMoments, 'next'> {
  const graceFrom = now.getTime() - schedule.graceMs;
  const onTime = moments.findIndex((moment) => moment.getTime() >= graceFrom);
  const lateCount = onTime === -1 ? moments.length : onTime;
  const firstToFire = Math.max(lateCount - caughtUp(schedule), moments.length - MAX_DUE, 0);
  return { fires: moments.slice(firstToFire), missed: stretch(moments.slice(0, firstToFire)) };
}

/** After a very long time: only the latest moments are looked at, and all before them are missed without being counted. */
function decideAboutMany(counted: readonly Date[], schedule: DueSchedule, now: Date): Omit<DueMoments, 'next'> {
  const { cron } = schedule;
  const [from] = counted;
  if (!cron || !from) throw new Error('only a cron expression has many moments');
  let start = new Date(now.getTime() - schedule.graceMs);
  for (let back = 0; back < caughtUp(schedule); back++) start = cron.previousBefore(start) ?? start;
  const first = cron.nextAfter(new Date(start.getTime() - 1));
  const { moments } = first ? momentsUpTo(cron, first, now) : { moments: [] };
  const { fires, missed } = decide(moments, schedule, now);
  const to = missed?.to ?? cron.previousBefore(fires[0] ?? now) ?? from;
  return { fires, missed: { from, to, count: MAX_COUNTED_MOMENTS } };
}

function caughtUp({ catchUp, catchUpLimit }: DueSchedule): number {
  return { skip: 0, one: 1, all: catchUpLimit }[catchUp];
}

function stretch(moments: readonly Date[]): MissedMoments | null {
  const [from] = moments;
  const to = moments.at(-1);
  return from && to ? { from, to, count: moments.length } : null;
}
