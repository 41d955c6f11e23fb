import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { makeDocsPage } from '../rest/docs-page.ts';

const DOCUMENT = { openapi: '3.1.0', info: { title: 'Toy', version: '1' }, paths: {} };

describe('the reference', () => {
  it('serves the document with a tag that saves the second transfer', async () => {
    await using site = await startSite();

    const first = await fetch(`${site.url}/openapi.json`);
    const etag = first.headers.get('etag') ?? '';
    const second = await fetch(`${site.url}/openapi.json`, { headers: { 'if-none-match': etag } });

    expect(first.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await first.json()).toEqual(DOCUMENT);
    expect(second.status).toBe(304);
    expect(await second.text()).toBe('');
  });

  it('loads everything from this server, under a policy that allows nothing else', async () => {
    await using site = await startSite();

    const page = await fetch(`${site.url}/docs`);
    const html = await page.text();
    const links = Array.from(html.matchAll(/(?:src|href)="([^"]*)"/g), ([, link = '']) => link);
    const policy = page.headers.get('content-security-policy');

    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(html).not.toMatch(/<script>|<style|style=|\bon\w+=/);
    expect(links).toHaveLength(4);
    for (const link of links) {
      const asset = await fetch(new URL(link, site.url));
      expect(link).toMatch(/^\/docs\//);
      expect(asset.status).toBe(200);
      expect(asset.headers.get('cache-control')).toContain('immutable');
      await asset.arrayBuffer();
    }
  });

  it('lets a browser keep an asset for ever only under its hash', async () => {
    await using site = await startSite();

    expect((await fetch(`${site.url}/docs/start.js`)).headers.get('cache-control')).toBe('no-cache');
    expect((await fetch(`${site.url}/docs/start.js?v=other`)).headers.get('cache-control')).toBe('no-cache');
  });

  it('leaves everything else alone', async () => {
    await using site = await startSite();
    const status = async (path: string, method = 'GET') => (await fetch(site.url + path, { method })).status;

    expect(await status('/docs/../package.json')).toBe(404);
    expect(await status('/docs/package.json')).toBe(404);
    expect(await status('/docs', 'POST')).toBe(404);
    expect(await status('/docs', 'HEAD')).toBe(200);
    expect(await status('/docs/')).toBe(200);
  });
});

async function startSite(): Promise<AsyncDisposable & { readonly url: string }> {
  const page = makeDocsPage(DOCUMENT);
  const server = createServer((req, res) => {
    if (!page.handle(req, res)) res.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // listening on TCP, so neither a pipe's name nor null
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
