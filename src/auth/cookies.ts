import type { IncomingHttpHeaders } from 'node:http';

/** The cookie that holds an API key (reference 004). */
export const KEY_COOKIE = 'vai_token';
/** The cookie that holds a session of the dashboard. */
export const SESSION_COOKIE = 'baton_session';

/** What a cookie of the request holds; null when there is none. */
export function cookieOf(headers: IncomingHttpHeaders, name: string): string | null {
  const pair = headers.cookie?.split(';').find((part) => part.trimStart().startsWith(`${name}=`));
  return pair === undefined ? null : pair.slice(pair.indexOf('=') + 1).trim();
}

/**
 * The `Set-Cookie` header of a session: no script reads it, and no request that another site causes carries it. `isSecure` says that the
 * browser came by https and shall send it by https only.
 */
export function sessionCookie(token: string, { maxAgeSecs, isSecure }: { maxAgeSecs: number; isSecure: boolean }): string {
  const attributes = ['Path=/', `Max-Age=${maxAgeSecs}`, 'HttpOnly', 'SameSite=Strict', ...(isSecure ? ['Secure'] : [])];
  return [`${SESSION_COOKIE}=${token}`, ...attributes].join('; ');
}
