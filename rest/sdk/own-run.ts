import { z } from 'zod';

/** The path of every executor route. The adapter sees to it that the run is the one the token names. */
export const ownRunParams = z.strictObject({
  id: z.string().describe('The run of the token; for any other the answer is a 403.'),
});

/** The answer to what an executor just tells: there is nothing else to say. */
export const okSchema = z.object({ status: z.literal('ok') }).meta({ id: 'Ok', description: 'It was noted.' });

/** When a report of an executor no longer counts. */
export const STALE = {
  CONFLICT: 'The run has ended, or was claimed again since this token was issued: the executor should stop. Nothing was changed.',
} as const;
