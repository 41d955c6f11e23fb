import { GraphQLObjectType, isNonNullType } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { schema } from '../graphql/schema.ts';
import type { KeyActor, RunActor } from '../src/auth/actor.ts';
import { SCOPES, type Scope } from '../src/auth/scopes.ts';
import { newId } from '../src/core/ids.ts';
import { type Answer, type GraphQLWorld, keyOf, makeGraphQLWorld } from './support/graphql.ts';
import { ROOT_FIELDS } from './support/root-documents.ts';

let t: GraphQLWorld;
beforeAll(async () => {
  t = await makeGraphQLWorld();
});
afterAll(() => t.close());

const KEY_FIELDS = Object.entries(ROOT_FIELDS).filter(([, { needs }]) => needs !== 'run token');

async function send(document: string, as: KeyActor | RunActor): Promise<Answer> {
  if (!document.startsWith('subscription')) return t.ask(document, { as });
  const answer = await t.follow(document, { as });
  if (!(Symbol.asyncIterator in answer)) return JSON.parse(JSON.stringify(answer));
  await answer.return?.();
  return {};
}

function refusals({ errors = [] }: Answer): string[] {
  return errors.filter(({ extensions }) => extensions?.['code'] === 'FORBIDDEN').map(({ message }) => message);
}

function rootFields() {
  return [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]
    .filter((type) => type instanceof GraphQLObjectType)
    .flatMap((type) => Object.values(type.getFields()).map((field) => ({ coordinate: `${type.name}.${field.name}`, field })));
}

describe('root fields', () => {
  it('are all in the table of this test', () => {
    expect(
      rootFields()
        .map(({ coordinate }) => coordinate)
        .sort(),
    ).toEqual(Object.keys(ROOT_FIELDS).sort());
  });

  it('say in their description what they require', () => {
    for (const { coordinate, field } of rootFields()) {
      const { needs } = ROOT_FIELDS[coordinate] ?? { needs: 'nothing' };
      const words = needs === 'any key' ? 'an API key' : needs === 'run token' ? 'the run token of an attempt' : `\`${needs}\``;
      expect(field.description, coordinate).toContain(`Requires ${words}.`);
      expect(isNonNullType(field.type) || coordinate === 'Query.ownPayload').toBe(true);
    }
  });

  it.each(Object.entries(ROOT_FIELDS))('%s is refused without what it requires', async (_coordinate, { needs, document }) => {
    const runActor: RunActor = { kind: 'run', projectId: 'default', runId: newId(), epoch: 1 };
    const everythingElse = keyOf(
      'default',
      ...SCOPES.filter((scope) => scope !== needs && (scope !== '*' || needs === 'instance:admin' || needs === 'run token')),
    );

    if (needs !== 'run token') expect(refusals(await send(document, runActor))).toHaveLength(1);
    if (needs === 'any key') expect(refusals(await send(document, keyOf('default')))).toEqual([]);
    else if (needs === 'run token') {
      expect(refusals(await send(document, everythingElse))).toEqual([
        'insufficient permissions: requires the run token of an attempt',
      ]);
      expect(refusals(await send(document, runActor))).toEqual([]);
    } else {
      expect(refusals(await send(document, everythingElse))).toEqual([`insufficient permissions: requires ${needs}`]);
      expect(refusals(await send(document, keyOf('default', needs)))).toEqual([]);
    }
  });
});

