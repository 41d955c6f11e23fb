import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { Config } from '../../src/config.ts';
import { createClient, type Run } from '../../src/sdk/entry.ts';
import { ADMIN_KEY, type Dispatch, type RestAnswer, type RestOptions, startTestApp, startTestExecutor } from './app.ts';

/** A run in the hands of its executor, which has accepted it and holds its token. */
export interface AcceptedRun {
  readonly id: string;
  readonly token: string;
}

/** A whole server with an executor that does what payloads tell it, and a second project that must stay invisible. */
export interface RestWorld {
  readonly url: string;
  /** Of the project `default`: a job whose runs are not retried. Its id, its slug. */
  readonly job: { readonly id: string; readonly slug: string };
  /** Of the project `other`: a key, a job, a run that has ended, the key of an event that another run waits for, a webhook and what it was sent, a schedule. */
  readonly other: {
    readonly key: string;
    readonly keyId: string;
    readonly jobId: string;
    readonly runId: string;
    readonly eventKey: string;
    /** A batch that its run belongs to. */
    readonly batchId: string;
    readonly workflowId: string;
    /** Of that workflow, waiting for an approval. */
    readonly workflowRunId: string;
    readonly subscriptionId: string;
    readonly deliveryId: string;
    readonly environmentId: string;
    readonly secretId: string;
    readonly priceId: string;
    readonly circuitId: string;
    readonly scheduleId: string;
  };
  /** Sends a request, with the admin key unless told otherwise. */
  rest(method: string, path: string, options?: RestOptions): Promise<RestAnswer>;
  /** As `rest`, and throws unless the answer is a success; answers its body. */
  done(method: string, path: string, options?: RestOptions): Promise<RestAnswer['body']>;
  /** Creates a job that the executor serves. */
  createJob(fields?: object): Promise<{ readonly id: string; readonly slug: string }>;
  /** Makes a key of the project `default`. */
  keyWith(...scopes: string[]): Promise<string>;
  /** Triggers a run and waits until its executor has accepted it. */
  accepted(trigger?: object, job?: string): Promise<AcceptedRun>;
  /** Waits until a run is handed out for the `count`-th time; answers its token. */
  dispatched(runId: string, count?: number): Promise<string>;
  /** Triggers a run and waits until it has ended. */
  ended(trigger: object, job?: string): Promise<Run>;
  /** Waits until a run has ended. */
  end(runId: string): Promise<Run>;
  /** Waits until nothing happens by itself any more: every run has ended, or is in the hands of an executor that keeps it. */
  settled(): Promise<void>;
  /**
   * How many rows each table has, with a digest of them, once runs under way have come to rest; equal when nothing was stored or changed
   * in between.
   */
  stored(): Promise<Record<string, string>>;
  /** Changes the database behind the server's back. */
  sql(text: string, values: unknown[]): Promise<void>;
  close(): Promise<void>;
}

/** What a payload tells the executor to do: accept the run (and report later), complete it, or fail. */
export const DO = { accept: { do: 'accept' }, complete: { do: 'complete' }, fail: { do: 'fail' } } as const;

