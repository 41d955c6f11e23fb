import type { IncomingHttpHeaders } from 'node:http';
import { AppError } from '../core/errors.ts';

/**
 * Browsers add cookies to whatever any page asks for, so a credential in one proves nothing about who asks. They also say where a
 * request comes from, and no page can make them lie: a request from elsewhere is refused with FORBIDDEN, a read or a stream just like a
 * write. A client that says neither is no browser, and sends the cookie because it wants to.
 */
export function requireSameOrigin(headers: IncomingHttpHeaders): void {
  const site = headers['sec-fetch-site'];
  const isOurs = site === undefined ? isSameHost(headers.origin, headers.host) : site === 'same-origin' || site === 'none';
  if (isOurs && isSameHost(headers.origin, headers.host)) return;
  throw new AppError('FORBIDDEN', 'the cookie is taken from pages of this server only: send the key as a bearer token instead');
}

function isSameHost(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}
