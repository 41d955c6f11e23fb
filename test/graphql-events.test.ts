import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunActor } from '../src/auth/actor.ts';
import { type GraphQLWorld, keyOf, makeGraphQLWorld } from './support/graphql.ts';

let world: GraphQLWorld;
let job: string;
beforeAll(async () => {
  world = await makeGraphQLWorld();
  job = (await world.createJob()).id;
});
afterAll(() => world.close());

const WAIT = 'mutation ($input: WaitForEventInput!) { waitForEvent(input: $input) { eventKey expiresAt triggerId } }';
const SEND = 'mutation ($key: String!, $payload: JSON) { sendEvent(key: $key, payload: $payload) { id status responsePayload } }';
const CANCEL = 'mutation ($key: String!) { cancelEventTrigger(key: $key) { id status error run { status } } }';
const BY_PREFIX = `mutation ($prefix: String!, $payload: JSON) {
  sendEventsByPrefix(prefix: $prefix, payload: $payload) { resolved triggers { eventKey status run { id } } } }`;
const FIELDS = `id projectId eventKey sourceType triggerType status jobRunId workflowStepRunId requestPayload responsePayload timeoutSecs
  requestedAt receivedAt endedAt expiresAt error notifyUrl notifyStatus sentBy run { id status }`;

let keys = 0;
const freshKey = () => `key ${++keys}`;

async function waiting(eventKey: string, fields: object = {}): Promise<RunActor> {
  const actor = await world.start({ job });
  await world.get(WAIT, { variables: { input: { eventKey, ...fields } }, as: actor });
  return actor;
}

