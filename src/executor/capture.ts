import type { IncomingHttpHeaders } from 'node:http';
import type { CapturedBody, CapturedExchange } from '../core/outcome.ts';
import { SECRET_PREFIX } from './dispatch-headers.ts';
import type { Ending, OutgoingRequest } from './exchange.ts';
import { REDACTED, redact } from './redact.ts';

/** Bytes of a body that are kept. */
const MAX_BODY_BYTES = 16 * 1_024;

/** Headers whose values give power to whoever reads them; and every one that is named after a secret. */
const SECRET_HEADERS = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'x-run-token',
  'webhook-signature',
]);

/**
 * What went over the wire in one dispatch, for the events of a run in debug mode: without its secrets, also where the answer repeats
 * them, and with bodies cut to 16 KB. Of the URL only the host and the path: a query may hold a secret.
 */
export function captureExchange(
  sent: { readonly host: string; readonly request: OutgoingRequest },
  ending: Ending,
): CapturedExchange {
  const { request, host } = sent;
  const headers = pairsOf(request.headers);
  const secrets = headers.flatMap(([name, value]) => (isSecret(name) && value !== '' ? [value] : []));
  const { head } = ending;
  return {
    request: {
      method: 'POST',
      host,
      path: request.path.replace(/\?.*$/s, ''),
      headers: Object.fromEntries(headers.map(([name, value]) => [name, isSecret(name) ? REDACTED : value])),
      body: captureBody(Buffer.from(request.body), []),
    },
    response: head && {
      status: head.status,
      headers: answeredHeaders(head.headers, secrets),
      body: captureBody(ending.body, secrets),
    },
    ended: ending.how,
  };
}

/** A flat list of names and values as pairs. */
function pairsOf(flat: readonly string[]): [string, string][] {
  return flat.flatMap((name, index) => (index % 2 === 0 ? [[name.toLowerCase(), flat[index + 1] ?? '']] : []));
}

function isSecret(name: string): boolean {
  return SECRET_HEADERS.has(name) || name.startsWith(SECRET_PREFIX);
}

function answeredHeaders(headers: IncomingHttpHeaders, secrets: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      sound(name),
      isSecret(name) ? REDACTED : redact(secrets, sound([value ?? []].flat().join(', '))),
    ]),
  );
}

function captureBody(body: Buffer, secrets: readonly string[]): CapturedBody {
  // Streaming keeps back a character that the cut splits. Secrets go before the cut, or half of one could be left.
  const text = redact(secrets, sound(new TextDecoder('utf-8').decode(body, { stream: true })));
  const cut = Buffer.from(text).subarray(0, MAX_BODY_BYTES);
  const shown = cut.length < Buffer.byteLength(text) ? new TextDecoder('utf-8').decode(cut, { stream: true }) : text;
  return { text: shown, bytes: body.length, truncated: body.length > MAX_BODY_BYTES };
}

/** Postgres holds neither a NUL nor half a surrogate pair. */
function sound(text: string): string {
  return text.replaceAll('\0', '\ufffd').toWellFormed();
}
