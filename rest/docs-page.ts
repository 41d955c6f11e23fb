import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { OpenApiDocument } from './openapi.ts';

/** Serves the API reference: `/openapi.json`, and `/docs` with what the page needs. */
export interface DocsPage {
  /** Answers a GET or HEAD of one of its paths and returns true; otherwise returns false and has touched nothing. */
  readonly handle: (req: IncomingMessage, res: ServerResponse) => boolean;
}

interface Asset {
  readonly type: string;
  readonly body: Buffer;
  readonly etag: string;
}

/** The page loads and calls nothing but this server; styles need no exception because the page sets them through the DOM. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Answers are fresh for a browser only after it asked; with a hash in the URL they never change. */
const REVALIDATE = 'no-cache';
const FOREVER = 'public, max-age=31536000, immutable';

const SWAGGER_FILES: Readonly<Record<string, string>> = {
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'swagger-ui.css': 'text/css; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};

/** `validatorUrl: null` because the page would otherwise show the document to a public service. */
const START_SCRIPT = `SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#reference',
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: 'list',
  tryItOutEnabled: true,
  validatorUrl: null,
});
`;

/** Makes the reference of one document. Assets are read from the installed swagger-ui-dist when first asked for, then kept. */
export function makeDocsPage(document: OpenApiDocument): DocsPage {
  const fixed = new Map<string, () => Asset>();
  const add = (path: string, type: string, read: () => string | Buffer): void => {
    let asset: Asset | undefined;
    fixed.set(path, () => (asset ??= makeAsset(type, read())));
  };
  add('/openapi.json', 'application/json; charset=utf-8', () => JSON.stringify(document));
  add('/docs/start.js', 'text/javascript; charset=utf-8', () => START_SCRIPT);
  const dist = swaggerDist();
  for (const [file, type] of Object.entries(SWAGGER_FILES)) add(`/docs/${file}`, type, () => readFileSync(join(dist, file)));
  const page = () => pageHtml((path) => `${path}?v=${versionOf(fixed.get(path)?.())}`);
  for (const path of ['/docs', '/docs/']) add(path, 'text/html; charset=utf-8', page);

  return {
    handle(req, res) {
      if (req.method !== 'GET' && req.method !== 'HEAD') return false;
      const [path = '', query = ''] = (req.url ?? '').split('?', 2);
      const asset = fixed.get(path)?.();
      if (asset === undefined) return false;
      send(req, res, { ...asset, cache: query === `v=${versionOf(asset)}` ? FOREVER : REVALIDATE });
      return true;
    },
  };
}

function send(req: IncomingMessage, res: ServerResponse, asset: Asset & { readonly cache: string }): void {
  const headers = {
    etag: asset.etag,
    'cache-control': asset.cache,
    'content-security-policy': PAGE_POLICY,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  };
  if (req.headers['if-none-match'] === asset.etag) {
    res.writeHead(304, headers).end();
    return;
  }
  res.writeHead(200, { ...headers, 'content-type': asset.type, 'content-length': asset.body.length });
  res.end(asset.body);
}

function makeAsset(type: string, content: string | Buffer): Asset {
  const body = Buffer.from(content);
  return { type, body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` };
}

function versionOf(asset: Asset | undefined): string {
  return asset?.etag.slice(1, -1) ?? '';
}

function swaggerDist(): string {
  return dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
}

function pageHtml(link: (path: string) => string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Baton API</title>
    <link rel="stylesheet" href="${link('/docs/swagger-ui.css')}">
    <link rel="icon" type="image/png" href="${link('/docs/favicon-32x32.png')}">
  </head>
  <body>
    <main id="reference"></main>
    <script src="${link('/docs/swagger-ui-bundle.js')}"></script>
    <script src="${link('/docs/start.js')}"></script>
  </body>
</html>
`;
}
