import { GraphQLObjectType, isNonNullType } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { schema } from '../graphql/schema.ts';
import type { KeyActor, RunActor } from '../src/auth/actor.ts';
import { SCOPES, type Scope } from '../src/auth/scopes.ts';
import { newId } from '../src/core/ids.ts';
import { type Answer, type GraphQLWorld, keyOf, makeGraphQLWorld } from './support/graphql.ts';

let t: GraphQLWorld;
beforeAll(async () => {
  t = await makeGraphQLWorld();
});
afterAll(() => t.close());

/** What every root field asks of its caller, with a document that calls it and harms nothing. */
const ROOT_FIELDS: Readonly<Record<string, { readonly needs: Scope | 'any key' | 'run token'; readonly document: string }>> = {
  'Query.viewer': { needs: 'any key', document: '{ viewer { keyId } }' },
  'Query.project': { needs: 'any key', document: '{ project(id: "default") { id } }' },
  'Query.projects': { needs: 'any key', document: '{ projects { edges { cursor } } }' },
  'Query.roles': { needs: 'rbac:manage', document: '{ roles { role } }' },
  'Query.apiKeys': { needs: 'api-keys:manage', document: '{ apiKeys { edges { cursor } } }' },
  'Query.job': { needs: 'jobs:read', document: '{ job(id: "none") { id } }' },
  'Query.jobs': { needs: 'jobs:read', document: '{ jobs { edges { cursor } } }' },
  'Query.run': { needs: 'runs:read', document: '{ run(id: "none") { id } }' },
  'Query.runs': { needs: 'runs:read', document: '{ runs { edges { cursor } } }' },
  'Query.batch': { needs: 'runs:read', document: '{ batch(id: "none") { id } }' },
  'Query.batches': { needs: 'runs:read', document: '{ batches { edges { cursor } } }' },
  'Query.previewRuns': { needs: 'runs:read', document: '{ previewRuns(filter: {}) { count } }' },
  'Query.ownPayload': { needs: 'run token', document: '{ ownPayload }' },
  'Query.ownCheckpoint': { needs: 'run token', document: '{ ownCheckpoint { id } }' },
  'Query.ownState': { needs: 'run token', document: '{ ownState(key: "x") { key } }' },
  'Query.ownStates': { needs: 'run token', document: '{ ownStates { edges { cursor } } }' },
  'Mutation.createProject': {
    needs: 'instance:admin',
    document: 'mutation { createProject(input: { id: "default", name: "x" }) { id } }',
  },
  'Mutation.updateProject': {
    needs: 'instance:admin',
    document: 'mutation { updateProject(input: { id: "none", name: "x" }) { id } }',
  },
  'Mutation.createApiKey': {
    needs: 'api-keys:manage',
    document: 'mutation { createApiKey(input: { name: "x", projectId: "none" }) { key } }',
  },
  'Mutation.revokeApiKey': { needs: 'api-keys:manage', document: 'mutation { revokeApiKey(id: "none") { id } }' },
  'Mutation.rotateApiKey': { needs: 'api-keys:manage', document: 'mutation { rotateApiKey(id: "none") { key } }' },
  'Mutation.addJobDependency': {
    needs: 'jobs:write',
    document: 'mutation { addJobDependency(job: "none", input: { dependsOnJobId: "x" }) { id } }',
  },
  'Mutation.removeJobDependency': { needs: 'jobs:write', document: 'mutation { removeJobDependency(id: "none") { id } }' },
  'Mutation.createJob': {
    needs: 'jobs:write',
    document: 'mutation { createJob(input: { slug: "x", name: "x", endpointUrl: "nonsense" }) { id } }',
  },
  'Mutation.updateJob': { needs: 'jobs:write', document: 'mutation { updateJob(id: "none", input: { name: "x" }) { id } }' },
  'Mutation.deleteJob': { needs: 'jobs:write', document: 'mutation { deleteJob(id: "none") { id } }' },
  'Mutation.rotateJobSecret': { needs: 'jobs:write', document: 'mutation { rotateJobSecret(id: "none") { id } }' },
  'Mutation.triggerRun': { needs: 'jobs:trigger', document: 'mutation { triggerRun(input: { job: "none" }) { id } }' },
  'Mutation.triggerRuns': {
    needs: 'jobs:trigger',
    document: 'mutation { triggerRuns(input: { job: "none", items: [{}] }) { total } }',
  },
  'Mutation.triggerBatch': {
    needs: 'jobs:trigger',
    document: 'mutation { triggerBatch(input: { job: "none", items: [{}] }) { total } }',
  },
  'Mutation.cancelRun': { needs: 'runs:write', document: 'mutation { cancelRun(id: "none") { id } }' },
  'Mutation.cancelRuns': { needs: 'runs:write', document: 'mutation { cancelRuns(input: { ids: ["x"] }) { total } }' },
  'Mutation.replayRun': { needs: 'runs:write', document: 'mutation { replayRun(id: "none") { id } }' },
  'Mutation.replayRuns': { needs: 'runs:write', document: 'mutation { replayRuns(input: { ids: ["x"] }) { total } }' },
  'Mutation.replayDeadLetters': {
    needs: 'runs:write',
    document: 'mutation { replayDeadLetters(input: { ids: ["x"] }) { total } }',
  },
  'Mutation.rescheduleRun': {
    needs: 'runs:write',
    document: 'mutation { rescheduleRun(id: "none", input: { scheduledAt: "2020-01-01T00:00:00Z" }) { id } }',
  },
  'Mutation.resetIdempotencyKey': { needs: 'runs:write', document: 'mutation { resetIdempotencyKey(id: "none") { id } }' },
  'Mutation.pauseRun': { needs: 'runs:write', document: 'mutation { pauseRun(id: "none") { id } }' },
  'Mutation.resumeRun': { needs: 'runs:write', document: 'mutation { resumeRun(id: "none") { id } }' },
  'Mutation.restartRun': { needs: 'runs:write', document: 'mutation { restartRun(id: "none") { id } }' },
  'Mutation.setDebugMode': { needs: 'runs:write', document: 'mutation { setDebugMode(id: "none", enabled: true) { id } }' },
  'Mutation.replayDeadLetter': { needs: 'runs:write', document: 'mutation { replayDeadLetter(id: "none") { id } }' },
  'Mutation.completeRun': { needs: 'run token', document: 'mutation { completeRun(result: 1) { id } }' },
  'Mutation.failRun': { needs: 'run token', document: 'mutation { failRun(input: { error: "x" }) { id } }' },
  'Mutation.heartbeat': { needs: 'run token', document: 'mutation { heartbeat { id } }' },
  'Mutation.logRun': { needs: 'run token', document: 'mutation { logRun(input: { message: "x" }) { seq } }' },
  'Mutation.reportProgress': { needs: 'run token', document: 'mutation { reportProgress(input: { message: "x" }) { seq } }' },
  'Mutation.setOutput': { needs: 'run token', document: 'mutation { setOutput(input: { key: "x", value: 1 }) { id } }' },
  'Mutation.saveCheckpoint': { needs: 'run token', document: 'mutation { saveCheckpoint(input: { state: {} }) { id } }' },
  'Mutation.reportUsage': {
    needs: 'run token',
    document: 'mutation { reportUsage(input: { provider: "x", model: "x" }) { id } }',
  },
  'Mutation.reportToolCall': { needs: 'run token', document: 'mutation { reportToolCall(input: { toolName: "x" }) { id } }' },
  'Mutation.setState': { needs: 'run token', document: 'mutation { setState(input: { key: "x" }) { key } }' },
  'Mutation.deleteState': { needs: 'run token', document: 'mutation { deleteState(key: "x") { id } }' },
  'Mutation.annotateRun': { needs: 'run token', document: 'mutation { annotateRun(input: { annotations: { a: "b" } }) { id } }' },
  'Mutation.reportResources': { needs: 'run token', document: 'mutation { reportResources(input: {}) { seq } }' },
  'Mutation.continueRun': { needs: 'run token', document: 'mutation { continueRun(input: {}) { id } }' },
  'Mutation.spawnRun': { needs: 'run token', document: 'mutation { spawnRun(input: { job: "none" }) { id } }' },
  'Mutation.waitForChildren': { needs: 'run token', document: 'mutation { waitForChildren(input: {}) { status } }' },
  'Query.eventTrigger': { needs: 'runs:read', document: '{ eventTrigger(key: "none") { id } }' },
  'Query.eventTriggers': { needs: 'runs:read', document: '{ eventTriggers { edges { cursor } } }' },
  'Query.eventStats': { needs: 'runs:read', document: '{ eventStats { total } }' },
  'Mutation.sendEvent': { needs: 'runs:write', document: 'mutation { sendEvent(key: "none") { id } }' },
  'Mutation.sendEventsByPrefix': {
    needs: 'runs:write',
    document: 'mutation { sendEventsByPrefix(prefix: "nothing") { resolved } }',
  },
  'Mutation.cancelEventTrigger': { needs: 'runs:write', document: 'mutation { cancelEventTrigger(key: "none") { id } }' },
  'Mutation.waitForEvent': { needs: 'run token', document: 'mutation { waitForEvent(input: { eventKey: "x" }) { triggerId } }' },
  'Query.webhookSubscription': { needs: 'jobs:read', document: '{ webhookSubscription(id: "none") { id } }' },
  'Query.webhookSubscriptions': { needs: 'jobs:read', document: '{ webhookSubscriptions { edges { cursor } } }' },
  'Query.webhookDelivery': { needs: 'runs:read', document: '{ webhookDelivery(id: "none") { id } }' },
  'Query.webhookDeliveries': { needs: 'runs:read', document: '{ webhookDeliveries { edges { cursor } } }' },
  'Mutation.createWebhookSubscription': {
    needs: 'jobs:write',
    document: 'mutation { createWebhookSubscription(input: { webhookUrl: "nonsense", eventTypes: [RUN_FAILED] }) { secret } }',
  },
  'Mutation.updateWebhookSubscription': {
    needs: 'jobs:write',
    document: 'mutation { updateWebhookSubscription(id: "none", input: { active: false }) { id } }',
  },
  'Mutation.deleteWebhookSubscription': {
    needs: 'jobs:write',
    document: 'mutation { deleteWebhookSubscription(id: "none") { id } }',
  },
  'Mutation.testWebhookSubscription': {
    needs: 'jobs:write',
    document: 'mutation { testWebhookSubscription(id: "none") { id } }',
  },
  'Mutation.retryWebhookDelivery': { needs: 'runs:write', document: 'mutation { retryWebhookDelivery(id: "none") { id } }' },
  'Mutation.replayWebhookDelivery': { needs: 'runs:write', document: 'mutation { replayWebhookDelivery(id: "none") { id } }' },
  'Mutation.createStreamToken': { needs: 'runs:read', document: 'mutation { createStreamToken(runId: "none") { token } }' },
  'Mutation.streamRun': { needs: 'run token', document: 'mutation { streamRun(input: {}) { seq } }' },
  'Subscription.runChunks': { needs: 'runs:read', document: 'subscription { runChunks(runId: "none") { seq } }' },
  'Subscription.runEvents': { needs: 'runs:read', document: 'subscription { runEvents(runId: "none") { seq } }' },
  'Subscription.batchChanged': { needs: 'runs:read', document: 'subscription { batchChanged(batchId: "none") { id } }' },
};

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
    const idFor = (document: string, argument: string): string => {
      if (/r(?:evoke|otate)ApiKey/.test(document)) return createApiKey.apiKey.id;
      if (/batch(Changed)?\(/.test(document)) return triggerRuns.batchId;
      if (/WebhookDelivery|webhookDelivery/.test(document)) return delivery.id;
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
        '{ projects { edges { node { id } } } jobs { edges { cursor } } runs { edges { cursor } } apiKeys { edges { cursor } } }',
        { as: other },
      ),
    ).toEqual({
      projects: { edges: [{ node: { id: 'other' } }] },
      jobs: { edges: [] },
      runs: { edges: [] },
      apiKeys: { edges: [] },
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
