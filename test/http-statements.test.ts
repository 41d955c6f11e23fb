import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestApp, type TestApp } from './support/app.ts';
import { httpStatements } from './support/http-statements.ts';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({ reaperMs: 20, pollMs: 20 });
});
afterAll(() => t.close());

it('the statements of a request are told from what the server does by itself', async () => {
  await t.graphql('{ runs(first: 10) { edges { node { id } } } }');
  const statements = await httpStatements(async () => {
    await Promise.all([t.graphql('{ runs(first: 10) { edges { node { id } } } }'), t.rest('GET', '/healthz')]);
  });

  expect(new Set(statements.map(({ request }) => request))).toEqual(new Set(['POST /graphql']));
  expect(statements.map(({ text }) => /from "public"\."(\w+)"/i.exec(text)?.[1]).filter((table) => table)).toEqual(['runs']);
});
