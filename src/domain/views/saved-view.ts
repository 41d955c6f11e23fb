import { z } from 'zod';
import { key, text } from '../../core/schemas.ts';

/** Views that one project has at most. */
export const MAX_VIEWS = 100;
/** Bytes that the search part of a URL may have. */
const MAX_QUERY_BYTES = 2_048;

/** Input of a view to be kept. */
export const SaveViewInput = z.strictObject({
  projectId: key(64).optional().describe('The project; NOT_FOUND for another than the key’s own, which it is when left out.'),
  name: text(128).regex(/\S/, 'must not be blank').describe('What people call it, unique on its screen: 1 to 128 characters.'),
  screen: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_/-]{0,63}$/, 'must be 1 to 64 characters of a-z, 0-9, _, - and /')
    .describe('The screen it is a view of: 1 to 64 characters of a-z, 0-9, _, - and /.'),
  query: text(MAX_QUERY_BYTES)
    .refine((query) => Buffer.byteLength(query) <= MAX_QUERY_BYTES, `must have at most ${MAX_QUERY_BYTES} bytes`)
    .describe('The search part of the URL of the screen, at most 2 kB; kept as it is.'),
});

/** A kept view. */
export interface SavedViewRow {
  readonly id: string;
  readonly projectId: string;
  readonly name: string;
  readonly screen: string;
  readonly query: string;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** The columns of a {@link SavedViewRow}. */
export const VIEW_COLUMNS = `id, project_id as "projectId", name, screen, query, created_by as "createdBy", created_at as "createdAt",
  updated_at as "updatedAt"`;
