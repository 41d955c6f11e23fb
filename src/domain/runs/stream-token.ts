import { type Actor, requireScope } from '../../auth/actor.ts';
import type { MintedStreamToken } from '../../auth/stream-token.ts';
import { notFound } from '../../core/errors.ts';
import type { RunDeps } from './deps.ts';
import { visibleRun } from './visible-runs.ts';

/** Makes a token that opens the event streams of one run, for five minutes and nothing else. NOT_FOUND for an unknown run. */
export async function createStreamToken(
  actor: Actor,
  runId: string,
  deps: Pick<RunDeps, 'reads' | 'streamTokens'>,
): Promise<MintedStreamToken> {
  requireScope(actor, 'runs:read');
  const { id, projectId } = visibleRun(actor, runId);
  const { rows } = await deps.reads.query<{ id: string }>('select id from runs where id = $1 and project_id = $2', [
    id,
    projectId,
  ]);
  const [run] = rows;
  if (!run) throw notFound('run');
  return deps.streamTokens.mint({ runId: run.id, projectId });
}
