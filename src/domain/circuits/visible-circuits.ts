import { z } from 'zod';
import type { Actor } from '../../auth/actor.ts';
import { CIRCUIT_STATES } from '../../core/circuit.ts';

/** Which circuits are meant. */
export const CircuitFilterInput = z.strictObject({
  state: z.array(z.enum(CIRCUIT_STATES)).min(1).optional().describe('Circuits in one of these states.'),
});

/** The `where` of the circuits that an actor can see and a filter means. */
export function visibleCircuits(actor: Actor, { state }: z.output<typeof CircuitFilterInput>) {
  return { projectId: actor.projectId, ...(state && { state: { in: state } }) };
}