/** Starts a {@link RestWorld}; `over` changes the configuration of its server. */
export async function startRestWorld(over: Partial<Config> = {}): Promise<RestWorld> {
  const executor = await startTestExecutor();
  const app = await startTestApp(over);
  const database = new pg.Pool({ connectionString: app.databaseUrl, max: 1 });
  const tokens = new Map<string, string[]>();
  let handedOut = Promise.withResolvers<void>();
  executor.answer((dispatch, res) => {
    const runId = String(dispatch.headers['x-run-id']);
    tokens.set(runId, [...(tokens.get(runId) ?? []), String(dispatch.headers['x-run-token'])]);
    const [status, body] = ANSWERS[whatToDo(dispatch)];
    res.writeHead(status, { 'content-type': 'application/json' }).end(body, () => {
      handedOut.resolve();
      handedOut = Promise.withResolvers();
    });
  });

  const done: RestWorld['done'] = async (method, path, options) => {
    const { status, body } = await app.rest(method, path, options);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(body)}`);
    return body;
  };
  let count = 0;
  async function createJob(fields: object = {}, key?: string): Promise<{ id: string; slug: string }> {
    // Runs that their executor keeps must not be given up on while tests look at them, however long the machine takes.
    const patience = { heartbeat_timeout_secs: 3_600, timeout_secs: 3_600 };
    const job = { name: 'A job', slug: `job-${++count}`, endpoint_url: executor.url, max_attempts: 1, ...patience, ...fields };
    return done('POST', '/v1/jobs', { body: job, ...(key && { key }) });
  }
  async function makeKey(fields: object): Promise<{ id: string; key: string }> {
    return done('POST', '/v1/api-keys', { body: { name: 'A key', ...fields } });
  }
  const clientOf = (apiKey: string) => createClient({ url: app.url, apiKey });
  const trigger = (job: string, body: object, key?: string): Promise<{ id: string }> =>
    done('POST', `/v1/jobs/${job}/trigger`, { body, ...(key && { key }) });

  async function dispatched(runId: string, times = 1): Promise<string> {
    for (;;) {
      const token = tokens.get(runId)?.[times - 1];
      if (token !== undefined) return token;
      await handedOut.promise;
    }
  }

  const end = (runId: string) => clientOf(ADMIN_KEY).runs.wait(runId);

  async function settled(): Promise<void> {
    for (;;) {
      const { rows } = await database.query<{ id: string; keeps: boolean }>(MOVING_RUNS);
      const { rowCount: moving } = await database.query(MOVING_WORKFLOWS);
      const { rowCount: unsettled } = await database.query(UNSETTLED_BATCHES);
      if (rows.length === 0 && !moving && !unsettled) return;
      await Promise.all(rows.map(({ id, keeps }) => (keeps ? dispatched(id) : end(id))));
    }
  }

  const job = await createJob();
  await done('POST', '/v1/projects', { body: { id: 'other', name: 'Other' } });
  const otherKey = await makeKey({ project_id: 'other' });
  const otherJob = await createJob({ slug: 'theirs' }, otherKey.key);
  const otherBatch = await done('POST', '/v1/jobs/theirs/trigger/bulk', {
    body: { items: [{ payload: DO.complete }] },
    key: otherKey.key,
  });
  const otherRun: { id: string } = otherBatch.results[0];
  await clientOf(otherKey.key).runs.wait(otherRun.id);
  const otherEventKey = 'theirs';
  const otherWaiting = await trigger('theirs', { payload: DO.accept }, otherKey.key);
  await done('POST', `/sdk/v1/runs/${otherWaiting.id}/wait-for-event`, {
    key: await dispatched(otherWaiting.id),
    body: { event_key: otherEventKey, timeout_secs: 86_400 },
  });

  const otherSubscription = await done('POST', '/v1/webhooks/subscriptions', {
    key: otherKey.key,
    body: { webhook_url: executor.url, event_types: ['workflow.failed'] },
  });
  const otherDelivery = await done('POST', `/v1/webhooks/subscriptions/${otherSubscription.id}/test`, { key: otherKey.key });

  const theirs = (path: string, body: object) => done('POST', path, { body, key: otherKey.key });
  const environment = await theirs('/v1/environments', { slug: 'theirs' });
  const secret = await theirs('/v1/secrets', { key: 'THEIRS', value: 'x', environment_id: 'theirs' });
  const price = await theirs('/v1/pricing', { provider: 'x', model: 'x', prompt_microusd: 1, completion_microusd: 1 });
  const circuitId = randomUUID();
  await database.query(
    `insert into circuits (id, project_id, endpoint, state, failures, opened_at) values ($1, 'other', 'http://x/', 'closed', 0, now())`,
    [circuitId],
  );
  const otherSchedule = await done('POST', '/v1/schedules', {
    key: otherKey.key,
    body: { name: 'Theirs', job_id: 'theirs', cron: '0 9 1 1 *' },
  });
  const otherWorkflow = await done('POST', '/v1/workflows', {
    key: otherKey.key,
    body: { slug: 'theirs', name: 'Theirs', steps: [{ step_ref: 'approve', type: 'approval' }] },
  });
  const otherWorkflowRun = await done('POST', '/v1/workflows/theirs/trigger', { key: otherKey.key });

  return {
    url: app.url,
    job,
    other: {
      workflowId: otherWorkflow.id,
      workflowRunId: otherWorkflowRun.id,
      subscriptionId: otherSubscription.id,
      scheduleId: otherSchedule.id,
      deliveryId: otherDelivery.id,
      environmentId: environment.id,
      secretId: secret.id,
      priceId: price.id,
      circuitId,
      key: otherKey.key,
      keyId: otherKey.id,
      jobId: otherJob.id,
      runId: otherRun.id,
      eventKey: otherEventKey,
      batchId: otherBatch.batch_id,
    },
    rest: app.rest,
    done,
    createJob: (fields) => createJob(fields),
    keyWith: async (...scopes) => (await makeKey({ scopes })).key,
    async accepted(body = {}, slug = job.slug) {
      const { id } = await trigger(slug, { payload: DO.accept, ...body });
      return { id, token: await dispatched(id) };
    },
    dispatched,
    async ended(body, slug = job.slug) {
      const { id } = await trigger(slug, body);
      return clientOf(ADMIN_KEY).runs.wait(id);
    },
    end,
    settled,
    async stored() {
      await settled();
      const { rows } = await database.query<Record<string, string>>(`select ${TABLES.map(digestSql).join(', ')}`);
      return rows[0] ?? {};
    },
    async sql(text, values) {
      await database.query(text, values);
    },
    async close() {
      await database.end();
      await app.close();
      await executor.close();
    },
  };
}

const ANSWERS = { accept: [202, ''], complete: [200, '{"ok":true}'], fail: [500, '{"error":"told to fail"}'] } as const;

function whatToDo({ payload }: Dispatch): keyof typeof ANSWERS {
  const told = typeof payload === 'object' && payload !== null && 'do' in payload ? payload.do : 'complete';
  return told === 'accept' || told === 'fail' ? told : 'complete';
}

/** A managed run of these tests sleeps until its world is closed, once it executes, which it does as it is triggered. */
const MOVING_RUNS = `
  select r.id, keeps from runs r join run_data d on d.run_id = r.id join jobs j on j.id = r.job_id and j.execution_mode = 'http', lateral (select d.payload ->> 'do' is not distinct from 'accept' as keeps) k
   where (r.status in ('queued', 'dequeued') and r.hold is null) or (r.status = 'executing' and not keeps)`;

/** Batches whose last run has ended, which is yet to be noted of them, or of which something goes on again. */
const UNSETTLED_BATCHES = `
  select b.id from batches b where b.stored = b.total and (b.ended_status is null) = not exists (
    select from runs r where r.batch_id = b.id
       and r.status in ('delayed', 'queued', 'dequeued', 'executing', 'waiting', 'paused'))`;

/** Workflow runs that go on by themselves: those where a step waits for a person, or for an executor that keeps its run, are at rest. */
const MOVING_WORKFLOWS = `
  select w.id from workflow_runs w
   where w.status = 'pending'
      or (w.status = 'running' and not exists (
           select from workflow_step_runs s left join runs r on r.workflow_step_run_id = s.id left join run_data d on d.run_id = r.id
            where s.workflow_run_id = w.id
              and ((s.status = 'waiting' and s.kind = 'approval')
                   or (s.status = 'running' and r.status = 'executing' and d.payload ->> 'do' = 'accept'))))`;

/** Tables that requests write to. */
const TABLES = [
  'projects',
  'api_keys',
  'jobs',
  'job_versions',
  'batches',
  'batch_items',
  'runs',
  'run_data',
  'run_results',
  'run_events',
  'run_outputs',
  'run_state',
  'run_checkpoints',
  'run_usage',
  'run_tool_calls',
  'waits',
  'environments',
  'secrets',
  'circuits',
  'model_prices',
  'workflows',
  'workflow_versions',
  'workflow_runs',
  'workflow_run_data',
  'workflow_step_runs',
  'workflow_run_events',
  'webhook_subscriptions',
  'schedules',
  'schedule_fires',
  'schedule_inputs',
];

/** Which version of each row there is: any write makes a new one, and reading the rows themselves took most of a test's time. */
function digestSql(table: string): string {
  return `(select count(*) || ' ' || coalesce(sum(hashtextextended(t.ctid::text || ' ' || t.xmin::text, 0)), 0) from ${table} t) as ${table}`;
}
