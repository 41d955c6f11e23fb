import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FINAL_WORKFLOW_STATUSES, type WorkflowRunStatus } from '../src/core/workflow-state.ts';
import { WEBHOOK_EVENT_TYPES } from '../src/domain/webhooks/event-types.ts';
import { cancelWorkflowRuns } from '../src/domain/workflows/cancel-many.ts';
import { cancelWorkflowRun } from '../src/domain/workflows/operations.ts';
import { retryWorkflowRun } from '../src/domain/workflows/retry-run.ts';
import { approveStep, completeStepByHand, declineStep, skipStep } from '../src/domain/workflows/step-operations.ts';
import { NO_TRACE } from './support/engine.ts';
import { newProject } from './support/jobs.ts';
import { type DeliveryRow, deliveriesOf, makeReceivers, subscribe } from './support/webhooks.ts';
import { startWorkflowWorld, type WorkflowWorld } from './support/workflows.ts';

let t: WorkflowWorld;
let job: string;
const receivers = makeReceivers();
/** Subscribed to everything, and to one ending alone; the others must never hear anything. */
let everything: string;
const only = new Map<string, string>();
const silent: string[] = [];
beforeAll(async () => {
  t = await startWorkflowWorld({ reaperMs: 100, post: receivers.post });
  job = (await t.createJob({ maxAttempts: 1 })).slug;
  t.answer((attempt) =>
    JSON.parse(attempt.payload).fails
      ? { kind: 'failed', errorClass: 'client', message: 'told to', trace: NO_TRACE }
      : { kind: 'completed', result: { big: 'x'.repeat(JSON.parse(attempt.payload).bytes ?? 0) }, trace: NO_TRACE },
  );
  everything = await subscribe(t, 'https://everything.example.com/');
  for (const type of WEBHOOK_EVENT_TYPES) only.set(type, await subscribe(t, 'https://only.example.com/', { eventTypes: [type] }));
  silent.push(await subscribe(t, 'https://off.example.com/', { active: false }));
  silent.push(await subscribe(t, 'https://other.example.com/', { actor: await newProject(t.pools.reads) }));
});
afterAll(() => t.close());

const w = () => t.engine.workflows;
const APPROVAL = { ref: 'ask', kind: 'approval' };

async function start(steps: readonly object[], fields: object = {}): Promise<string> {
  return t.trigger((await t.save(steps, fields)).id);
}

async function asking(fields: object = {}): Promise<string> {
  const id = await start([APPROVAL], fields);
  await t.untilRun(id, ({ steps }) => steps['ask']?.status === 'waiting');
  return id;
}

/** A workflow run whose only step is a workflow that asks; answers both. */
async function nested(): Promise<{ readonly parent: string; readonly child: string }> {
  const { id: inner } = await t.save([APPROVAL]);
  const parent = await start([{ ref: 'inner', kind: 'sub_workflow', workflow: inner }]);
  for (;;) {
    const { rows } = await t.pools.reads.query<{ id: string }>(
      "select w.id from workflow_runs w join workflow_step_runs s on s.workflow_run_id = w.id and s.status = 'waiting' where w.parent_run_id = $1",
      [parent],
    );
    if (rows[0]) return { parent, child: rows[0].id };
  }
}

