import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Actor, RunActor } from '../src/auth/actor.ts';
import type { JobRow } from '../src/domain/jobs/job.ts';
import { type GraphQLWorld, makeGraphQLWorld } from './support/graphql.ts';

let t: GraphQLWorld;
let job: JobRow;
let executor: RunActor;
beforeAll(async () => {
  t = await makeGraphQLWorld();
  job = await t.createJob({ slug: 'counted' });
  for (let n = 0; n < 5; n++) await t.trigger({ job: job.id, payload: n });
  for (const payload of [1, 2]) {
    await t.get(`mutation { triggerRuns(input: { job: "counted", items: [{ payload: ${payload} }] }) { batchId } }`);
  }
  executor = await t.start({ job: job.id });
  for (const slug of ['one', 'two', 'three']) {
    await t.get(
      `mutation { createWorkflow(input: { slug: "${slug}", name: "x", steps: [{ ref: "ask", kind: APPROVAL }] }) { id } }`,
    );
    await t.get(`mutation { triggerWorkflow(input: { workflow: "${slug}" }) { id } }`);
  }
  await t.workflowsIdle();
});
afterAll(() => t.close());

/** What a list of runs shows at most in columns of its own, and beside them. */
const ROW = 'id status attempt error createdAt';
const EVERYTHING = `${ROW} payload metadata tags result heartbeatAt executionTrace { totalMs } job { slug } parent { id } batch { id } lease { holder }`;

async function count(document: string, options?: { variables?: object; as?: Actor }): Promise<number> {
  return (await t.statementsOf(document, options)).length;
}

describe('statements of a query', () => {
  it.each([
    ['{ viewer { keyId projectId scopes } }', 0],
    ['{ viewer { project { name } } }', 1],
    ['{ project(id: "default") { id name createdAt } }', 1],
    ['{ projects { edges { node { id name } } pageInfo { hasNextPage } } }', 1],
    ['{ apiKeys { edges { node { id name scopes } } } }', 1],
    ['{ job(id: "counted") { id slug tags signingSecret } }', 1],
    ['{ job(id: "counted") { slug versions { version name } } }', 3],
    ['{ jobs(filter: { slug: "counted" }) { edges { node { id slug payloadSchema } } } }', 1],
    ['{ webhookSubscriptions { edges { node { id webhookUrl eventTypes active } } } }', 1],
    // The deliveries, and the subscriptions of all of them at once.
    ['{ webhookDeliveries { edges { node { id status payload subscription { webhookUrl } } } } }', 2],
    // Which runs, what of them.
    [`{ runs { edges { node { ${ROW} } } } }`, 2],
    // Beside these: data, result, lease, job, parent and batch, each for all rows at once.
    [`{ runs { edges { node { ${EVERYTHING} } } } }`, 8],
    // The batches, and how all of them stand.
    ['{ batches { edges { node { id total progress counts { queued } startedAt } } } }', 2],
    // The workflows, and what all of them say.
    ['{ workflows { edges { node { slug current { steps { ref } } } } } }', 2],
    ['{ workflowPage { items { slug current { steps { ref } } } total } }', 3],
    // The workflow runs, and the moments that have made them.
    ['{ workflowRuns { edges { node { id status scheduleId } } } }', 2],
    ['{ job(id: "counted") { runs(first: 3) { edges { node { id } } } } }', 3],
  ])('%s', async (document, statements) => {
    expect(await count(document)).toBe(statements);
  });

  it('on one run', async () => {
    const one = (fields: string) => count(`{ run(id: "${executor.runId}") { ${fields} } }`);

    expect(await one(ROW)).toBe(1);
    expect(await one('payload metadata tags')).toBe(2);
    expect(await one(EVERYTHING)).toBe(7);
    expect(await one('events { edges { node { seq type message data } } }')).toBe(2);
    expect(await one('outputs { edges { node { key value } } }')).toBe(2);
    expect(await one('waits { edges { node { id } } }')).toBe(2);
    expect(await one('children { edges { node { id } } }')).toBe(3);
  });

  it('does not read the columns nobody asks for', async () => {
    const statements = await t.statementsOf('{ runs { edges { node { id status } } } }');

    expect(statements.at(-1)).toContain('"status"');
    expect(statements.at(-1)).not.toContain('execution_trace');
  });

  it('counts the rows of a list to a limit alone', async () => {
    const statements = await t.statementsOf('{ workflowRunPage { total } workflowPage { total } }');

    expect(statements).toEqual([expect.stringMatching(/count.*limit/is), expect.stringMatching(/count.*limit/is)]);
  });

  it('on the own payload', async () => {
    expect(await count('{ ownPayload }', { as: executor })).toBe(1);
  });
});

