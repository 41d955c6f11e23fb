import { createClient } from 'graphql-sse';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ADMIN_KEY } from './support/app.ts';
import { openStream, postOf } from './support/event-stream.ts';
import { type RestWorld, startRestWorld } from './support/rest-world.ts';

const FOLLOW = 'subscription ($id: ID!, $after: Int) { runEvents(runId: $id, after: $after) { message toStatus } }';
const PATHS = ['/graphql', '/graphql/stream'];

let world: RestWorld;
beforeAll(async () => {
  world = await startRestWorld();
});
afterAll(() => world.close());

describe('a refused subscription', () => {
  const unknown = { query: FOLLOW, variables: { id: '00000000-0000-7000-8000-000000000000' } };
  const refusals: [string, () => Promise<{ query: string; variables?: object; key?: string }>, string][] = [
    ['an unknown run', async () => unknown, 'NOT_FOUND'],
    ['a run of another project', async () => ({ query: FOLLOW, variables: { id: world.other.runId } }), 'NOT_FOUND'],
    ['a missing scope', async () => ({ ...unknown, key: await world.keyWith('jobs:read') }), 'FORBIDDEN'],
    [
      'a filter that cannot be applied',
      async () => ({ query: 'subscription { runChanged(filter: { tags: { a: "\\u0000" } }) { cursor } }' }),
      'BAD_REQUEST',
    ],
    [
      'a document that asks for too much',
      async () => ({ query: `subscription { runChanged { changes { run { ${manyFields(600)} } } } }` }),
      'BAD_REQUEST',
    ],
    ['an invalid document', async () => ({ query: 'subscription { nothing }' }), 'BAD_REQUEST'],
    ['a document that cannot be parsed', async () => ({ query: 'subscription {' }), 'BAD_REQUEST'],
  ];

  describe.each(refusals)('for %s', (_why, request, code) => {
    it.each(PATHS)('is told in the stream at %s, by POST and by GET, and is over', async (path) => {
      const { query, variables = {}, key = ADMIN_KEY } = await request();
      const get = `${world.url}${path}?${new URLSearchParams({ query, variables: JSON.stringify(variables) })}`;

      const streams = [
        await openStream(`${world.url}${path}`, postOf(key, query, { variables })),
        await openStream(get, { headers: { authorization: `Bearer ${key}`, accept: 'text/event-stream' } }),
      ];

      for (const stream of streams) {
        expect(stream.status).toBe(200);
        const [next, end, ...more] = await stream.rest();
        expect(next).toEqual({ event: 'next', data: expect.any(String) });
        const result = JSON.parse(next?.data ?? '');
        expect(result.errors).toMatchObject([{ extensions: { code, requestId: expect.any(String) } }]);
        expect(result.errors[0].extensions).not.toHaveProperty('http');
        expect([end, more]).toEqual([{ event: 'complete', id: 'end', data: '' }, []]);
      }
    });

    it('reaches the graphql-sse client in both modes', async () => {
      const { query, variables = {}, key = ADMIN_KEY } = await request();
      for (const singleConnection of [false, true]) {
        const client = createClient({
          url: `${world.url}/graphql/stream`,
          singleConnection,
          headers: { authorization: `Bearer ${key}` },
          retryAttempts: 0,
        });
        onTestFinished(() => client.dispose());

        // A document that is never executed is refused by HTTP alone over a single connection, as the protocol says.
        const answer = await collect(client.iterate({ query, variables: { ...variables } })).catch((error) => [error]);

        if (answer[0] instanceof Error) expect(answer[0]).toHaveProperty('response.status', 400);
        else expect(answer).toMatchObject([{ errors: [{ extensions: { code } }] }]);
      }
    });

    it('is JSON for a client that takes nothing else', async () => {
      const { query, variables = {}, key = ADMIN_KEY } = await request();

      const { body } = await world.rest('POST', '/graphql', {
        key,
        body: { query, variables },
        headers: { accept: 'application/json' },
      });

      expect(body.errors).toMatchObject([{ extensions: { code } }]);
    });
  });

  it('is a status for a caller nobody knows, in every mode', async () => {
    const post = postOf('nobody-has-this-key', FOLLOW, { variables: { id: 'x' } });
    const answers = await Promise.all([
      ...PATHS.map((path) => fetch(`${world.url}${path}`, post)),
      ...PATHS.map((path) => fetch(subscriptionUrl(path, { id: 'x' }), { headers: { accept: 'text/event-stream' } })),
      fetch(`${world.url}/graphql/stream`, { method: 'PUT' }),
    ]);

    for (const answer of answers) {
      expect(answer.status).toBe(401);
      expect(await answer.json()).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    }
  });

  it('says what it takes to a client that takes JSON alone', async () => {
    const run = await world.accepted();

    const { status, body } = await world.rest('POST', '/graphql', {
      body: { query: FOLLOW, variables: { id: run.id } },
      headers: { accept: 'application/json' },
    });

    expect([status, body.errors[0].message]).toEqual([406, expect.stringContaining('text/event-stream')]);
    await expect.poll(() => metric('baton_tails')).toBe(0);
  });
});

function subscriptionUrl(path: string, variables: object, query = FOLLOW): string {
  return `${world.url}${path}?${new URLSearchParams({ query, variables: JSON.stringify(variables) })}`;
}

/** The value of a metric that the server publishes. */
async function metric(name: string): Promise<number> {
  const { body } = await world.rest('GET', '/metrics', { key: null });
  const line = String(body)
    .split('\n')
    .find((text) => text.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1));
}

/** A selection that is valid and larger than a caller's document may be. */
function manyFields(count: number): string {
  return Array.from({ length: count }, (_, index) => `f${index}: id`).join(' ');
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
