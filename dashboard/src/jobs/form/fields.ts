import { COMMON_GROUPS } from './common-fields.ts';
import type { JobField } from './job-field.ts';
import { RARE_GROUPS } from './rare-fields.ts';

/** Every field that can be said of a job, whatever its group. */
export const FIELDS: readonly JobField[] = [...COMMON_GROUPS, ...RARE_GROUPS].flatMap(({ fields }) => fields);
