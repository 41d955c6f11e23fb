import { z } from 'zod';
import { RUN_STATUSES, type RunStatus } from '../../src/core/run-state.ts';
import { enumName } from '../names.ts';

type DocumentedStatus = Exclude<RunStatus, 'paused'>;

/** The statuses that the documents know. */
export const DOCUMENTED_STATUSES = RUN_STATUSES.filter((status): status is DocumentedStatus => status !== 'paused');
const WORD_OF = new Map<unknown, DocumentedStatus>([
  ...DOCUMENTED_STATUSES.map((status) => [enumName(status), status] as const),
  // The documents have no word for it, and whoever reads them is to know that the run does not go on by itself.
  [enumName('paused'), 'waiting'],
]);

/** The status of a run in an answer; a paused run is printed as `waiting`. */
export const runStatus = z
  .preprocess((name) => WORD_OF.get(name) ?? name, z.enum(DOCUMENTED_STATUSES))
  .describe('Where the run stands in its life; `waiting` is a paused run too.');

/** The status that runs are filtered by; parsed, it is the GraphQL names of every status that is printed so. */
export const runStatusParam = z
  .enum(DOCUMENTED_STATUSES, { error: 'is invalid' })
  .transform((status) => Array.from(WORD_OF).flatMap(([name, word]) => (word === status ? [name] : [])))
  .describe('Only runs with this status.');
