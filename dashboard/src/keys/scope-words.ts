import type { Viewer } from '../app/viewer.tsx';

/** A scope of the API. */
export type Scope = Viewer['scopes'][number];

/** What a scope opens, in words, grouped by what it is about. */
export const SCOPE_GROUPS: readonly { readonly title: string; readonly scopes: readonly (readonly [Scope, string])[] }[] = [
  {
    title: 'Runs and jobs',
    scopes: [
      ['JOBS_TRIGGER', 'Trigger runs of jobs'],
      ['RUNS_READ', 'See runs, their logs and results'],
      ['RUNS_WRITE', 'Cancel, replay and change runs'],
      ['JOBS_READ', 'See jobs and their settings'],
      ['JOBS_WRITE', 'Create and change jobs and webhooks'],
    ],
  },
  {
    title: 'Workflows',
    scopes: [
      ['WORKFLOWS_TRIGGER', 'Start workflows'],
      ['WORKFLOWS_READ', 'See workflows, their runs and schedules'],
      ['WORKFLOWS_WRITE', 'Create and change workflows and schedules, decide steps'],
    ],
  },
  {
    title: 'Secrets and figures',
    scopes: [
      ['SECRETS_READ', 'See which secrets there are'],
      ['SECRETS_WRITE', 'Set and delete secrets'],
      ['STATS_READ', 'See how the queue stands'],
    ],
  },
  {
    title: 'Administration',
    scopes: [
      ['API_KEYS_MANAGE', 'Create and revoke keys'],
      ['RBAC_MANAGE', 'Give roles to keys'],
      ['ALL', 'Everything in this project'],
      ['INSTANCE_ADMIN', 'All projects of this server'],
    ],
  },
];

/** `RUNS_READ` as REST and the documents write it: `runs:read`; everything is `*`. */
export function scopeName(scope: Scope): string {
  if (scope === 'ALL') return '*';
  const cut = scope.lastIndexOf('_');
  return `${scope.slice(0, cut).replaceAll('_', '-')}:${scope.slice(cut + 1)}`.toLowerCase();
}
