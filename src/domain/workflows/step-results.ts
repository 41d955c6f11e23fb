import type { Pool } from 'pg';
import { AppError } from '../../core/errors.ts';
import type { JsonValue } from '../../core/json.ts';

/** What a step has returned, as far as it fits. */
export interface StepResult {
  readonly ref: string;
  /** Null when it has none, or it is larger than asked for. */
  readonly result: JsonValue | null;
  readonly isTruncated: boolean;
}

/** Bytes of JSON of one result: a thousand steps answer at most 16 MB. */
export const MAX_RESULT_BYTES = 16_384;

/**
 * The outputs of all steps of a workflow run that the caller may see, in the order of the definition; what is larger than `maxBytes` never
 * leaves the database. BAD_REQUEST for a size out of range.
 */
export async function readStepResults(
  { workflowRunId, maxBytes = MAX_RESULT_BYTES }: { readonly workflowRunId: string; readonly maxBytes?: number | undefined },
  { reads }: { readonly reads: Pool },
): Promise<StepResult[]> {
  if (maxBytes < 1 || maxBytes > MAX_RESULT_BYTES)
    throw new AppError('BAD_REQUEST', `maxBytes must be 1 to ${MAX_RESULT_BYTES.toLocaleString('en')}`);
  const { rows } = await reads.query<StepResult>({
    name: 'step-results',
    text: `select s.step_ref as ref, case when octet_length(s.output::text) <= $2 then s.output end as result,
                  coalesce(octet_length(s.output::text) > $2, false) as "isTruncated"
             from workflow_step_runs s where s.workflow_run_id = $1 order by s.position`,
    values: [workflowRunId, maxBytes],
  });
  return rows;
}
