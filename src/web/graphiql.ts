import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { REVALIDATE, sendFile } from './send-file.ts';
import { makeStaticFile, type StaticFile } from './static-files.ts';

interface Page {
  readonly file: StaticFile;
  readonly policy: string;
}

/** Answers a GET of the GraphQL endpoint by a browser with the page that explores it. */
export type GraphiQL = (req: IncomingMessage, res: ServerResponse) => Promise<void>;

/**
 * Makes the page. It is one document of nine megabytes with everything in it, so it is read when first asked for, and compressed and hashed
 * once. Requests from it carry the cookie of the dashboard's session, if there is one.
 */
export function makeGraphiQL(options: { readonly title: string; readonly defaultQuery: string }): GraphiQL {
  let page: Promise<Page> | null = null;
  return async (req, res) => {
    page ??= render(options);
    const { file, policy } = await page;
    await sendFile(req, res, file, {
      'cache-control': REVALIDATE,
      'content-security-policy': policy,
      'cross-origin-opener-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
  };
}

async function render(options: { readonly title: string; readonly defaultQuery: string }): Promise<Page> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  const html = renderGraphiQL(options);
  return { file: makeStaticFile('text/html; charset=utf-8', Buffer.from(html)), policy: policyOf(html) };
}

/**
 * What the page may do: run the one script in it, whose hash no injected one has, and its editor's workers, which are blobs; style itself,
 * as its editor does at every turn; and talk to this server.
 */
function policyOf(html: string): string {
  const scripts = Array.from(html.matchAll(/<script>([\s\S]*?)<\/script>/g), ([, script = '']) => script);
  const hashes = scripts.map((script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`);
  return [
    "default-src 'none'",
    `script-src ${hashes.join(' ')}`,
    'worker-src blob:',
    "style-src 'unsafe-inline'",
    'font-src data:',
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
