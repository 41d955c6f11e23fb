import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

/** How a body may be compressed on its way, best first. */
export const ENCODINGS = ['br', 'gzip'] as const;

/** A member of {@link ENCODINGS}; null is not at all. */
export type Encoding = (typeof ENCODINGS)[number] | null;

/** A file that is served as it is. */
export interface StaticFile {
  readonly type: string;
  /** Names its content; the same content has the same tag in every process. */
  readonly tag: string;
  /** Whether compressing it is worth it. */
  readonly isCompressible: boolean;
  /** Its bytes in an encoding, compressed once. */
  encoded(encoding: Encoding): Promise<Buffer>;
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};

const COMPRESSIBLE = /^(text\/|application\/(json|manifest|wasm)|image\/svg)/;
/** Less than this fits into the first packet anyway. */
const MIN_BYTES = 1_024;
/** Above 6, brotli takes seconds for a few per cent. */
const BROTLI_QUALITY = 6;

const compressors = {
  br: (body: Buffer) => promisify(brotliCompress)(body, { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } }),
  gzip: (body: Buffer) => promisify(gzip)(body),
};

/**
 * Reads all files of a folder, by their paths from there (`/assets/app.js`). What is not in the map cannot be asked for, so no path leads
 * out of the folder. A folder that does not exist is empty.
 */
export function readStaticFiles(folder: string): ReadonlyMap<string, StaticFile> {
  const files = new Map<string, StaticFile>();
  for (const path of filesIn(folder)) {
    files.set(`/${relative(folder, path).split(sep).join('/')}`, makeStaticFile(typeOf(path), readFileSync(path)));
  }
  return files;
}

/** Makes a file of what is in memory. */
export function makeStaticFile(type: string, body: Buffer): StaticFile {
  const compressed = new Map<Encoding, Promise<Buffer>>();
  return {
    type,
    tag: createHash('sha256').update(body).digest('base64url').slice(0, 22),
    isCompressible: body.length >= MIN_BYTES && COMPRESSIBLE.test(type),
    encoded(encoding) {
      if (encoding === null) return Promise.resolve(body);
      const known = compressed.get(encoding) ?? compressors[encoding](body);
      compressed.set(encoding, known);
      return known;
    },
  };
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

function typeOf(path: string): string {
  return TYPES[extname(path)] ?? 'application/octet-stream';
}
