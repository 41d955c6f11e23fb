import { asRecord } from './http.ts';

/**
 * How long the attempt behind a run token may take, in milliseconds, read from its claims without verifying them; null when it does
 * not say. Expiry less time of issue: the two stem from one clock, so a wrong clock on this machine does no harm.
 */
export function tokenLifetimeMs(token: string): number | null {
  const { exp, iat } = readClaims(token);
  if (typeof exp !== 'number' || typeof iat !== 'number' || exp <= iat) return null;
  return (exp - iat) * 1_000;
}

function readClaims(token: string): Readonly<Record<string, unknown>> {
  const payload = token.split('.')[1] ?? '';
  try {
    return asRecord(JSON.parse(atob(payload.replace(/-/g, '+').replace(/_/g, '/'))));
  } catch {
    // Not a JWT: the token is the server's own business, and without a hint the attempt has no limit of its own.
    return {};
  }
}
