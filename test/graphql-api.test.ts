import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GraphQLWorld, keyOf, makeGraphQLWorld } from './support/graphql.ts';

let t: GraphQLWorld;
beforeAll(async () => {
  t = await makeGraphQLWorld();
});
afterAll(() => t.close());

describe('projects and keys', () => {
  it('says who is calling', async () => {
    const viewer = keyOf('default', 'runs:read', 'api-keys:manage');

    expect(
      await t.get('{ viewer { keyId projectId scopes project { id name maxExecutingRuns createdAt } } }', { as: viewer }),
    ).toEqual({
      viewer: {
        keyId: viewer.keyId,
        projectId: 'default',
        scopes: ['RUNS_READ', 'API_KEYS_MANAGE'],
        project: { id: 'default', name: expect.any(String), maxExecutingRuns: null, createdAt: expect.stringMatching(/Z$/) },
      },
    });
  });

  it('creates and changes a project', async () => {
    const create = 'mutation ($input: CreateProjectInput!) { createProject(input: $input) { id name maxQueuedRuns } }';
    expect(await t.get(create, { variables: { input: { id: 'third', name: 'Third', maxQueuedRuns: 5 } } })).toEqual({
      createProject: { id: 'third', name: 'Third', maxQueuedRuns: 5 },
    });

    const update =
      'mutation { updateProject(input: { id: "third", maxQueuedRuns: null, maxExecutingRuns: 2 }) { name maxQueuedRuns maxExecutingRuns } }';
    expect(await t.get(update)).toEqual({ updateProject: { name: 'Third', maxQueuedRuns: null, maxExecutingRuns: 2 } });
    expect(await t.get('{ project(id: "third") { maxExecutingRuns } projects { edges { node { id } } } }')).toEqual({
      project: { maxExecutingRuns: 2 },
      projects: { edges: [{ node: { id: 'default' } }, { node: { id: 'other' } }, { node: { id: 'third' } }] },
    });
  });

  it('creates a key, shows it once, and revokes it', async () => {
    const create = `mutation { createApiKey(input: { name: "ci", scopes: [RUNS_READ, ALL], expiresInDays: 1 }) {
      key apiKey { id prefix scopes expiresAt revokedAt createdBy } } }`;
    const { createApiKey } = await t.get(create);
    expect(createApiKey).toEqual({
      key: expect.stringMatching(/^baton_/),
      apiKey: {
        id: expect.any(String),
        prefix: createApiKey.key.slice(0, 12),
        scopes: ['ALL', 'RUNS_READ'],
        expiresAt: expect.any(String),
        revokedAt: null,
        createdBy: `key:${t.admin.keyId}`,
      },
    });

    const { revokeApiKey } = await t.get('mutation ($id: ID!) { revokeApiKey(id: $id) { id revokedAt } }', {
      variables: { id: createApiKey.apiKey.id },
    });
    expect(revokeApiKey).toEqual({ id: createApiKey.apiKey.id, revokedAt: expect.any(String) });
    const { apiKeys } = await t.get('{ apiKeys(first: 1) { edges { node { id name projectId revokedAt } } } }');
    expect(apiKeys.edges).toEqual([
      { node: { id: createApiKey.apiKey.id, name: 'ci', projectId: 'default', revokedAt: revokeApiKey.revokedAt } },
    ]);
  });
});

