import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GraphQLWorld, keyOf, makeGraphQLWorld } from './support/graphql.ts';

let world: GraphQLWorld;
let job: string;
beforeAll(async () => {
  world = await makeGraphQLWorld();
  job = (await world.createJob({ slug: 'work' })).slug;
});
afterAll(() => world.close());

const CREATE = 'mutation ($input: CreateWorkflowInput!) { createWorkflow(input: $input) { id slug version } }';
const TRIGGER = 'mutation ($input: TriggerWorkflowInput!) { triggerWorkflow(input: $input) { id status idempotencyHit } }';

async function create(slug: string, steps: object[], fields: object = {}) {
  const data = await world.get(CREATE, { variables: { input: { slug, name: slug, steps, ...fields } } });
  return data.createWorkflow as { id: string; slug: string; version: number };
}

async function trigger(workflow: string, fields: object = {}) {
  const data = await world.get(TRIGGER, { variables: { input: { workflow, ...fields } } });
  await world.workflowsIdle();
  return data.triggerWorkflow as { id: string; status: string; idempotencyHit: boolean };
}

const codes = ({ errors }: Awaited<ReturnType<GraphQLWorld['ask']>>) => errors?.map(({ extensions }) => extensions?.['code']);

describe('workflows', () => {
  it('are created, read with their steps, changed as versions, and deleted', async () => {
    const { id } = await create('pipeline', [
      { ref: 'a', job },
      { ref: 'ask', kind: 'APPROVAL', dependsOn: ['a'], approvers: ['ann'], onFailure: 'CONTINUE' },
    ]);
    const data = await world.get(`{ workflow(id: "pipeline") { id name version enabled current {
      definitionHash steps { ref name kind dependsOn onFailure jobId approvers condition routes { name } } timeoutSecs output } } }`);
    expect(data.workflow).toMatchObject({
      id,
      version: 1,
      enabled: true,
      current: {
        definitionHash: expect.stringMatching(/^[0-9a-f]{64}$/),
        timeoutSecs: null,
        steps: [
          { ref: 'a', kind: 'JOB', dependsOn: [], onFailure: 'FAIL_WORKFLOW', approvers: null },
          { ref: 'ask', kind: 'APPROVAL', dependsOn: ['a'], onFailure: 'CONTINUE', approvers: ['ann'], jobId: null },
        ],
      },
    });

    const UPDATE =
      'mutation ($input: UpdateWorkflowInput!) { updateWorkflow(id: "pipeline", input: $input) { version name enabled } }';
    const update = async (input: object) => (await world.get(UPDATE, { variables: { input } })).updateWorkflow;
    expect(await update({ timeoutSecs: 60 })).toMatchObject({ version: 2 });
    expect(await update({ timeoutSecs: 60, enabled: false })).toMatchObject({ version: 2, enabled: false });
    expect(await update({ timeoutSecs: null, name: 'Other', expectedVersion: 2 })).toMatchObject({ version: 3, name: 'Other' });
    expect(codes(await world.ask(UPDATE, { variables: { input: { name: 'x', expectedVersion: 2 } } }))).toEqual(['CONFLICT']);
    const { workflow } = await world.get(
      '{ workflow(id: "pipeline") { versions(first: 2) { edges { node { version timeoutSecs } } pageInfo { hasNextPage } } } }',
    );
    expect(workflow.versions).toEqual({
      edges: [{ node: { version: 3, timeoutSecs: null } }, { node: { version: 2, timeoutSecs: 60 } }],
      pageInfo: { hasNextPage: true },
    });

    expect(
      codes(await world.ask(CREATE, { variables: { input: { slug: 'pipeline', name: 'x', steps: [{ ref: 'a', job }] } } })),
    ).toEqual(['CONFLICT']);
    await world.get('mutation { deleteWorkflow(id: "pipeline") { deletedAt } }');
    expect(codes(await world.ask('{ workflow(id: "pipeline") { id } }'))).toEqual(['NOT_FOUND']);
    await create('pipeline', [{ ref: 'a', job }]);
  });

  it('are seen by their own project alone, and by those who may', async () => {
    const { id } = await create('mine', [{ ref: 'ask', kind: 'APPROVAL' }]);
    const run = await trigger(id);
    const other = keyOf('other', '*');
    for (const document of [
      `{ workflow(id: "${id}") { id } }`,
      `{ workflowRun(id: "${run.id}") { id } }`,
      `{ stepRun(workflowRunId: "${run.id}", ref: "ask") { id } }`,
      `mutation { cancelWorkflowRun(input: { id: "${run.id}" }) { id } }`,
      `mutation { approveStep(input: { workflowRunId: "${run.id}", ref: "ask" }) { id } }`,
      `mutation { retryWorkflowRun(input: { id: "${run.id}" }) { id } }`,
      `mutation { triggerWorkflow(input: { workflow: "${id}" }) { id } }`,
    ]) {
      expect([document, codes(await world.ask(document, { as: other }))]).toEqual([document, ['NOT_FOUND']]);
      expect([document, codes(await world.ask(document, { as: keyOf('default', 'runs:read', 'jobs:write') }))]).toEqual([
        document,
        ['FORBIDDEN'],
      ]);
    }
    expect((await world.get('{ workflowRuns { edges { node { id } } } }', { as: other })).workflowRuns.edges).toEqual([]);
  });
});

