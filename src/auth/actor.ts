import { AppError } from '../core/errors.ts';
import { allows, type Scope } from './scopes.ts';

/** Somebody who presented an API key. */
export interface KeyActor {
  readonly kind: 'key';
  readonly projectId: string;
  readonly keyId: string;
  readonly scopes: ReadonlySet<Scope>;
}

/** An executor that presented the run token of one claim of one run; it can reach that run and nothing else. */
export interface RunActor {
  readonly kind: 'run';
  readonly projectId: string;
  readonly runId: string;
  readonly epoch: number;
}

/** Somebody who presented a stream token: it may follow one run and do nothing else. */
export interface StreamActor {
  readonly kind: 'stream';
  readonly projectId: string;
  readonly runId: string;
}

/** Who is calling. */
export type Actor = KeyActor | RunActor | StreamActor;

/** A step of a workflow, which makes runs by itself; it never calls, so nothing asks for its scopes. */
export interface StepActor {
  readonly kind: 'step';
  readonly projectId: string;
  readonly stepRunId: string;
}

/** The clock of the server, or whoever asked it to fire now; like a step it never calls. */
export interface SystemActor {
  readonly kind: 'system';
  readonly projectId: string;
  /** As it is written into `created_by` columns. */
  readonly name: string;
}

/** How an actor is written into `created_by` columns. */
export function actorName(actor: Actor | StepActor | SystemActor): string {
  switch (actor.kind) {
    case 'key':
      return `key:${actor.keyId}`;
    case 'step':
      return `step:${actor.stepRunId}`;
    case 'system':
      return actor.name;
    case 'run':
    case 'stream':
      return `${actor.kind}:${actor.runId}`;
  }
}

/** Passes a key that carries `scope`; throws FORBIDDEN, naming the scope, for anybody else. */
export function requireScope(actor: Actor, scope: Scope): void {
  if (actor.kind === 'key' && allows(actor.scopes, scope)) return;
  throw new AppError('FORBIDDEN', `insufficient permissions: requires ${scope}`);
}

/** Passes a key that may read runs, and the holder of a stream token of this very run; throws FORBIDDEN for anybody else. */
export function requireRunAccess(actor: Actor, runId: string): void {
  if (actor.kind !== 'stream' || actor.runId !== runId) requireScope(actor, 'runs:read');
}
