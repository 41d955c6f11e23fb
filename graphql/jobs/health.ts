import { HEALTH_WINDOWS, type HealthWindow, type JobHealth as JobHealthRow } from '../../src/domain/jobs/job-health.ts';
import { builder } from '../builder.ts';
import { Job } from './type.ts';

const MEANING: Readonly<Record<HealthWindow, { readonly name: string; readonly description: string }>> = {
  '1h': { name: 'HOUR', description: 'The last hour.' },
  '1d': { name: 'DAY', description: 'The last 24 hours.' },
  '7d': { name: 'WEEK', description: 'The last 7 days.' },
  '30d': { name: 'MONTH', description: 'The last 30 days.' },
};

// Object.keys is typed for objects that may have more keys than their type says; this literal has exactly these.
const WINDOWS = Object.keys(HEALTH_WINDOWS) as HealthWindow[];

/** How far back figures of a job look. */
export const HealthWindowEnum = builder.enumType('HealthWindow', {
  description: 'How far back the health of a job looks.',
  values: Object.fromEntries(
    WINDOWS.map((value) => [MEANING[value].name, { value, description: MEANING[value].description }]),
  ) as Record<string, { value: HealthWindow; description: string }>,
});

const JobHealth = builder.objectRef<JobHealthRow>('JobHealth').implement({
  description: 'How the runs of a job have ended lately; some seconds old at most.',
  fields: (t) => ({
    window: t.field({ type: HealthWindowEnum, description: 'How far back it looks.', resolve: ({ window }) => window }),
    total: t.exposeInt('total', { description: 'Runs that ended, canceled ones included.' }),
    completed: t.exposeInt('completed', { description: 'Those of them that completed.' }),
    failed: t.exposeInt('failed', { description: 'Those that ended in any other way, canceled ones not included.' }),
    successRate: t.exposeFloat('successRate', {
      nullable: true,
      description: 'The part of those that were not canceled which completed, 0 to 1; null when there are none.',
    }),
    p50DurationMs: t.exposeInt('p50DurationMs', {
      nullable: true,
      description: 'Half of them took at most so long, from the start of the last attempt on; null when none was started.',
    }),
    p95DurationMs: t.exposeInt('p95DurationMs', { nullable: true, description: 'All but a twentieth took at most so long.' }),
    throughputPerHour: t.exposeFloat('throughputPerHour', { description: 'How many ended in an hour, on average.' }),
    isPartial: t.exposeBoolean('isPartial', {
      description: 'Only the newest of them were looked at: 10,000, or fewer when many jobs are asked about together.',
    }),
  }),
});

builder.prismaObjectFields(Job, (t) => ({
  health: t.field({
    type: JobHealth,
    description: 'How its runs have ended lately. Requires `jobs:read`.',
    args: { window: t.arg({ type: HealthWindowEnum, description: 'How far back to look; a day when left out.' }) },
    authScopes: { scope: 'jobs:read' },
    complexity: 10,
    resolve: ({ id }, { window }, { actor, runs }) => runs.jobHealths.of(actor, id, window ?? '1d'),
  }),
}));