/** Every way a workflow run can end: what ends it, and the status it ends in. */
const PATHS: Readonly<Record<string, readonly [WorkflowRunStatus, () => Promise<string>]>> = {
  'its steps are over': ['completed', () => start([{ ref: 'work', job }])],
  'its steps are skipped from the beginning': [
    'completed',
    () => start([{ ref: 'work', job, condition: { type: 'eq', left: 1, right: 2 } }]),
  ],
  'its last step is approved': [
    'completed',
    async () => {
      const id = await asking();
      await approveStep(t.actor, { workflowRunId: id, ref: 'ask' }, w());
      return id;
    },
  ],
  'its last step is skipped by hand': [
    'completed',
    async () => {
      const id = await asking();
      await skipStep(t.actor, { workflowRunId: id, ref: 'ask' }, w());
      return id;
    },
  ],
  'its last step is completed by hand': [
    'completed',
    async () => {
      const id = await asking();
      await completeStepByHand(t.actor, { workflowRunId: id, ref: 'ask', output: 1 }, w());
      return id;
    },
  ],
  'the workflow inside of another one ends': [
    'completed',
    async () => {
      const { child } = await nested();
      await approveStep(t.actor, { workflowRunId: child, ref: 'ask' }, w());
      return child;
    },
  ],
  'the workflow inside of it ends': [
    'completed',
    async () => {
      const { parent, child } = await nested();
      await approveStep(t.actor, { workflowRunId: child, ref: 'ask' }, w());
      return parent;
    },
  ],
  'a step fails': ['failed', () => start([{ ref: 'work', job, payload: { fails: true } }])],
  'a step is declined': [
    'failed',
    async () => {
      const id = await asking();
      await declineStep(t.actor, { workflowRunId: id, ref: 'ask', reason: 'no' }, w());
      return id;
    },
  ],
  'its output breaks the schema': [
    'failed',
    () => start([{ ref: 'work', job }], { outputSchema: { type: 'object', required: ['nothing-has-it'] } }),
  ],
  'its retry fails again': [
    'failed',
    async () => {
      const first = await start([{ ref: 'work', job, payload: { fails: true } }]);
      await t.ended(first);
      return retryWorkflowRun(t.actor, { id: first }, w());
    },
  ],
  'it takes too long': [
    'timed_out',
    async () => {
      const id = await asking({ timeoutSecs: 600 });
      await t.pools.reads.query('update workflow_runs set deadline_at = now() where id = $1', [id]);
      return id;
    },
  ],
  'a person cancels it': [
    'canceled',
    async () => {
      const id = await asking();
      await cancelWorkflowRun(t.actor, { id }, w());
      return id;
    },
  ],
  'it is canceled with others': [
    'canceled',
    async () => {
      const id = await asking();
      await cancelWorkflowRuns(t.actor, { ids: [id] }, w());
      return id;
    },
  ],
  'the workflow run above it is canceled': [
    'canceled',
    async () => {
      const { parent, child } = await nested();
      await cancelWorkflowRun(t.actor, { id: parent }, w());
      return child;
    },
  ],
};

async function toldOf(workflowRunId: string): Promise<DeliveryRow[]> {
  const { rows } = await t.pools.reads.query<DeliveryRow>(
    "select * from webhook_deliveries where payload ->> 'workflow_run_id' = $1 order by id",
    [workflowRunId],
  );
  return rows;
}

describe('every ending of a workflow run', () => {
  it('is in the table of this test', () => {
    expect(new Set(Object.values(PATHS).map(([status]) => status))).toEqual(new Set(FINAL_WORKFLOW_STATUSES));
  });

  it.each(Object.entries(PATHS))('fires one delivery for each who wants to know: %s', async (_path, [status, end]) => {
    const id = await end();
    const run = await t.ended(id);
    // Whatever else looks at an ended workflow run finds nothing to tell.
    w().advancer.touch([id]);
    await t.engine.workflows.advancer.idle();

    const deliveries = await toldOf(id);

    expect(run.status).toBe(status);
    expect(deliveries.map((row) => row.subscription_id).sort()).toEqual([everything, only.get(`workflow.${status}`)].sort());
    for (const { payload, event_type, kind } of deliveries) {
      expect([event_type, kind]).toEqual([`workflow.${status}`, 'subscription']);
      expect(payload).toEqual({
        type: `workflow.${status}`,
        workflow_run_id: id,
        workflow_id: expect.any(String),
        workflow_version: 1,
        project_id: 'default',
        status,
        output: run.output,
        error: run.error,
        failed_step: run.failed_step,
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      });
    }
    await expect
      .poll(async () => (await toldOf(id)).map((row) => [row.status, row.attempts]))
      .toEqual([1, 2].map(() => ['delivered', 1]));
  });

  it('was heard of by nobody else', async () => {
    for (const subscriptionId of silent) expect(await deliveriesOf(t, { subscriptionId })).toEqual([]);
  });

  it('leaves a large output out, and says where it is', async () => {
    const id = await start([{ ref: 'work', job, payload: { bytes: 12_000 } }]);
    await t.ended(id);

    expect((await toldOf(id))[0]?.payload).toMatchObject({
      output: null,
      output_truncated: true,
      output_url: `/v1/workflow-runs/${id}`,
    });
  });
});
