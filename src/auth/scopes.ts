/**
 * What a key may do (reference semantics §1.1). `*` is everything inside the key's own project; `instance:admin` crosses projects
 * (create them, mint keys for them) and is granted by nobody but another holder.
 */
export const SCOPES = [
  '*',
  'instance:admin',
  'jobs:read',
  'jobs:write',
  'jobs:trigger',
  'runs:read',
  'runs:write',
  'workflows:read',
  'workflows:write',
  'workflows:trigger',
  'secrets:read',
  'secrets:write',
  'api-keys:manage',
  'rbac:manage',
  'stats:read',
] as const;

/** A member of {@link SCOPES}. */
export type Scope = (typeof SCOPES)[number];

/** True when a holder of `granted` may do what `needed` stands for. */
export function allows(granted: ReadonlySet<Scope>, needed: Scope): boolean {
  if (granted.has(needed)) return true;
  return needed !== 'instance:admin' && granted.has('*');
}
