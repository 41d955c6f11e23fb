import { z } from 'zod';

/** What depends on what. */
export const graphEdges = z
  .array(
    z.object({
      from: z.string().describe('The step that must be over.'),
      to: z.string().describe('The step that starts afterwards.'),
    }),
  )
  .describe('What depends on what.');

interface Node {
  readonly step_ref: string;
  readonly depends_on: readonly string[];
}

/** The edges of steps. */
export function edgesOf(steps: readonly Node[]): z.input<typeof graphEdges> {
  return steps.flatMap(({ step_ref: to, depends_on }) => depends_on.map((from) => ({ from, to })));
}
