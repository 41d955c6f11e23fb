import type { Pool } from 'pg';
import { AppError } from '../../core/errors.ts';
import type { JsonValue } from '../../core/json.ts';

/** What went into a step and what came out of it, as far as it fits. */
export interface StepValue {
  readonly ref: string;
  readonly input: JsonValue | null;
  readonly output: JsonValue | null;
  /** Whether either was left out. */
  readonly isTruncated: boolean;
}

/** Bytes of JSON that the values of one workflow run come to at most. */
export const MAX_VALUES_BYTES = 16 * 1024 * 1024;

/**
 * Inputs and outputs of all steps of a workflow run that the caller may see, in the order of the definition: each step that still fits into
 * `maxBytes` beside those before it; what does not never leaves the database. BAD_REQUEST for a size out of range.
 */
export async function readStepValues(
  { workflowRunId, maxBytes = MAX_VALUES_BYTES }: { readonly workflowRunId: string; readonly maxBytes?: number | undefined },
  { reads }: { readonly reads: Pool },
): Promise<StepValue[]> {
  if (maxBytes < 1 || maxBytes > MAX_VALUES_BYTES)
    throw new AppError('BAD_REQUEST', `maxBytes must be 1 to ${MAX_VALUES_BYTES.toLocaleString('en')}`);
  const { rows } = await reads.query<StepValue>({
    name: 'step-values',
    text: `select v.ref, case when v.fits then v.input end as input, case when v.fits then v.output end as output,
                  not v.fits and (v.input is not null or v.output is not null) as "isTruncated"
             from (select s.step_ref as ref, s.position, s.input, s.output,
                          sum(coalesce(octet_length(s.input::text), 0) + coalesce(octet_length(s.output::text), 0))
                            over (order by s.position) <= $2 as fits
                     from workflow_step_runs s where s.workflow_run_id = $1) v
            order by v.position`,
    values: [workflowRunId, maxBytes],
  });
  return rows;
}