describe('jobs', () => {
  const JOB =
    'id slug name enabled executionMode retryStrategy retryDelaysSecs maxConcurrency payloadSchema tags version versionId deletedAt';

  it('creates, reads, changes, versions and deletes a job', async () => {
    const input = {
      slug: 'resize',
      name: 'Resize',
      endpointUrl: 'http://127.0.0.1:9/resize',
      retryStrategy: 'CUSTOM',
      retryDelaysSecs: [1, 2],
      payloadSchema: { type: 'object' },
      tags: { team: 'media' },
      maxConcurrency: null,
    };
    const { createJob } = await t.get(
      `mutation ($input: CreateJobInput!) { createJob(input: $input) { ${JOB} signingSecret } }`,
      {
        variables: { input },
      },
    );
    expect(createJob).toEqual({
      id: expect.any(String),
      slug: 'resize',
      name: 'Resize',
      enabled: true,
      executionMode: 'HTTP',
      retryStrategy: 'CUSTOM',
      retryDelaysSecs: [1, 2],
      maxConcurrency: null,
      payloadSchema: { type: 'object' },
      tags: { team: 'media' },
      version: 1,
      versionId: expect.stringMatching(/^ver_/),
      deletedAt: null,
      signingSecret: expect.stringMatching(/^whsec_/),
    });

    const update = `mutation ($id: ID!, $input: UpdateJobInput!) { updateJob(id: $id, input: $input) { ${JOB} } }`;
    const changes = { name: 'Resize all', payloadSchema: null, maxConcurrency: 3, expectedVersion: 1 };
    const { updateJob } = await t.get(update, { variables: { id: 'resize', input: changes } });
    expect(updateJob).toMatchObject({
      id: createJob.id,
      name: 'Resize all',
      payloadSchema: null,
      maxConcurrency: 3,
      version: 2,
      tags: { team: 'media' },
    });

    const { rotateJobSecret } = await t.get(`mutation { rotateJobSecret(id: "resize") { signingSecret version } }`);
    expect(rotateJobSecret).toEqual({ signingSecret: expect.stringMatching(/^whsec_/), version: 2 });
    expect(rotateJobSecret.signingSecret).not.toBe(createJob.signingSecret);

    const { job } = await t.get(
      `query ($id: ID!) { job(id: $id) { ${JOB} versions { version name payloadSchema retryStrategy } } }`,
      {
        variables: { id: createJob.id },
      },
    );
    expect(job.versions).toEqual([
      { version: 2, name: 'Resize all', payloadSchema: null, retryStrategy: 'CUSTOM' },
      { version: 1, name: 'Resize', payloadSchema: { type: 'object' }, retryStrategy: 'CUSTOM' },
    ]);
    expect(await t.get('{ job(id: "resize") { versions(limit: 1, before: 2) { version } } }')).toEqual({
      job: { versions: [{ version: 1 }] },
    });

    const { deleteJob } = await t.get('mutation { deleteJob(id: "resize") { slug deletedAt versions { version } } }');
    expect(deleteJob).toEqual({ slug: 'resize', deletedAt: expect.any(String), versions: [] });
    expect((await t.ask('{ job(id: "resize") { id } }')).errors).toMatchObject([
      { message: 'job not found', extensions: { code: 'NOT_FOUND' } },
    ]);
  });

  it('lists jobs by slug, tags and whether they are enabled', async () => {
    const alpha = await t.createJob({ slug: 'alpha', tags: { team: 'a', tier: '1' } });
    const beta = await t.createJob({ slug: 'beta', tags: { team: 'a' }, enabled: false });
    const list = 'query ($filter: JobFilter) { jobs(filter: $filter) { edges { node { id } } } }';
    const idsFor = async (filter: object | null) => {
      const { jobs } = await t.get(list, { variables: { filter } });
      return jobs.edges.map((edge: { node: { id: string } }) => edge.node.id);
    };

    expect(await idsFor(null)).toEqual([beta.id, alpha.id]);
    expect(await idsFor({ slug: 'alpha', tags: null })).toEqual([alpha.id]);
    expect(await idsFor({ tags: { team: 'a' } })).toEqual([beta.id, alpha.id]);
    expect(await idsFor({ tags: { team: 'a', tier: '1' } })).toEqual([alpha.id]);
    expect(await idsFor({ enabled: false })).toEqual([beta.id]);
    expect(await idsFor({ slug: 'no such' })).toEqual([]);
  });
});

