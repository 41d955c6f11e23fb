import { z } from 'zod';
import { dateTime } from '../date-time.ts';
import { gql } from '../route.ts';

/** A named value of a run in an answer. */
export const runOutputSchema = z
  .object({
    id: z.string().describe('The output.'),
    run_id: z.string().describe('The run.'),
    output_key: z.string().describe('Its name, unique within the run.'),
    schema: z.record(z.string(), z.unknown()).nullable().describe('JSON Schema that the value was checked against.'),
    value: z.unknown().describe('The value, any JSON.'),
    created_at: dateTime.describe('When it was first reported.'),
  })
  .meta({ id: 'RunOutput', description: 'A named value that a run has reported.' });

/** Selects a {@link runOutputSchema}. */
export const RUN_OUTPUT = gql`fragment RunOutputV1 on RunOutput {
  id run_id: runId output_key: key schema value created_at: createdAt
}`;

/** What {@link RUN_OUTPUT} yields. */
export type RunOutputV1 = z.input<typeof runOutputSchema>;
