import { z } from 'zod';
import { AppError, type FieldError } from '../../src/core/errors.ts';
import { JsonObjectInput, MetadataFilter, Tags } from '../../src/core/schemas.ts';
import { projectParam } from '../own-project.ts';
import { createdAtCursorParam, limitParam } from '../paging.ts';
import { jsonParam } from '../query.ts';
import { runStatusParam } from './run-status.ts';

/** What a list of runs can be narrowed by; conditions given together must all hold. */
export const runListQuery = z.strictObject({
  project_id: projectParam,
  status: runStatusParam.optional(),
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
  limit: limitParam,
  cursor: createdAtCursorParam.optional(),
});

type RunListQuery = z.output<typeof runListQuery>;

/** The `RunFilter` that a query stands for; BAD_REQUEST for half a pair, or a key that is asked for twice. */
export function runFilterOf(query: RunListQuery): Record<string, unknown> {
  return {
    status: query.status,
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
