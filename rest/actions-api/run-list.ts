import { z } from 'zod';
import { listParam } from '../query.ts';
import { ACTION_RUN_STATUSES } from './action-run.ts';

const SORT_FIELDS = ['created_at', 'updated_at', 'status', 'action_name'] as const;
const SORTS = SORT_FIELDS.flatMap((field) => [field, `-${field}` as const]);
const DEFAULT_LIMIT = 10;

const some = (what: string) =>
  listParam(z.string().min(1).max(256)).optional().describe(`Only runs with ${what}; may be repeated.`);

/** What a list of action runs can be narrowed, sorted and paged by, beside `status` and `limit`. */
export const actionRunListShape = {
  action_name: some('one of these actions, by the slugs or ids of their jobs'),
  execution_mode: listParam(z.enum(['LIVE', 'ASYNC']))
    .optional()
    .describe('Only runs in one of these modes; may be repeated.'),
  uid: some('one of these uids'),
  user_uid: some('one of these users, who triggered them'),
  workspace_uid: some('one of these projects; those of others are not found'),
  scheduled_run_uid: some('one of these schedules'),
  sort: listParam(z.enum(SORTS))
    .optional()
    .describe('What to sort by, `-` in front for descending; may be repeated. The newest first when left out.'),
  offset: z
    .preprocess(
      (text) => (typeof text === 'string' && /^\d{1,9}$/.test(text) ? Number(text) : text),
      z.int('must be a number from 0').min(0),
    )
    .optional()
    .describe('How many to pass over.'),
};

type ListQuery = { readonly [name in keyof typeof actionRunListShape]?: z.output<(typeof actionRunListShape)[name]> } & {
  readonly status?: readonly string[] | undefined;
  readonly limit?: number | undefined;
};

/** Nobody's id: what a list is narrowed to that can have no rows. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** The variables of `searchBatches` that a query stands for. */
export function searchOf(query: ListQuery, projectId: string | null): Record<string, unknown> {
  const { workspace_uid: workspaces } = query;
  const isElsewhere = workspaces !== undefined && !workspaces.some((uid) => uid === projectId);
  return {
    filter: {
      status: query.status,
      jobs: query.action_name,
      modes: query.execution_mode,
      ids: isElsewhere ? [NOBODY] : query.uid,
      createdBy: query.user_uid,
      scheduleIds: query.scheduled_run_uid,
    },
    sort: (query.sort ?? []).map((sort) => ({
      field: sort.replace('-', '').replace('action_name', 'job').toUpperCase(),
      descending: sort.startsWith('-'),
    })),
    limit: query.limit ?? DEFAULT_LIMIT,
    offset: query.offset ?? 0,
  };
}

/** True for a word that is a status of action runs. */
export function isActionRunStatus(word: string): boolean {
  return (ACTION_RUN_STATUSES as readonly string[]).includes(word);
}
