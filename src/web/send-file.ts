import type { IncomingMessage, ServerResponse } from 'node:http';
import { ENCODINGS, type Encoding, type StaticFile } from './static-files.ts';

/** How long a browser may use a file: its name changes with its content, or it asks each time whether it did. */
export const FOREVER = 'public, max-age=31536000, immutable';
export const REVALIDATE = 'no-cache';

/** Answers a GET or HEAD with a file: 304 when the browser has it, compressed as the browser likes it. */
export async function sendFile(
  req: IncomingMessage,
  res: ServerResponse,
  file: StaticFile,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  const encoding = file.isCompressible ? bestEncoding(req.headers['accept-encoding']) : null;
  const etag = `"${file.tag}${encoding === null ? '' : `.${encoding}`}"`;
  const common = { ...headers, etag, ...(file.isCompressible && { vary: 'accept-encoding' }) };
  if (req.headers['if-none-match']?.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)) {
    res.writeHead(304, common).end();
    return;
  }
  const body = await file.encoded(encoding);
  res.writeHead(200, {
    ...common,
    'content-type': file.type,
    'content-length': body.length,
    ...(encoding !== null && { 'content-encoding': encoding }),
  });
  res.end(body);
}

/** The best encoding that the browser takes; null when it takes none of ours. */
function bestEncoding(accepted: string | undefined): Encoding {
  const refused = /;\s*q=0(\.0*)?\s*$/i;
  const names = (accepted ?? '').split(',').filter((part) => !refused.test(part));
  const taken = names.map((part) => part.split(';', 1)[0]?.trim().toLowerCase());
  return ENCODINGS.find((encoding) => taken.includes(encoding)) ?? null;
}