describe('workflow runs', () => {
  it('show their graph, counts, timeline and work, and are filtered', async () => {
    const { id, slug } = await create(
      'graph',
      [
        { ref: 'a', job, payload: { n: 1 } },
        { ref: 'ask', kind: 'APPROVAL' },
        { ref: 'b', job, dependsOn: ['a', 'ask'] },
      ],
      { tags: { team: 'x' } },
    );
    const run = await trigger(slug, { payload: { p: 1 }, tags: { kind: 'demo' } });
    const data = await world.get(
      `query ($id: ID!) { workflowRun(id: $id) { status payload tags workflow { slug } version { version }
        graph { nodes { ref status kind } edges { from to } }
        stepCounts { total pending waiting running completed }
        steps(first: 1) { edges { node { ref attempt input definition { name } runs { edges { node { triggeredBy workflowStep { ref } payload } } } } } }
        timeline { edges { node { seq type stepRef fromStatus toStatus } } } } }`,
      { variables: { id: run.id } },
    );

    expect(data.workflowRun).toMatchObject({
      status: 'RUNNING',
      payload: { p: 1 },
      tags: { team: 'x', kind: 'demo' },
      workflow: { slug },
      version: { version: 1 },
      stepCounts: { total: 3, pending: 1, waiting: 1, running: 1, completed: 0 },
      graph: {
        nodes: [
          { ref: 'a', status: 'RUNNING', kind: 'JOB' },
          { ref: 'ask', status: 'WAITING', kind: 'APPROVAL' },
          { ref: 'b', status: 'PENDING', kind: 'JOB' },
        ],
        edges: [
          { from: 'a', to: 'b' },
          { from: 'ask', to: 'b' },
        ],
      },
    });
    const [step] = data.workflowRun.steps.edges;
    expect(step.node).toMatchObject({
      ref: 'a',
      attempt: 1,
      input: { p: 1, n: 1, parent_outputs: {} },
      definition: { name: 'a' },
    });
    expect(step.node.runs.edges).toEqual([
      { node: { triggeredBy: 'workflow', workflowStep: { ref: 'a' }, payload: { p: 1, n: 1, parent_outputs: {} } } },
    ]);
    expect(data.workflowRun.timeline.edges.map(({ node }: { node: object }) => node)).toEqual([
      { seq: 1, type: 'RUN', stepRef: null, fromStatus: null, toStatus: 'pending' },
      { seq: 2, type: 'RUN', stepRef: null, fromStatus: 'pending', toStatus: 'running' },
      { seq: 3, type: 'STEP', stepRef: 'a', fromStatus: 'pending', toStatus: 'running' },
      { seq: 4, type: 'STEP', stepRef: 'ask', fromStatus: 'pending', toStatus: 'waiting' },
    ]);
    const { eventTriggers } = await world.get(
      '{ eventTriggers(filter: { sourceType: WORKFLOW_STEP }) { edges { node { eventKey sourceType jobRunId workflowRunId } } } }',
    );
    expect(eventTriggers.edges[0].node).toEqual({
      eventKey: `approval:${run.id}:ask`,
      sourceType: 'WORKFLOW_STEP',
      jobRunId: null,
      workflowRunId: run.id,
    });
    const count = async (filter: object) =>
      (
        await world.get('query ($filter: WorkflowRunFilter) { workflowRuns(filter: $filter) { edges { node { id } } } }', {
          variables: { filter },
        })
      ).workflowRuns.edges.length;
    expect([
      await count({ workflow: id, status: ['RUNNING'], tags: { kind: 'demo' } }),
      await count({ workflow: slug, createdBefore: '2020-01-01T00:00:00Z' }),
      await count({ workflow: slug, status: ['COMPLETED'] }),
      await count({ workflow: slug, triggeredBy: 'manual' }),
    ]).toEqual([1, 0, 0, 1]);
  });

  it('are followed live to their end, and say who did what', async () => {
    const { id } = await create('followed', [{ ref: 'ask', kind: 'APPROVAL' }]);
    const run = await trigger(id);
    const events = await world.follow(
      `subscription { workflowRunChanged(id: "${run.id}", after: 1) { seq type stepRef toStatus message actor } }`,
    );
    if (!(Symbol.asyncIterator in events)) throw new Error('refused');
    await world.get(`mutation { approveStep(input: { workflowRunId: "${run.id}", ref: "ask", reason: "fine" }) { status } }`);
    const seen = [];
    for await (const { data } of events) seen.push(data.workflowRunChanged);

    expect(seen.map(({ seq, type, toStatus }) => [seq, type, toStatus])).toEqual([
      [2, 'RUN', 'running'],
      [3, 'STEP', 'waiting'],
      [4, 'DECISION', 'completed'],
      [5, 'RUN', 'completed'],
    ]);
    expect(seen[2]).toMatchObject({ stepRef: 'ask', message: 'approved: fine', actor: expect.stringMatching(/^key:/) });
  });

  it('answer the same key with the same run, and refuse another payload', async () => {
    const { id } = await create('keyed', [{ ref: 'ask', kind: 'APPROVAL' }]);
    const [first, second] = [
      await trigger(id, { idempotencyKey: 'k', payload: 1 }),
      await trigger(id, { idempotencyKey: 'k', payload: 1 }),
    ];
    expect(second).toMatchObject({ id: first.id, idempotencyHit: true });
    expect(codes(await world.ask(TRIGGER, { variables: { input: { workflow: id, idempotencyKey: 'k', payload: 2 } } }))).toEqual([
      'CONFLICT',
    ]);

    const { cancelWorkflowRuns } = await world.get(
      `mutation { cancelWorkflowRuns(input: { ids: ["${first.id}", "nobody"] }) { id status error } }`,
    );
    expect(cancelWorkflowRuns).toEqual([
      { id: first.id, status: 'CANCELED', error: null },
      { id: 'nobody', status: null, error: 'workflow run not found' },
    ]);
    expect((await trigger(id, { idempotencyKey: 'k', payload: 2 })).idempotencyHit).toBe(false);
  });

  it('can be tried without storing anything', async () => {
    await create(
      'tried',
      [
        { ref: 'a', job },
        { ref: 'b', job, dependsOn: ['a'] },
        { ref: 'c', job, dependsOn: ['a'] },
      ],
      {
        inputSchema: { type: 'object', required: ['n'] },
      },
    );
    const PREVIEW = 'query ($input: TriggerWorkflowInput!) { previewWorkflow(input: $input) { rounds { steps } disabled } }';
    const input = { workflow: 'tried', payload: { n: 1 }, stepOverrides: [{ ref: 'c', enabled: false }] };
    expect((await world.get(PREVIEW, { variables: { input } })).previewWorkflow).toEqual({
      rounds: [{ steps: ['a'] }, { steps: ['b', 'c'] }],
      disabled: ['c'],
    });
    expect(codes(await world.ask(PREVIEW, { variables: { input: { ...input, payload: {} } } }))).toEqual(['BAD_REQUEST']);
    expect((await world.get('{ workflow(id: "tried") { runs { edges { node { id } } } } }')).workflow.runs.edges).toEqual([]);
  });
});

it('logged nothing unplanned', () => {
  expect(world.logged).toEqual([]);
});
