import type { RunActor } from '../../src/auth/actor.ts';
import { AppError } from '../../src/core/errors.ts';
import type { GraphQLContext } from '../context.ts';

/** The run whose token the caller presented; FORBIDDEN for an API key, which the scope `runToken` of a field says first. */
export function ownRun({ actor }: Pick<GraphQLContext, 'actor'>): RunActor {
  if (actor.kind === 'run') return actor;
  throw new AppError('FORBIDDEN', 'insufficient permissions: requires the run token of an attempt');
}
