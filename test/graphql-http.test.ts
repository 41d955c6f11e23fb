import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, startTestApp, type TestApp } from './support/app.ts';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

const fetchWithKey: typeof fetch = (input, init = {}) => {
  const headers = new Headers(init.headers);
  headers.set('authorization', `Bearer ${ADMIN_KEY}`);
  return fetch(input, { ...init, headers });
};

describe('GraphQL over HTTP', () => {
  it('passes every audit of graphql-http', async () => {
    const audits = serverAudits({ url: `${t.url}/graphql`, fetchFn: fetchWithKey });

    const results = await Promise.all(audits.map((audit) => audit.fn()));

    expect(results.length).toBe(61);
    expect(
      results.filter((result) => result.status !== 'ok').map((result) => `${result.status} ${result.id} ${result.name}`),
    ).toEqual([]);
  });

  it('serves GraphiQL that loads nothing from elsewhere', async () => {
    const response = await fetch(`${t.url}/graphql`, { headers: { accept: 'text/html' } });
    const page = await response.text();

    expect(response.headers.get('content-type')).toContain('text/html');
    expect([...page.matchAll(/<(?:script|link|img)[^>]+(?:src|href)="(https?:[^"]+)"/g)].map((match) => match[1])).toEqual([]);
  });

  it('is closed to anonymous callers and to run tokens', async () => {
    for (const key of [null, 'nobody-has-this-key', 'eyJhbGciOiJIUzI1NiJ9.e30.x']) {
      const { status, body } = await t.rest('POST', '/graphql', { key, body: { query: '{ viewer { projectId } }' } });

      expect(status).toBe(401);
      expect(body.errors[0].extensions.code).toBe('UNAUTHENTICATED');
    }
  });

  it('executes nothing that a page elsewhere could send without asking', async () => {
    const mutation = 'mutation { createProject(input: { id: "stolen", name: "x" }) { id } }';
    const form = new URLSearchParams({ query: mutation });
    const multipart = new FormData();
    multipart.set('operations', JSON.stringify({ query: mutation }));

    const answers = await Promise.all([
      fetchWithKey(`${t.url}/graphql`, { method: 'POST', body: form }),
      fetchWithKey(`${t.url}/graphql`, { method: 'POST', body: multipart }),
      fetchWithKey(`${t.url}/graphql`, {
        method: 'POST',
        body: JSON.stringify({ query: mutation }),
        headers: { 'content-type': 'text/plain' },
      }),
      fetchWithKey(`${t.url}/graphql?${form}`),
      fetchWithKey(`${t.url}/graphql`, {
        method: 'OPTIONS',
        headers: { origin: 'https://elsewhere.example', 'access-control-request-method': 'POST' },
      }),
    ]);

    expect(answers.slice(0, 3).map((answer) => answer.status)).toEqual([415, 415, 415]);
    expect(answers[3]?.status).toBe(405);
    expect(answers.map((answer) => answer.headers.get('access-control-allow-origin'))).toEqual([null, null, null, null, null]);
    const { projects } = await t.graphql<{ projects: { edges: { node: { id: string } }[] } }>(
      '{ projects { edges { node { id } } } }',
    );
    expect(projects.edges.map((edge) => edge.node.id)).toEqual(['default']);
  });

  it('refuses a body over its limit before reading it all', async () => {
    const { status } = await t.rest('POST', '/graphql', {
      body: { query: '{ viewer { projectId } }', variables: { x: 'x'.repeat(7_000_000) } },
    });

    expect(status).toBe(413);
  });
});
