import { z } from 'zod';
import { notFound } from '../src/core/errors.ts';

/** The project a list is of: documented as required, and anything but the project of the key answers 404. */
export const projectParam = z
  .string()
  .optional()
  .describe('The project; it is that of the API key, which is also meant when the parameter is left out.');

/** Throws NOT_FOUND when a request names another project than that of its credential. */
export function requireOwnProject(named: string | undefined, actorProjectId: string | null): void {
  if (named !== undefined && named !== actorProjectId) throw notFound('project');
}
