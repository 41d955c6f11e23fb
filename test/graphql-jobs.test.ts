import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '../src/core/ids.ts';
import { type GraphQLWorld, keyOf, makeGraphQLWorld } from './support/graphql.ts';

let t: GraphQLWorld;
beforeAll(async () => {
  t = await makeGraphQLWorld();
});
afterAll(() => t.close());

async function search(text: string, as = t.admin): Promise<string[]> {
  const { jobs } = await t.get('query ($text: String) { jobs(filter: { search: $text }) { edges { node { slug } } } }', {
    variables: { text },
    as,
  });
  return jobs.edges.map(({ node }: { node: { slug: string } }) => node.slug).sort();
}

it('finds jobs by a part of their name or slug', async () => {
  await t.createJob({ slug: 'send-invoice', name: 'Send an Invoice' });
  await t.createJob({ slug: 'pay', name: 'Pay invoices at 100%' });
  await t.createJob({ slug: 'under_score', name: 'Other' });

  expect(await search('INVOICE')).toEqual(['pay', 'send-invoice']);
  expect(await search('d-inv')).toEqual(['send-invoice']);
  expect(await search('0%')).toEqual(['pay']);
  expect(await search('r_s')).toEqual(['under_score']);
  // None of these has a meaning of its own.
  expect(await search('%')).toEqual(['pay']);
  expect(await search('_')).toEqual(['under_score']);
  expect(await search('\\')).toEqual([]);
  expect(await search('invoice', keyOf('other', 'jobs:read'))).toEqual([]);
});

it('tells the circuit breaker of the endpoint of each job, for all jobs of a list in one statement', async () => {
  const broken = await t.createJob({ slug: 'broken', endpointUrl: 'https://broken.example/run?secret=1' });
  await t.createJob({ slug: 'sound', endpointUrl: 'https://sound.example/run' });
  await t.pools.reads.query(
    `insert into circuits (id, project_id, endpoint, state, failures, opened_at, retry_at)
     values ($1, 'default', $3, 'open', 5, now(), now()), ($2, 'other', $3, 'closed', 0, now(), null)`,
    [newId(), newId(), 'https://broken.example/run'],
  );
  const document = '{ jobs(first: 100) { edges { node { slug circuitBreaker { state failures } } } } }';

  const { jobs } = await t.get(document);
  const bySlug = new Map(jobs.edges.map(({ node }: { node: { slug: string } }) => [node.slug, node]));
  expect(bySlug.get('broken')).toEqual({ slug: 'broken', circuitBreaker: { state: 'OPEN', failures: 5 } });
  expect(bySlug.get('sound')).toEqual({ slug: 'sound', circuitBreaker: null });
  expect(await t.statementsOf(document)).toHaveLength(2);

  const denied = await t.ask(`{ job(id: "${broken.id}") { circuitBreaker { id } } }`, { as: keyOf('default', 'runs:read') });
  expect(denied.errors).toBeDefined();
});