describe('runs', () => {
  it('triggers a run and shows every field of it', async () => {
    const job = await t.createJob({ tags: { team: 'a' }, defaultRunMetadata: { region: 'eu' } });
    const input = {
      job: job.slug,
      payload: { n: [1, 'two', null] },
      priority: 3,
      tags: { tier: '1' },
      metadata: { order: '17' },
      ttlSecs: 60,
      idempotencyKey: 'k',
      scheduledAt: null,
    };
    const trigger =
      'mutation ($input: TriggerRunInput!) { triggerRun(input: $input) { id status payloadHash runToken idempotencyHit dryRun { payload } run { payload result } } }';

    const { triggerRun } = await t.get(trigger, { variables: { input } });
    expect(triggerRun).toEqual({
      id: expect.any(String),
      status: 'QUEUED',
      payloadHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      runToken: expect.stringMatching(/^ey/),
      idempotencyHit: false,
      dryRun: null,
      run: { payload: { n: [1, 'two', null] }, result: null },
    });
    const again = (await t.get(trigger, { variables: { input } })).triggerRun;
    expect(again).toMatchObject({ id: triggerRun.id, idempotencyHit: true, runToken: null });

    const { run } = await t.get(
      `query ($id: ID!) { run(id: $id) {
        id jobId projectId status hold attempt priority payload payloadHash metadata tags result error errorClass executionTrace { totalMs } triggeredBy
        scheduledAt queuedAt startedAt finishedAt heartbeatAt nextRetryAt expiresAt parentRunId idempotencyKey jobVersion jobVersionId workflowStepRunId
        timeoutSecs maxAttemptsOverride timeoutSecsOverride retryBackoff retryInitialDelaySecs retryMaxDelaySecs debugMode continuationOf lineageDepth
        createdBy batchId concurrencyKey spawnKey createdAt job { slug } parent { id } batch { id } lease { holder } } }`,
      { variables: { id: triggerRun.id } },
    );
    expect(run).toEqual({
      id: triggerRun.id,
      jobId: job.id,
      projectId: 'default',
      status: 'QUEUED',
      hold: null,
      attempt: 1,
      priority: 3,
      payload: { n: [1, 'two', null] },
      payloadHash: triggerRun.payloadHash,
      metadata: { region: 'eu', order: '17' },
      tags: { team: 'a', tier: '1' },
      result: null,
      error: null,
      errorClass: null,
      executionTrace: null,
      triggeredBy: 'manual',
      scheduledAt: null,
      queuedAt: expect.any(String),
      startedAt: null,
      finishedAt: null,
      heartbeatAt: null,
      nextRetryAt: null,
      expiresAt: expect.any(String),
      parentRunId: null,
      idempotencyKey: 'k',
      jobVersion: 1,
      jobVersionId: job.versionId,
      workflowStepRunId: null,
      timeoutSecs: 300,
      maxAttemptsOverride: null,
      timeoutSecsOverride: null,
      retryBackoff: null,
      retryInitialDelaySecs: null,
      retryMaxDelaySecs: null,
      debugMode: false,
      continuationOf: null,
      lineageDepth: 0,
      createdBy: `key:${t.admin.keyId}`,
      batchId: null,
      concurrencyKey: null,
      spawnKey: null,
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      job: { slug: job.slug },
      parent: null,
      batch: null,
      lease: null,
    });
  });

  it('says what a trigger would do without doing it', async () => {
    const job = await t.createJob({ runTtlSecs: 60 });
    const trigger = `mutation ($input: TriggerRunInput!) { triggerRun(input: $input) {
      id run { id } runToken dryRun { job { slug } payload payloadHash scheduledAt expiresAt } } }`;

    const { triggerRun } = await t.get(trigger, { variables: { input: { job: job.id, payload: 1, dryRun: true } } });

    expect(triggerRun).toEqual({
      id: null,
      run: null,
      runToken: null,
      dryRun: {
        job: { slug: job.slug },
        payload: 1,
        payloadHash: expect.any(String),
        scheduledAt: null,
        expiresAt: expect.any(String),
      },
    });
    expect(
      await t.get('query ($job: ID) { runs(filter: { job: $job }) { edges { cursor } } }', { variables: { job: job.id } }),
    ).toEqual({
      runs: { edges: [] },
    });
  });

  it('triggers many runs at once, each item for itself', async () => {
    const job = await t.createJob({ payloadSchema: { type: 'integer' } });
    const trigger = `mutation ($input: TriggerRunsInput!) { triggerRuns(input: $input) {
      batchId total created items { id status error idempotencyHit run { payload batchId batch { total runs { edges { node { id } } } } } } } }`;
    const items = [
      { payload: 1, priority: null },
      { payload: 'two' },
      { payload: 3, idempotencyKey: 'x' },
      { payload: 3, idempotencyKey: 'x' },
    ];

    const { triggerRuns } = await t.get(trigger, { variables: { input: { job: job.slug, items } } });

    const [first, second, third, fourth] = triggerRuns.items;
    expect(triggerRuns).toMatchObject({ total: 4, created: 2 });
    expect(first.run).toEqual({
      payload: 1,
      batchId: triggerRuns.batchId,
      batch: { total: 4, runs: { edges: [{ node: { id: first.id } }, { node: { id: third.id } }] } },
    });
    expect(second).toEqual({
      id: null,
      status: null,
      error: 'payload validation failed: payload must be integer',
      idempotencyHit: null,
      run: null,
    });
    expect(fourth).toMatchObject({ id: third.id, idempotencyHit: true });
  });

  it('cancels a run and replays a dead letter', async () => {
    const job = await t.createJob({ maxAttempts: 1 });
    const canceled = await t.trigger({ job: job.id });
    const cancel =
      'mutation ($id: ID!) { cancelRun(id: $id) { id status error events(last: 1) { edges { node { fromStatus toStatus } } } } }';
    expect(await t.get(cancel, { variables: { id: canceled } })).toEqual({
      cancelRun: {
        id: canceled,
        status: 'CANCELED',
        error: 'canceled by user',
        events: { edges: [{ node: { fromStatus: 'QUEUED', toStatus: 'CANCELED' } }] },
      },
    });
    expect((await t.ask(cancel, { variables: { id: canceled } })).errors).toMatchObject([
      { message: 'run already in terminal state' },
    ]);

    const buried = await t.trigger({ job: job.id });
    await t.claim();
    await t.runs.transitions.one({ runId: buried, event: 'bury', message: 'gave up', error: 'gave up', errorClass: 'server' });
    const dead = await t.get(
      'query ($job: ID) { runs(filter: { job: $job, status: [DEAD_LETTER] }) { edges { node { id error errorClass } } } }',
      { variables: { job: job.id } },
    );
    expect(dead.runs.edges).toEqual([{ node: { id: buried, error: 'gave up', errorClass: 'SERVER' } }]);
    const replay = 'mutation ($id: ID!) { replayDeadLetter(id: $id) { id status attempt error } }';
    expect(await t.get(replay, { variables: { id: buried } })).toEqual({
      replayDeadLetter: { id: buried, status: 'QUEUED', attempt: 1, error: null },
    });
    expect((await t.ask(replay, { variables: { id: buried } })).errors).toMatchObject([{ extensions: { code: 'CONFLICT' } }]);
  });
});
