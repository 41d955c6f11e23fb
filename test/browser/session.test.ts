import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { makeSessionTokens } from '../../src/auth/session-token.ts';
import { ADMIN_KEY, SECRET, startTestApp, type TestApp } from '../support/app.ts';
import { describeInBrowser, launchBrowser, type TestBrowser } from '../support/browser.ts';

/** A page of the server that is nothing but its origin. */
const PLAIN = '/healthz';

describeInBrowser('a session in a browser', () => {
  let t: TestApp;
  let browser: TestBrowser;
  beforeAll(async () => {
    t = await startTestApp();
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await t?.close();
  });

  /** What a script of the page gets when it sends this. */
  function ask(page: Page, method: string, path: string, body?: object): Promise<{ status: number; text: string }> {
    const init = { method, ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }) };
    return page.evaluate(`fetch(${JSON.stringify(path)}, ${JSON.stringify(init)})
      .then(async (answer) => ({ status: answer.status, text: await answer.text() }))`);
  }

  const WHO = { query: '{ viewer { projectId } }' };

  it('begins with a key, is out of reach of scripts, opens GraphQL and REST, and ends when signing out', async () => {
    await browser.visit({ origins: [t.url] }, async ({ page, expectFault }) => {
      await page.goto(PLAIN);
      expectFault(/\/session\)/);
      expect((await ask(page, 'GET', '/session')).status).toBe(401);

      expect((await ask(page, 'POST', '/session', { api_key: ADMIN_KEY })).status).toBe(200);
      expect(await page.evaluate('document.cookie')).toBe('');
      expect((await ask(page, 'POST', '/graphql', WHO)).text).toBe('{"data":{"viewer":{"projectId":"default"}}}');
      expect((await ask(page, 'GET', '/v1/jobs')).status).toBe(200);

      expect((await ask(page, 'DELETE', '/session')).status).toBe(204);
      expectFault(/status of 401 \(Unauthorized\) \(.*\/graphql\)/);
      expect((await ask(page, 'POST', '/graphql', WHO)).status).toBe(401);
    });
  });

  it('begins with the token of a link, once', async () => {
    const token = await t.app.createSignInToken();
    await browser.visit({ origins: [t.url] }, async ({ page }) => {
      await page.goto(PLAIN);
      expect((await ask(page, 'POST', '/session', { token: token ?? '' })).status).toBe(200);
      expect((await ask(page, 'GET', '/v1/jobs')).status).toBe(200);
    });
    await browser.visit({ origins: [t.url] }, async ({ page, expectFault }) => {
      await page.goto(PLAIN);
      expectFault(/\/session\)/);
      expect((await ask(page, 'POST', '/session', { token: token ?? '' })).status).toBe(401);
    });
  });

  it('that is too old is refused until somebody signs in again', async () => {
    const { key_id: keyId } = (await t.rest('POST', '/session', { body: { api_key: ADMIN_KEY } })).body;
    const yesterday = Date.now() - 86_400_000;
    const old = await (await makeSessionTokens(SECRET, () => yesterday)).mint({ keyId, signedInAt: new Date(yesterday) });
    await browser.visit({ origins: [t.url] }, async ({ page, signIn, expectFault }) => {
      await page.context().addCookies([{ name: 'baton_session', value: old.token, url: t.url }]);
      await page.goto(PLAIN);
      expectFault(/status of 401/);
      expect((await ask(page, 'POST', '/graphql', WHO)).text).toContain('the session has ended: sign in again');

      await signIn(ADMIN_KEY);

      expect((await ask(page, 'POST', '/graphql', WHO)).status).toBe(200);
    });
  });

  it('is of no use to a page of another origin, which cannot write, follow or sign in with it', async () => {
    const elsewhere = createServer((_req, res) => res.writeHead(200, { 'content-type': 'text/html' }).end('<title>x</title>'));
    elsewhere.listen(0, '127.0.0.1');
    await once(elsewhere, 'listening');
    onTestFinished(() => void elsewhere.close());
    const theirs = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`;

    await browser.visit({ origins: [t.url, theirs] }, async ({ page, signIn, expectFault }) => {
      await signIn(ADMIN_KEY);
      await page.goto(theirs);
      expectFault(/blocked by CORS policy/);
      expectFault(/Failed to load resource/);
      const mutation = JSON.stringify({ query: 'mutation { createProject(input: { id: "stolen", name: "x" }) { id } }' });
      // Sent without asking, the first with the cookie: another port is the same site.
      await page.evaluate(
        `fetch('${t.url}/graphql', { method: 'POST', credentials: 'include', mode: 'no-cors', body: ${JSON.stringify(mutation)} })`,
      );
      await page.evaluate(`fetch('${t.url}/session', { method: 'DELETE', credentials: 'include' }).catch(() => {})`);
      await page.evaluate(`new Promise((resolve) => {
        const query = new URLSearchParams({ query: 'subscription { runChanged { cursor } }' });
        new EventSource('${t.url}/graphql?' + query, { withCredentials: true }).onerror = ({ target }) => target.readyState === 2 && resolve();
      })`);

      await page.goto(PLAIN);
      expect((await ask(page, 'GET', '/session')).status).toBe(200);
    });

    const { projects } = await t.graphql<{ projects: { edges: object[] } }>('{ projects { edges { node { id } } } }');
    expect(projects.edges).toHaveLength(1);
  });

  it('lets GraphiQL run a query, with nothing loaded from elsewhere', async () => {
    await browser.visit({ origins: [t.url] }, async ({ page, signIn }) => {
      await signIn(ADMIN_KEY);
      await page.goto('/graphql');
      const answered = page.waitForResponse(async (answer) => (await answer.text()).includes('"viewer"'));
      await page.getByRole('button', { name: /execute query/i }).click();
      await answered;

      await expect.poll(() => page.locator('.result-window').innerText()).toContain('projectId');
    });
  });

  it('lets the reference send requests, with nothing loaded from elsewhere', async () => {
    await browser.visit({ origins: [t.url] }, async ({ page, signIn }) => {
      await signIn(ADMIN_KEY);
      await page.goto('/docs#/Jobs/listJobs');
      const operation = page.locator('#operations-Jobs-listJobs');
      await operation.getByRole('button', { name: 'Execute' }).click();

      await expect
        .poll(() => operation.locator('.live-responses-table tbody .response-col_status').first().innerText())
        .toContain('200');
    });
  });
});