describe('another project', () => {
  it('cannot be told from nothing at all, by any root field', async () => {
    const other = keyOf('other', '*');
    const job = await t.createJob({ slug: 'secret' });
    const runId = await t.trigger({ job: job.id, payload: { secret: true } });
    const { createApiKey } = await t.get('mutation { createApiKey(input: { name: "x" }) { apiKey { id } } }');
    const { triggerRuns } = await t.get('mutation { triggerRuns(input: { job: "secret", items: [{}] }) { batchId } }');
    const waiting = await t.start({ job: job.id });
    await t.get('mutation { waitForEvent(input: { eventKey: "secret event" }) { triggerId } }', { as: waiting });
    const { createWebhookSubscription } = await t.get(
      'mutation { createWebhookSubscription(input: { webhookUrl: "https://example.com", eventTypes: [RUN_FAILED] }) { subscription { id } } }',
    );
    const subscriptionId = createWebhookSubscription.subscription.id;
    const { testWebhookSubscription: delivery } = await t.get(
      `mutation { testWebhookSubscription(id: "${subscriptionId}") { id } }`,
    );
    const circuitId = newId();
    await t.pools.reads.query(
      `insert into circuits (id, project_id, endpoint, state, failures, opened_at) values ($1, 'default', 'http://x/', 'closed', 0, now())`,
      [circuitId],
    );
    const { createEnvironment, createSecret, setModelPrice } = await t.get(`mutation {
      createEnvironment(input: { slug: "hidden" }) { id }
      createSecret(input: { key: "HIDDEN", value: "x" }) { id }
      setModelPrice(input: { provider: "x", model: "x", promptMicrousd: 1, completionMicrousd: 1 }) { id }
    }`);
    const { createSchedule } = await t.get(
      'mutation { createSchedule(input: { name: "x", job: "secret", cron: "0 0 * * *" }) { id } }',
    );
    const idFor = (document: string, argument: string): string => {
      if (/r(?:evoke|otate)ApiKey/.test(document)) return createApiKey.apiKey.id;
      if (/batch(Changed)?\(/.test(document)) return triggerRuns.batchId;
      if (/CircuitBreaker/.test(document)) return circuitId;
      if (/[eE]nvironment/.test(document)) return createEnvironment.id;
      if (/secret\(|(?:rotate|delete)Secret/.test(document)) return createSecret.id;
      if (/ModelPrice/.test(document)) return setModelPrice.id;
      if (/WebhookDelivery|webhookDelivery/.test(document)) return delivery.id;
      if (/(Schedule|schedule|ScheduleNow)\(/.test(document)) return createSchedule.id;
      if (/[wW]ebhookSubscription/.test(document)) return subscriptionId;
      return /[rR]un\b|DeadLetter|IdempotencyKey|DebugMode|runEvents|runChunks|StreamToken/.test(document) && argument !== 'job'
        ? runId
        : job.id;
    };
    const named = (document: string) =>
      document
        .replace('key: "none"', 'key: "secret event"')
        .replace(/(job|id|runId|batchId): "none"/g, (_all, name: string) => `${name}: "${idFor(document, name)}"`);
    const namesOne = KEY_FIELDS.filter(
      ([coordinate, { document }]) => document.includes('"none"') && coordinate !== 'Mutation.updateProject',
    );
    expect(namesOne.length).toBeGreaterThan(30);

    for (const [coordinate, { document }] of namesOne) {
      const foreign = await send(named(document), other);
      const unknown = await send(document.replaceAll('"none"', `"${newId()}"`), other);
      expect(foreign.errors, coordinate).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
      expect(foreign, coordinate).toEqual(unknown);
    }
    for (const document of ['{ project(id: "default") { id } }', '{ project(id: "no-such") { id } }']) {
      expect((await t.ask(document, { as: other })).errors).toMatchObject([{ message: 'project not found' }]);
    }
  });

  it('is in no list', async () => {
    const other = keyOf('other', '*');
    const job = await t.createJob({ slug: 'listed' });
    const runId = await t.trigger({ job: job.id });

    expect(
      await t.get(
        '{ projects { edges { node { id } } } jobs { edges { cursor } } runs { edges { cursor } } apiKeys { edges { cursor } } environments { edges { cursor } } secrets { edges { cursor } } modelPrices { edges { cursor } } circuitBreakers { edges { cursor } } }',
        { as: other },
      ),
    ).toEqual({
      projects: { edges: [{ node: { id: 'other' } }] },
      jobs: { edges: [] },
      runs: { edges: [] },
      apiKeys: { edges: [] },
      environments: { edges: [] },
      secrets: { edges: [] },
      modelPrices: { edges: [] },
      circuitBreakers: { edges: [] },
    });
    for (const filter of [`job: "${job.id}"`, 'job: "listed"', `parentRunId: "${runId}"`]) {
      expect(await t.get(`{ runs(filter: { ${filter} }) { edges { cursor } } }`, { as: other })).toEqual({ runs: { edges: [] } });
    }
  });

  it('is not reached by a cursor of it, nor do cursors tell what exists there', async () => {
    const other = keyOf('other', '*');

    const pages = await Promise.all(
      ['default', 'no-such-project'].map((id) => t.get(`{ projects(after: "${id}") { edges { node { id } } } }`, { as: other })),
    );

    expect(pages).toEqual([
      { projects: { edges: [{ node: { id: 'other' } }] } },
      { projects: { edges: [{ node: { id: 'other' } }] } },
    ]);
  });

  it('is reached by a holder of instance:admin where that is documented', async () => {
    await t.get('mutation { createApiKey(input: { name: "for other", projectId: "other" }) { key } }');

    const { apiKeys, project } = await t.get(
      '{ project(id: "other") { name } apiKeys(first: 1) { edges { node { projectId } } } }',
    );
    expect(project).toEqual({ name: 'Other' });
    expect(apiKeys.edges).toEqual([{ node: { projectId: 'other' } }]);
  });
});

describe('what leads from one thing to another', () => {
  it('asks for the scope of where it leads', async () => {
    const job = await t.createJob();
    const runId = await t.trigger({ job: job.id, payload: 1 });
    const asked = async (document: string, ...scopes: Scope[]) =>
      refusals(await t.ask(document, { as: keyOf('default', ...scopes) }));

    expect(await asked(`{ run(id: "${runId}") { job { slug } } }`, 'runs:read')).toEqual([
      'insufficient permissions: requires jobs:read',
    ]);
    expect(await asked(`{ job(id: "${job.id}") { runs { edges { cursor } } } }`, 'jobs:read')).toEqual([
      'insufficient permissions: requires runs:read',
    ]);
    expect(await asked(`{ job(id: "${job.id}") { signingSecret } }`, 'jobs:read')).toEqual([
      'insufficient permissions: requires jobs:write',
    ]);
    expect(await asked(`mutation { triggerRun(input: { job: "${job.id}" }) { run { id } } }`, 'jobs:trigger')).toEqual([
      'insufficient permissions: requires runs:read',
    ]);
    for (const field of [
      'parent { id }',
      'batch { id }',
      'lease { holder }',
      ...['children', 'events', 'outputs', 'waits'].map((list) => `${list} { edges { cursor } }`),
    ]) {
      const other = await t.trigger({ job: job.id });
      const refused = await asked(`mutation { cancelRun(id: "${other}") { ${field} } }`, 'runs:write');
      expect(refused, field).toEqual(['insufficient permissions: requires runs:read']);
    }
  });

  it('is closed to a run token, also where its mutations answer runs', async () => {
    const job = await t.createJob({ slug: 'walled' });
    const executor = await t.start({ job: job.id, payload: 'mine' });
    const walk = (field: string) => t.ask(`mutation { heartbeat { run { ${field} } } }`, { as: executor });

    expect((await walk('id status payload')).data).toEqual({
      heartbeat: { run: { id: executor.runId, status: 'EXECUTING', payload: 'mine' } },
    });
    for (const field of [
      'job { slug }',
      'parent { id }',
      'batch { id }',
      'lease { holder }',
      'children { edges { cursor } }',
      'events { edges { cursor } }',
    ]) {
      expect(refusals(await walk(field)), field).toHaveLength(1);
    }
  });
});
