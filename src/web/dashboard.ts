import type { IncomingMessage, ServerResponse } from 'node:http';
import { FOREVER, REVALIDATE, sendFile } from './send-file.ts';
import { readStaticFiles, type StaticFile } from './static-files.ts';

/** Serves the web app: its page at `/` and at every route of its own, its files beside it. */
export interface Dashboard {
  /** Answers a GET or HEAD that is for the app; otherwise answers false and has touched nothing. To be asked after everything else. */
  readonly handle: (req: IncomingMessage, res: ServerResponse) => boolean | Promise<void>;
}

const PAGE = '/index.html';
/** Names in here contain a hash of what they hold. */
const HASHED = '/assets/';

/** The app may run its own files and talk to its own server; a page elsewhere may neither frame it nor get hold of its window. */
const SECURITY_HEADERS = {
  'content-security-policy': [
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'self'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** Makes the dashboard of a folder with `index.html` and `assets/`, which is read when it is first asked for and kept. */
export function makeDashboard(folder: string): Dashboard {
  let files: ReadonlyMap<string, StaticFile> = new Map();

  /** A folder that is not there yet is looked for again, so that building the app is enough. */
  function load(): ReadonlyMap<string, StaticFile> {
    if (!files.has(PAGE)) files = readStaticFiles(folder);
    return files;
  }

  return {
    handle(req, res) {
      if (req.method !== 'GET' && req.method !== 'HEAD') return false;
      const path = req.url?.split('?', 1)[0] ?? '';
      const file = path === PAGE ? undefined : load().get(path);
      if (file)
        return sendFile(req, res, file, { ...SECURITY_HEADERS, 'cache-control': path.startsWith(HASHED) ? FOREVER : REVALIDATE });
      if (path.startsWith(HASHED) || !wantsPage(req, path)) return false;
      const page = load().get(PAGE);
      if (page) return sendFile(req, res, page, { ...SECURITY_HEADERS, 'cache-control': REVALIDATE });
      return sendNotBuilt(res);
    },
  };
}

/** A browser that goes somewhere says that it wants a page; a program that asks for anything gets one at `/` alone. */
function wantsPage(req: IncomingMessage, path: string): boolean {
  const accept = req.headers.accept ?? '*/*';
  return accept.includes('text/html') || ((path === '/' || path === PAGE) && accept.includes('*/*'));
}

const NOT_BUILT = `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><title>Baton</title></head>
  <body>
    <h1>The dashboard is not built</h1>
    <p>Its files are missing from <code>dashboard/dist</code>. Run <code>npm run dashboard</code> in Baton's directory, then reload this page.</p>
    <p>Everything else works: <a href="/graphql">GraphQL</a>, <a href="/docs">the REST reference</a>.</p>
  </body>
</html>
`;

function sendNotBuilt(res: ServerResponse): true {
  res.writeHead(503, {
    ...SECURITY_HEADERS,
    'cache-control': 'no-store',
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(NOT_BUILT),
  });
  res.end(NOT_BUILT);
  return true;
}
