import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeDashboard } from '../src/web/dashboard.ts';
import { startTestApp, type TestApp } from './support/app.ts';

const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const SCRIPT = `console.log(${JSON.stringify('x'.repeat(5_000))});\n`;
const PAGE = '<!doctype html><title>Baton</title><script type="module" src="/assets/app-4f3c.js"></script>\n';

describe('the dashboard', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'baton-dist-'));
    await writeFile(join(folder, 'secret.txt'), 'not served');
    await mkdir(join(folder, 'dist/assets'), { recursive: true });
    await writeFile(join(folder, 'dist/index.html'), PAGE);
    await writeFile(join(folder, 'dist/favicon.svg'), '<svg/>');
    await writeFile(join(folder, 'dist/assets/app-4f3c.js'), SCRIPT);
    await symlink(join(folder, 'secret.txt'), join(folder, 'dist/assets/link.txt'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it.each(['/', '/?status=failed', '/index.html', '/runs/0192', '/jobs/a%20b', '/runs/x.y', '/%'])(
    'has its page at %s',
    async (path) => {
      await using site = await startSite(join(folder, 'dist'));

      const { status, headers, body } = await site.get(path, HTML);

      expect([status, headers['content-type'], headers['cache-control']]).toEqual([200, 'text/html; charset=utf-8', 'no-cache']);
      expect(String(body)).toBe(PAGE);
      expect(headers).toMatchObject({
        'content-security-policy':
          "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
        'cross-origin-opener-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
      });
    },
  );

  it('gives its page to browsers alone, but at / to whoever asks', async () => {
    await using site = await startSite(join(folder, 'dist'));
    const status = async (path: string, headers: Record<string, string>, method = 'GET') =>
      (await site.get(path, headers, method)).status;

    expect(await status('/runs', { accept: 'application/json' })).toBe(404);
    expect(await status('/runs', { accept: '*/*' })).toBe(404);
    expect(await status('/runs', {})).toBe(404);
    expect(await status('/', {})).toBe(200);
    expect(await status('/', { accept: '*/*' })).toBe(200);
    expect(await status('/', { accept: 'application/json' })).toBe(404);
    expect(await status('/', HTML, 'POST')).toBe(404);
  });

  it('lets browsers keep what has a hash in its name for ever, and ask for everything else again', async () => {
    await using site = await startSite(join(folder, 'dist'));

    const asset = await site.get('/assets/app-4f3c.js');
    const icon = await site.get('/favicon.svg');

    expect(asset.headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
    });
    expect([icon.headers['content-type'], icon.headers['cache-control']]).toEqual(['image/svg+xml', 'no-cache']);
    for (const path of ['/', '/assets/app-4f3c.js', '/favicon.svg']) {
      const etag = String((await site.get(path)).headers.etag);
      const again = await site.get(path, { 'if-none-match': `"other", W/${etag}` });
      const changed = await site.get(path, { 'if-none-match': '"other"' });
      expect([again.status, again.body.length, again.headers.etag, changed.status]).toEqual([304, 0, etag, 200]);
    }
  });

  it('compresses what is worth it, as the browser likes it', async () => {
    await using site = await startSite(join(folder, 'dist'));
    const asset = (accepted: string) => site.get('/assets/app-4f3c.js', { 'accept-encoding': accepted });

    const [brotli, gzip, plain] = [await asset('gzip, br'), await asset('gzip;q=0.5, br;q=0'), await asset('deflate')];

    expect([brotli, gzip, plain].map(({ headers }) => headers['content-encoding'])).toEqual(['br', 'gzip', undefined]);
    expect(brotliDecompressSync(brotli.body).toString()).toBe(SCRIPT);
    expect(gunzipSync(gzip.body).toString()).toBe(SCRIPT);
    expect(plain.body.toString()).toBe(SCRIPT);
    expect(new Set([brotli, gzip, plain].map(({ headers }) => headers.etag)).size).toBe(3);
    for (const { headers, body } of [brotli, gzip, plain]) {
      expect([headers.vary, headers['content-length']]).toEqual(['accept-encoding', String(body.length)]);
    }
    expect((await site.get('/favicon.svg', { 'accept-encoding': 'br' })).headers['content-encoding']).toBeUndefined();
  });

  it('answers HEAD as it answers GET, without the body', async () => {
    await using site = await startSite(join(folder, 'dist'));

    for (const path of ['/', '/assets/app-4f3c.js']) {
      const { date: _one, ...got } = (await site.get(path)).headers;
      const head = await site.get(path, {}, 'HEAD');
      const { date: _other, ...headed } = head.headers;
      expect([head.status, head.body.length, headed]).toEqual([200, 0, got]);
    }
  });

  it.each([
    '/assets/missing.js',
    '/assets/',
    '/assets/link.txt',
    '/assets/../../secret.txt',
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '//secret.txt',
    '/assets/app-4f3c.js%00.html',
    '/assets\\..\\..\\secret.txt',
  ])('has no file at %s', async (path) => {
    await using site = await startSite(join(folder, 'dist'));

    expect((await site.get(path)).status).toBe(404);
    expect(String((await site.get(path, HTML)).body)).not.toContain('not served');
  });

  it('that is not built says what to do, and works as soon as it is', async () => {
    const empty = join(folder, 'other-dist');
    await using site = await startSite(empty);

    const missing = await site.get('/runs/1', HTML);
    await mkdir(empty);
    await writeFile(join(empty, 'index.html'), PAGE);

    expect(missing.status).toBe(503);
    expect(String(missing.body)).toContain('npm run dashboard');
    expect(missing.headers['cache-control']).toBe('no-store');
    expect((await site.get('/runs/1', HTML)).status).toBe(200);
  });
});

