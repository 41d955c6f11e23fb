import { type ActionRunFields, actionRunOf } from '../actions-api/action-run.ts';
import type { JobRunV1 } from './run-schema.ts';

/** What an id under `/v1/runs` can name: a run of a job (reference 000), or of an action (003). */
export type EitherRun = ({ readonly kind: 'Run' } & JobRunV1) | ({ readonly kind: 'Batch' } & ActionRunFields);

/** A run in the words of the API that it belongs to. */
export function eitherRunOf(found: EitherRun) {
  if (found.kind === 'Batch') return actionRunOf(found);
  const { kind: _, ...run } = found;
  return run;
}
