import { z } from 'zod';
import { AppError, type FieldError } from '../../src/core/errors.ts';
import { JsonObjectInput, MetadataFilter, Tags } from '../../src/core/schemas.ts';
import { actionRunListShape, isActionRunStatus, searchOf } from '../actions-api/run-list.ts';
import { requireOwnProject } from '../own-project.ts';
import { createdAtCursorParam, MAX_PAGE, optionalLimitParam } from '../paging.ts';
import { jsonParam } from '../query.ts';
import { DOCUMENTED_STATUSES, runStatusParam } from './run-status.ts';

/** A status of either API, once or more often. */
const statusParam = z.preprocess(
  (value) => (typeof value === 'string' ? [value] : value),
  z.array(z.string()).refine((words) => words.every((word) => isActionRunStatus(word) || isJobRunStatus(word)), 'is invalid'),
);

function isJobRunStatus(word: string): boolean {
  return (DOCUMENTED_STATUSES as readonly string[]).includes(word);
}

/** What the runs of jobs are narrowed and paged by; conditions given together must all hold. */
const jobRunShape = {
  triggered_by: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .describe('Only runs triggered so: `manual`, `cron`, `spawn`, `workflow`, `retry` or `event`.'),
  batch_id: z.string().min(1).max(64).optional().describe('Only runs of this bulk trigger.'),
  payload_contains: jsonParam(JsonObjectInput).optional().describe('JSON object that the payload must contain.'),
  metadata_key: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .describe('With `metadata_value`: only runs with this pair in their metadata.'),
  metadata_value: z.string().max(1_024).optional().describe('The value that goes with `metadata_key`.'),
  metadata: MetadataFilter.optional().describe('Only runs with all of these pairs in their metadata: `metadata[region]=eu`.'),
  tag_key: z.string().min(1).max(64).optional().describe('With `tag_value`: only runs with this tag.'),
  tag_value: z.string().max(256).optional().describe('The value that goes with `tag_key`.'),
  tags: Tags.optional().describe('Only runs with all of these tags: `tags[team]=billing`.'),
  cursor: createdAtCursorParam.optional(),
};

const DEFAULT_LIMIT = 50;

/**
 * What a list under `/v1/runs` can be asked for. Two documented APIs share the path: with `project_id` it lists runs of jobs, without it
 * runs of actions, and what belongs to the other one is refused.
 */
export const runListQuery = z.strictObject({
  project_id: z
    .string()
    .optional()
    .describe('The project of the API key. With it the list is one of runs of jobs, without it one of runs of actions.'),
  status: statusParam
    .optional()
    .describe(
      'Only runs with this status: `completed` and its like of jobs; `SUCCEEDED` and its like of actions, which may be repeated.',
    ),
  limit: optionalLimitParam(MAX_PAGE).describe('How many to answer, 100 at most: 50 of jobs, 10 of actions when left out.'),
  ...jobRunShape,
  ...actionRunListShape,
});

type RunListQuery = z.output<typeof runListQuery>;

/** The variables of the list that a query asks for. */
export function runListOf(query: RunListQuery, actorProjectId: string | null): Record<string, unknown> {
  const isOfJobs = query.project_id !== undefined;
  const foreign = Object.keys(isOfJobs ? actionRunListShape : jobRunShape).find(
    (name) => query[name as keyof RunListQuery] !== undefined,
  );
  if (foreign !== undefined) {
    throw refusal({ path: foreign, message: isOfJobs ? 'goes without project_id, in a list of actions' : 'needs project_id' });
  }
  if (!isOfJobs) {
    if (query.status?.some((word) => !isActionRunStatus(word)))
      throw refusal({ path: 'status', message: 'is invalid, without project_id' });
    return { ofJobs: false, first: 1, ...searchOf(query, actorProjectId) };
  }
  requireOwnProject(query.project_id, actorProjectId);
  return { ofJobs: true, runFilter: runFilterOf(query), first: query.limit ?? DEFAULT_LIMIT, after: query.cursor };
}

/** The `RunFilter` that a query stands for; BAD_REQUEST for half a pair, or a key that is asked for twice. */
function runFilterOf(query: RunListQuery): Record<string, unknown> {
  const status =
    query.status === undefined ? undefined : runStatusParam.safeParse(query.status.length === 1 ? query.status[0] : query.status);
  if (status && !status.success) throw refusal({ path: 'status', message: 'is invalid' });
  return {
    status: status?.data,
    triggeredBy: query.triggered_by,
    batchId: query.batch_id,
    payloadContains: query.payload_contains,
    metadata: withPair(query.metadata, { name: 'metadata', key: query.metadata_key, value: query.metadata_value }),
    tags: withPair(query.tags, { name: 'tag', key: query.tag_key, value: query.tag_value }),
  };
}

function withPair(
  pairs: Readonly<Record<string, string>> | undefined,
  { name, key, value }: { readonly name: string; readonly key: string | undefined; readonly value: string | undefined },
): Readonly<Record<string, string>> | undefined {
  if (key === undefined && value === undefined) return pairs;
  // Half a condition cannot be applied, and must not be dropped.
  if (key === undefined) throw refusal({ path: `${name}_value`, message: `needs ${name}_key` });
  if (value === undefined) throw refusal({ path: `${name}_key`, message: `needs ${name}_value` });
  if (pairs !== undefined && Object.hasOwn(pairs, key)) throw refusal({ path: `${name}_key`, message: 'is asked for twice' });
  return { ...pairs, [key]: value };
}

function refusal(detail: FieldError): AppError {
  return new AppError('BAD_REQUEST', `${detail.path} ${detail.message}`, { details: [detail] });
}
