import type { Pool } from 'pg';
import { type Actor, requireScope } from '../../auth/actor.ts';
import type { CircuitState } from '../../core/circuit.ts';
import { notFound } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import type { Circuits } from './circuits.ts';

/** A circuit as it is stored. */
export interface CircuitRow {
  readonly id: string;
  readonly projectId: string;
  readonly endpoint: string;
  readonly state: CircuitState;
  readonly failures: number;
  readonly openedAt: Date;
  readonly retryAt: Date | null;
  readonly updatedAt: Date;
}

/**
 * Closes a circuit by hand and frees the runs held for it; one that is closed stays as it is. Holds in every server within a second.
 * FORBIDDEN without `jobs:write`, NOT_FOUND for an unknown circuit.
 */
export async function resetCircuit(
  actor: Actor,
  id: string,
  deps: { readonly reads: Pool; readonly circuits: Circuits },
): Promise<CircuitRow> {
  requireScope(actor, 'jobs:write');
  if (!isUuid(id)) throw notFound('circuit');
  const { rows } = await deps.reads.query<CircuitRow>(
    `update circuits set state = 'closed', failures = 0, retry_at = null,
            updated_at = case state when 'closed' then updated_at else now() end
      where id = $1 and project_id = $2
     returning id, project_id as "projectId", endpoint, state, failures, opened_at as "openedAt", retry_at as "retryAt",
               updated_at as "updatedAt"`,
    [id, actor.projectId],
  );
  if (!rows[0]) throw notFound('circuit');
  deps.circuits.invalidate();
  await deps.circuits.free(id);
  return rows[0];
}
