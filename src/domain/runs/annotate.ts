import { z } from 'zod';
import type { RunActor } from '../../auth/actor.ts';
import { AppError } from '../../core/errors.ts';
import { MAX_METADATA_ENTRIES, Metadata } from '../../core/schemas.ts';
import { REPORTING_STATUSES } from './record-statement.ts';
import type { Records } from './records.ts';

/** Notes to merge into the metadata of a run. */
export const Annotations = Metadata.refine((pairs) => Object.keys(pairs).length > 0, 'must have at least 1 entry').describe(
  'Names and values, 1 to 50; a name that is there already gets the new value.',
);

/** Input of an annotation. */
export const AnnotateRunInput = z.strictObject({ annotations: Annotations });

/**
 * Merges notes into the metadata of the calling executor's run, where lists of runs can be filtered by them. BAD_REQUEST when the run
 * would have more than {@link MAX_METADATA_ENTRIES}, CONFLICT when the claim no longer stands.
 */
export async function annotateRun(
  actor: RunActor,
  { annotations }: z.output<typeof AnnotateRunInput>,
  deps: { readonly records: Records },
): Promise<void> {
  await deps.records.keep('annotation', actor, {
    type: 'annotation',
    level: 'info',
    message: `annotated with ${Object.keys(annotations).join(', ')}`.slice(0, 1_000),
    data: annotations,
    fields: { pairs: annotations },
    refused: (status) =>
      REPORTING_STATUSES.includes(status)
        ? new AppError('BAD_REQUEST', `a run has at most ${MAX_METADATA_ENTRIES} entries of metadata`)
        : null,
  });
}