describe('in a server', () => {
  let t: TestApp;
  beforeAll(async () => {
    t = await startTestApp();
  });
  afterAll(() => t.close());

  it('the dashboard takes no path of an API, whatever a browser accepts', async () => {
    const types = await Promise.all(
      ['/v1/none', '/v1/runs', '/sdk/v1/none', '/api/v1/none', '/session', '/healthz', '/openapi.json'].map(async (path) =>
        (await t.rest('GET', path, { headers: HTML })).headers.get('content-type'),
      ),
    );

    expect(types.filter((type) => !type?.includes('json'))).toEqual([]);
    expect((await t.rest('GET', '/none', { headers: { accept: 'application/json' } })).body.error).toContain('not found');
    expect((await t.rest('GET', '/runs/1', { headers: HTML })).headers.get('content-security-policy')).toContain(
      "script-src 'self';",
    );
  });

  it('GraphiQL loads nothing from elsewhere, runs its own script alone, and is sent once', async () => {
    const page = await t.rest('GET', '/graphql', { key: null, headers: HTML });
    const again = await t.rest('GET', '/graphql', {
      key: null,
      headers: { ...HTML, 'if-none-match': page.headers.get('etag') ?? '' },
    });

    expect([page.status, again.status]).toEqual([200, 304]);
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'sha256-[\w+/=]+'; /);
    expect(page.headers.get('content-security-policy')).not.toMatch(/script-src[^;]*unsafe|https?:|\*/);
    expect(page.headers.get('content-encoding')).not.toBeNull();
  });

  it('of the role worker, there is no dashboard and no session', async () => {
    const worker = await startTestApp({ role: 'worker' }, t.databaseUrl);
    try {
      for (const path of ['/', '/session', '/graphql', '/assets/x.js']) {
        expect((await worker.rest('GET', path, { headers: HTML })).status).toBe(404);
      }
    } finally {
      await worker.close();
    }
  });
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: Buffer;
}

/** Serves a folder; `get` sends the path as it is, which fetch would tidy up. */
async function startSite(folder: string) {
  const dashboard = makeDashboard(folder);
  const server = createServer((req, res) => {
    if (dashboard.handle(req, res) === false) res.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // listening on TCP, so neither a pipe's name nor null
  return {
    get: (path: string, headers: Record<string, string> = {}, method = 'GET') =>
      new Promise<Answer>((resolve, reject) => {
        const req = request({ host: '127.0.0.1', port, path, method, headers }, async (res) => {
          const chunks: Buffer[] = [];
          for await (const chunk of res) chunks.push(chunk as Buffer);
          resolve({ status: res.statusCode, headers: res.headers, body: Buffer.concat(chunks) });
        });
        req.on('error', reject).end();
      }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