describe('statements of a mutation', () => {
  it('of projects and keys', async () => {
    expect(await count('mutation { createProject(input: { id: "counted", name: "x" }) { id name createdAt } }')).toBe(1);
    expect(await count('mutation { updateProject(input: { id: "counted", name: "y" }) { id name } }')).toBe(1);
    expect(await count('mutation { createApiKey(input: { name: "x" }) { key apiKey { id name } } }')).toBe(1);
    const { apiKeys } = await t.get('{ apiKeys(first: 1) { edges { node { id } } } }');
    expect(
      await count('mutation ($id: ID!) { revokeApiKey(id: $id) { id revokedAt } }', {
        variables: { id: apiKeys.edges[0].node.id },
      }),
    ).toBe(2);
  });

  it('of jobs', async () => {
    const made =
      'mutation { createJob(input: { slug: "made", name: "x", endpointUrl: "http://127.0.0.1:9/" }) { id slug signingSecret } }';
    expect(await count(made)).toBe(1);
    expect(await count('mutation { updateJob(id: "made", input: { name: "y" }) { name version } }')).toBe(1);
    expect(await count('mutation { rotateJobSecret(id: "made") { signingSecret } }')).toBe(1);
    expect(await count('mutation { deleteJob(id: "made") { deletedAt } }')).toBe(1);
  });

  it('of runs', async () => {
    const trigger = (fields: string) => `mutation ($job: ID!) { triggerRun(input: { job: $job }) { ${fields} } }`;
    await t.trigger({ job: job.slug });

    expect(await count(trigger('id status payloadHash runToken idempotencyHit'), { variables: { job: job.slug } })).toBe(1);
    expect(await count(trigger(`run { ${ROW} payload }`), { variables: { job: job.slug } })).toBe(3);
    // The batch, its runs, however many, and that they are stored.
    const items = Array.from({ length: 10 }, () => ({}));
    expect(
      await count('mutation ($input: TriggerRunsInput!) { triggerRuns(input: $input) { items { id } } }', {
        variables: { input: { job: job.slug, items } },
      }),
    ).toBe(3);
    // The runs asked for of all items are read at once.
    expect(
      await count('mutation ($input: TriggerRunsInput!) { triggerRuns(input: $input) { items { run { status } } } }', {
        variables: { input: { job: job.slug, items } },
      }),
    ).toBe(4);
    // The run, its descendants, and what is shown of it.
    const id = await t.trigger({ job: job.id });
    expect(await count('mutation ($id: ID!) { cancelRun(id: $id) { id status } }', { variables: { id } })).toBe(3);
  });

  it('of executors', async () => {
    const as = await t.start({ job: job.id });
    await t.get('mutation { logRun(input: { message: "x" }) { seq } }', { as });

    expect(await count('mutation { heartbeat { id } }', { as })).toBe(1);
    expect(await count('mutation { logRun(input: { message: "x" }) { seq } }', { as })).toBe(1);
    expect(await count('mutation { reportProgress(input: { message: "x", percent: 1 }) { seq } }', { as })).toBe(1);
    expect(await count('mutation { setOutput(input: { key: "x", value: 1 }) { id } }', { as })).toBe(1);
    expect(
      await count('mutation ($job: ID!) { spawnRun(input: { job: $job }) { id status } }', { as, variables: { job: job.slug } }),
    ).toBe(2);
    // The job of the run, for its result schema, and the end.
    expect(await count('mutation { completeRun(result: 1) { id } }', { as })).toBe(2);
    expect(await count('mutation { failRun(input: { error: "x" }) { id } }', { as: await t.start({ job: job.id }) })).toBe(1);
  });
});
