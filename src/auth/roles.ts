import type { Scope } from './scopes.ts';

/** Names for the sets of scopes that most keys need (reference semantics §1.1). None reaches beyond the project of its key. */
export const ROLES = ['admin', 'operator', 'viewer', 'triggerer'] as const;

/** A member of {@link ROLES}. */
export type Role = (typeof ROLES)[number];

const VIEWER = ['jobs:read', 'runs:read', 'workflows:read', 'stats:read'] as const satisfies readonly Scope[];

/**
 * What each role may do. An operator does everything with jobs, runs and workflows, and may not decide who may do what; a triggerer starts
 * things and follows nothing.
 */
export const SCOPES_OF_ROLE: Readonly<Record<Role, readonly Scope[]>> = {
  admin: ['*'],
  operator: [...VIEWER, 'jobs:write', 'jobs:trigger', 'runs:write', 'workflows:write', 'workflows:trigger', 'secrets:read'],
  viewer: VIEWER,
  triggerer: ['jobs:trigger', 'workflows:trigger'],
};