describe('an event trigger', () => {
  it('says all about a wait, by its key and among the waits of its run', async () => {
    const key = freshKey();
    const actor = await waiting(key, { timeoutSecs: 60, notifyUrl: 'https://example.com/told' });

    const { eventTrigger } = await world.get(`query ($key: String!) { eventTrigger(key: $key) { ${FIELDS} } }`, {
      variables: { key },
    });
    const { run } = await world.get(
      'query ($id: ID!) { run(id: $id) { status waits { edges { node { id kind status eventKey childRunId error } } } } }',
      { variables: { id: actor.runId } },
    );

    expect(eventTrigger).toEqual({
      id: expect.any(String),
      projectId: 'default',
      eventKey: key,
      sourceType: 'JOB_RUN',
      triggerType: 'EVENT',
      status: 'WAITING',
      jobRunId: actor.runId,
      workflowStepRunId: null,
      requestPayload: null,
      responsePayload: null,
      timeoutSecs: 60,
      requestedAt: expect.any(String),
      receivedAt: null,
      endedAt: null,
      expiresAt: expect.any(String),
      error: null,
      notifyUrl: 'https://example.com/told',
      notifyStatus: 'PENDING',
      sentBy: null,
      run: { id: actor.runId, status: 'WAITING' },
    });
    expect(Date.parse(eventTrigger.expiresAt) - Date.parse(eventTrigger.requestedAt)).toBe(60_000);
    const node = { id: eventTrigger.id, kind: 'EVENT', status: 'WAITING', eventKey: key, childRunId: null, error: null };
    expect(run).toEqual({ status: 'WAITING', waits: { edges: [{ node }] } });
  });

  it('is sent to, and canceled', async () => {
    const [sent, canceled] = [freshKey(), freshKey()];
    const actor = await waiting(sent);
    await waiting(canceled);

    const { sendEvent } = await world.get(SEND, { variables: { key: sent, payload: { a: [1] } } });
    const { cancelEventTrigger } = await world.get(CANCEL, { variables: { key: canceled } });

    expect(sendEvent).toEqual({ id: expect.any(String), status: 'RECEIVED', responsePayload: { a: [1] } });
    expect(cancelEventTrigger).toMatchObject({
      status: 'CANCELED',
      error: 'event trigger canceled',
      run: { status: 'CANCELED' },
    });
    expect((await world.get('query ($id: ID!) { run(id: $id) { status } }', { variables: { id: actor.runId } })).run.status).toBe(
      'QUEUED',
    );
  });

  it('is sent to by prefix, and answered in the order of the keys', async () => {
    const prefix = `${freshKey()}:`;
    const runs = [await waiting(`${prefix}b`), await waiting(`${prefix}a`)];

    const { sendEventsByPrefix } = await world.get(BY_PREFIX, { variables: { prefix } });

    expect(sendEventsByPrefix).toEqual({
      resolved: 2,
      triggers: [
        { eventKey: `${prefix}a`, status: 'RECEIVED', run: { id: runs[1]?.runId } },
        { eventKey: `${prefix}b`, status: 'RECEIVED', run: { id: runs[0]?.runId } },
      ],
    });
    expect((await world.get(BY_PREFIX, { variables: { prefix } })).sendEventsByPrefix).toEqual({ resolved: 0, triggers: [] });
  });

  it('is on a list that pages and filters, at the cost of a statement', async () => {
    const other = keyOf('other', '*');
    const theirs = (await world.createJob({}, other)).id;
    const names = ['x', 'y', 'z'];
    for (const name of names) {
      const id = await world.trigger({ job: theirs }, other);
      const actor = (await world.claim()).find(({ runId }) => runId === id);
      await world.get(WAIT, { variables: { input: { eventKey: name } }, ...(actor && { as: actor }) });
    }
    await world.get(SEND, { variables: { key: 'y' }, as: other });
    const list = (args: string) =>
      `{ eventTriggers${args} { edges { node { eventKey status } } pageInfo { hasNextPage hasPreviousPage endCursor } } }`;
    const keysOf = (data: { eventTriggers: { edges: { node: { eventKey: string } }[] } }) =>
      data.eventTriggers.edges.map(({ node }) => node.eventKey);

    const first = await world.get(list('(first: 2)'), { as: other });
    const { endCursor, hasNextPage } = first.eventTriggers.pageInfo;

    expect([keysOf(first), hasNextPage]).toEqual([['z', 'y'], true]);
    expect(keysOf(await world.get(list(`(first: 2, after: "${endCursor}")`), { as: other }))).toEqual(['x']);
    expect(keysOf(await world.get(list('(last: 2)'), { as: other }))).toEqual(['y', 'x']);
    expect(keysOf(await world.get(list('(filter: { status: [RECEIVED] })'), { as: other }))).toEqual(['y']);
    expect(
      keysOf(await world.get(list('(filter: { status: [WAITING, CANCELED], sourceType: JOB_RUN })'), { as: other })),
    ).toEqual(['z', 'x']);
    expect(keysOf(await world.get(list('(filter: { sourceType: WORKFLOW_STEP })'), { as: other }))).toEqual([]);
    expect(await world.statementsOf(list(''), { as: other })).toHaveLength(1);
    expect(
      (await world.get('{ eventStats { total waiting received timedOut canceled averageWaitSecs } }', { as: other })).eventStats,
    ).toEqual({
      total: 3,
      waiting: 2,
      received: 1,
      timedOut: 0,
      canceled: 0,
      averageWaitSecs: expect.any(Number),
    });
  });

  it.each([
    ['a field', '{ eventTriggers { edges { node { id } } } }', 'runs:read'],
    ['a count', '{ eventStats { total } }', 'runs:read'],
    ['one', '{ eventTrigger(key: "a") { id } }', 'runs:read'],
    ['sending', 'mutation { sendEvent(key: "a") { id } }', 'runs:write'],
    ['sending to many', 'mutation { sendEventsByPrefix(prefix: "a") { resolved } }', 'runs:write'],
    ['canceling', 'mutation { cancelEventTrigger(key: "a") { id } }', 'runs:write'],
    ['waiting', 'mutation { waitForEvent(input: { eventKey: "a" }) { triggerId } }', 'the run token of an attempt'],
  ])('needs its scope for %s', async (_, document, needed) => {
    const { errors } = await world.ask(document, { as: keyOf('default', needed === 'runs:read' ? 'runs:write' : 'runs:read') });

    expect(errors?.[0]).toMatchObject({
      message: `insufficient permissions: requires ${needed}`,
      extensions: { code: 'FORBIDDEN' },
    });
  });

  it('cannot be reached with a run token', async () => {
    const key = freshKey();
    const actor = await waiting(key);

    for (const document of [`{ eventTrigger(key: "${key}") { id } }`, `mutation { sendEvent(key: "${key}") { id } }`]) {
      expect((await world.ask(document, { as: actor })).errors?.[0]?.extensions?.['code']).toBe('FORBIDDEN');
    }
  });

  it.each(['', '\0', '\ud800', 'k'.repeat(513), 'a\nb'])('has no key %j', async (key) => {
    const actor = await world.start({ job });

    const [read, sent, awaited, byPrefix] = await Promise.all([
      world.ask('query ($key: String!) { eventTrigger(key: $key) { id } }', { variables: { key } }),
      world.ask(SEND, { variables: { key } }),
      world.ask(WAIT, { variables: { input: { eventKey: key } }, as: actor }),
      world.get(BY_PREFIX, { variables: { prefix: key } }),
    ]);

    expect([read, sent].map(({ errors }) => errors?.[0]?.extensions?.['code'])).toEqual(['NOT_FOUND', 'NOT_FOUND']);
    expect(awaited.errors?.[0]?.extensions?.['code']).toBe('BAD_REQUEST');
    expect(byPrefix.sendEventsByPrefix).toEqual({ resolved: 0, triggers: [] });
  });
});
