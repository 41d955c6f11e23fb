import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { cancelWorkflowRuns } from '../src/domain/workflows/cancel-many.ts';
import { cancelWorkflowRun, pauseWorkflowRun, resumeWorkflowRun } from '../src/domain/workflows/operations.ts';
import { deleteExpiredWorkflowRuns } from '../src/domain/workflows/retention.ts';
import { retryWorkflowRun } from '../src/domain/workflows/retry-run.ts';
import { approveStep, completeStepByHand, retryStep, skipStep } from '../src/domain/workflows/step-operations.ts';
import { NO_TRACE } from './support/engine.ts';
import { findViolations } from './support/invariants.ts';
import { type StepRow, startWorkflowWorld, type WorkflowWorld } from './support/workflows.ts';

let t: WorkflowWorld;
let job: string;
let broken = new Set<string>();
beforeAll(async () => {
  t = await startWorkflowWorld({ concurrency: 50 });
  job = (await t.createJob({ maxAttempts: 1 })).slug;
  t.answer((attempt) => {
    const { me } = JSON.parse(attempt.payload);
    if (broken.has(me)) return { kind: 'failed', errorClass: 'client', message: `${me} is broken`, trace: NO_TRACE };
    return { kind: 'completed', result: `${me} by ${attempt.runId}`, trace: NO_TRACE };
  });
});
afterAll(() => t.close());
afterEach(async () => {
  broken = new Set();
  expect(await findViolations(t.pools.reads)).toEqual([]);
});

const step = (ref: string, ...dependsOn: string[]) => ({ ref, job, dependsOn, payload: { me: ref } });
const of = (id: string, ref: string) => ({ workflowRunId: id, ref, reason: 'because' });
const statuses = (steps: Record<string, StepRow>) =>
  Object.fromEntries(Object.values(steps).map((one) => [one.step_ref, one.status]));
const w = () => t.engine.workflows;

describe('retry of the whole', () => {
  it.each([
    ['from_failed', undefined, { a: true, b: true, c: false, d: false }],
    ['from_step', 'b', { a: true, b: false, c: false, d: false }],
    ['full', undefined, { a: false, b: false, c: false, d: false }],
  ] as const)('%s keeps what it says, and links to the one before', async (mode, from, kept) => {
    const { id } = await t.save([step('a'), step('b', 'a'), step('c', 'a'), step('d', 'b', 'c')]);
    broken.add('c');
    const first = await t.trigger(id, { payload: { x: 1 } });
    await t.untilRun(first, ({ steps }) => steps['c']?.status === 'failed');
    const before = await t.ended(first);
    broken.clear();
    const again = await t.ended(await retryWorkflowRun(t.actor, { id: first, mode, step: from }, w()));

    expect(before).toMatchObject({ status: 'failed', failed_step: 'c' });
    expect(again).toMatchObject({ status: 'completed', retry_of: first });
    const wasDone = (ref: string) => before.steps[ref]?.status === 'completed';
    expect(Object.fromEntries(Object.values(again.steps).map((one) => [one.step_ref, one.kept_from === first]))).toEqual(
      Object.fromEntries(Object.entries(kept).map(([ref, isKept]) => [ref, isKept && wasDone(ref)])),
    );
    for (const ref of Object.keys(kept))
      if (again.steps[ref]?.kept_from) expect(again.steps[ref]?.output).toBe(before.steps[ref]?.output);
  });

  it('is refused for what goes on, for a mode without its step, and when nothing has failed', async () => {
    const { id } = await t.save([{ ref: 'ask', kind: 'approval' }]);
    const open = await t.trigger(id);
    await t.untilRun(open, ({ steps }) => steps['ask']?.status === 'waiting');
    const retry = (mode: 'from_failed' | 'from_step' | 'full', from?: string) =>
      retryWorkflowRun(t.actor, { id: open, mode, step: from }, w());

    await expect(retry('full')).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('goes on: it is running'),
    });
    await approveStep(t.actor, of(open, 'ask'), w());
    await t.ended(open);
    await expect(retry('from_step')).rejects.toMatchObject({ code: 'BAD_REQUEST', message: 'from_step needs a step' });
    await expect(retry('from_step', 'nobody')).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    await expect(retry('full', 'ask')).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    await expect(retry('from_failed')).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringContaining('no step has failed'),
    });
  });
});

describe('pause', () => {
  it('lets what is under way end, and starts nothing new until it is resumed', async () => {
    const { id } = await t.save([{ ref: 'ask', kind: 'approval' }, step('after', 'ask')]);
    const run = await t.trigger(id);
    await t.untilRun(run, ({ steps }) => steps['ask']?.status === 'waiting');
    await pauseWorkflowRun(t.actor, { id: run, reason: 'lunch' }, w());
    await pauseWorkflowRun(t.actor, { id: run }, w());
    await approveStep(t.actor, of(run, 'ask'), w());
    expect(statuses((await t.read(run)).steps)).toEqual({ ask: 'completed', after: 'pending' });
    await resumeWorkflowRun(t.actor, { id: run }, w());

    expect((await t.ended(run)).status).toBe('completed');
    await expect(resumeWorkflowRun(t.actor, { id: run }, w())).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(pauseWorkflowRun(t.actor, { id: run }, w())).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(cancelWorkflowRun(t.actor, { id: run }, w())).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('does not count for the timeout', async () => {
    const { id } = await t.save([{ ref: 'ask', kind: 'approval' }], { timeoutSecs: 1 });
    const [paused, running] = [await t.trigger(id), await t.trigger(id)];
    await t.untilRun(paused, ({ steps }) => steps['ask']?.status === 'waiting');
    await pauseWorkflowRun(t.actor, { id: paused }, w());

    expect(await t.ended(running)).toMatchObject({
      status: 'timed_out',
      error: 'workflow timed out',
      steps: { ask: { status: 'canceled' } },
    });
    expect((await t.read(paused)).status).toBe('paused');
    await resumeWorkflowRun(t.actor, { id: paused }, w());
    expect((await t.ended(paused)).status).toBe('timed_out');
  });
});

describe('single steps', () => {
  it('are skipped, and what depends on them goes on', async () => {
    const { id } = await t.save([{ ref: 'ask', kind: 'approval' }, step('after', 'ask')]);
    const run = await t.trigger(id);
    await t.untilRun(run, ({ steps }) => steps['ask']?.status === 'waiting');
    await skipStep(t.actor, of(run, 'ask'), w());
    const ended = await t.ended(run);

    expect(statuses(ended.steps)).toEqual({ ask: 'skipped', after: 'completed' });
    expect(ended.steps['ask']).toMatchObject({
      decision: 'skipped',
      decision_reason: 'because',
      decided_by: `key:${t.actor.keyId}`,
    });
    await expect(skipStep(t.actor, of(run, 'ask'), w())).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('are completed by hand with an output that others see', async () => {
    const { id } = await t.save([
      { ref: 'sleep', kind: 'sleep', sleepSecs: 3_600 },
      { ref: 'after', job, dependsOn: ['sleep'], inputTransform: '{"me": steps.sleep.output.name}' },
    ]);
    const run = await t.trigger(id);
    await t.untilRun(run, ({ steps }) => steps['sleep']?.status === 'waiting');
    await completeStepByHand(t.actor, { ...of(run, 'sleep'), output: { name: 'early' } }, w());

    expect((await t.ended(run)).output).toEqual({ after: expect.stringMatching(/^early by /) });
  });

  it('are retried, which opens what was skipped because of them', async () => {
    const { id } = await t.save([
      { ...step('a'), onFailure: 'skip_dependents' },
      step('b', 'a'),
      step('c', 'b'),
      { ref: 'hold', kind: 'approval' },
    ]);
    broken.add('a');
    const run = await t.trigger(id);
    await t.untilRun(run, ({ steps }) => steps['c']?.status === 'skipped');
    await expect(retryStep(t.actor, of(run, 'b'), w())).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(approveStep(t.actor, of(run, 'a'), w())).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'step a is no approval',
    });
    await expect(retryStep(t.actor, of(run, 'nobody'), w())).rejects.toMatchObject({ code: 'NOT_FOUND' });
    broken.clear();
    await retryStep(t.actor, of(run, 'a'), w());
    await t.untilRun(run, ({ steps }) => steps['c']?.status === 'completed');
    await approveStep(t.actor, of(run, 'hold'), w());
    const ended = await t.ended(run);

    expect(ended).toMatchObject({ status: 'completed', steps: { a: { attempt: 2, decision: 'retried' }, b: { attempt: 1 } } });
  });

  it('are left out by the trigger', async () => {
    const { id } = await t.save([step('a'), step('b', 'a'), step('c', 'b')]);
    const ended = await t.ended(await t.trigger(id, { stepOverrides: [{ ref: 'b', enabled: false }] }));

    expect(statuses(ended.steps)).toEqual({ a: 'completed', b: 'skipped', c: 'completed' });
    await expect(t.trigger(id, { stepOverrides: [{ ref: 'x', enabled: false }] })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  });
});

describe('many', () => {
  it('are canceled by conditions', async () => {
    const { id, slug } = await t.save([{ ref: 'ask', kind: 'approval' }]);
    const runs = await Promise.all(Array.from({ length: 5 }, () => t.trigger(id)));
    const results = await cancelWorkflowRuns(t.actor, { workflow: slug }, w());

    expect(results).toEqual(runs.sort().map((run) => ({ id: run, status: 'canceled', error: null })));
    await expect(cancelWorkflowRuns(t.actor, {}, w())).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  });

  it('are deleted after their time, with all that belongs to them', async () => {
    const { id } = await t.save([{ ref: 'ask', kind: 'approval' }]);
    const [old, young] = [await t.trigger(id), await t.trigger(id)];
    await cancelWorkflowRuns(t.actor, { ids: [old, young] }, w());
    await t.pools.reads.query(
      `update workflow_runs set created_at = now() - interval '40 days', finished_at = now() - interval '31 days' where id = $1`,
      [old],
    );

    expect(await deleteExpiredWorkflowRuns(100, t.pools)).toBe(1);
    expect(await t.read(old)).toBeUndefined();
    expect((await t.read(young)).status).toBe('canceled');
    for (const table of ['workflow_step_runs', 'workflow_run_events', 'workflow_run_data', 'waits']) {
      const { rows } = await t.pools.reads.query(`select count(*)::int from ${table} where workflow_run_id = $1`, [old]);
      expect([table, rows[0]]).toEqual([table, { count: 0 }]);
    }
  });
});

describe('saving', () => {
  const tooMany = Array.from({ length: 1_001 }, (_, index) => ({ ref: `s${index}`, kind: 'sleep', sleepSecs: 1 }));
  it.each<[string, object[], string | RegExp, object?]>([
    [
      'a circle',
      [
        { ref: 'a', job: 'x', dependsOn: ['c'] },
        { ref: 'b', job: 'x', dependsOn: ['a'] },
        { ref: 'c', job: 'x', dependsOn: ['b'] },
      ],
      /^steps\.\w\.depends_on: goes in a circle: \w → \w → \w → \w$/,
    ],
    ['itself', [{ ref: 'a', job: 'x', dependsOn: ['a'] }], 'steps.a.depends_on: names the step itself'],
    ['nobody', [{ ref: 'a', job: 'x', dependsOn: ['b'] }], 'steps.a.depends_on: names "b", which is no step of this workflow'],
    [
      'two of a name',
      [
        { ref: 'a', job: 'x' },
        { ref: 'a', job: 'x' },
      ],
      'steps.a: is the name of two steps',
    ],
    ['no job', [{ ref: 'a' }], 'steps.a.job: is required for a step of kind job'],
    ['an unknown job', [{ ref: 'a', job: 'nobody-knows' }], 'steps.a.job: names the job "nobody-knows", which does not exist'],
    [
      'an unknown workflow',
      [{ ref: 'a', kind: 'sub_workflow', workflow: 'nope' }],
      'steps.a.workflow: names the workflow "nope", which does not exist',
    ],
    [
      'a field of another kind',
      [{ ref: 'a', kind: 'sleep', sleepSecs: 1, items: '[]' }],
      'steps.a.items: means nothing to a step of kind sleep',
    ],
    ['a sleep of no length', [{ ref: 'a', kind: 'sleep' }], 'steps.a.sleep_secs: a sleep needs either sleep_secs or sleep_until'],
    ['no date', [{ ref: 'a', kind: 'sleep', sleepUntil: 'soon' }], /^steps\.a\.sleep_until: is no date-time/],
    ['a broken expression', [{ ref: 'a', kind: 'condition', when: 'payload.(' }], /^steps\.a\.when: is no JSONata expression: /],
    [
      'a step that comes later',
      [
        { ref: 'a', kind: 'condition', when: 'steps.b.output' },
        { ref: 'b', kind: 'sleep', sleepSecs: 0 },
      ],
      'steps.a.when: refers to "b", which is no step before it',
    ],
    [
      'an unknown reference',
      [{ ref: 'a', kind: 'wait_for_event', eventKey: 'x:{{input.id}}' }],
      /^steps\.a\.event_key: refers to "input\.id"; a reference starts with payload/,
    ],
    [
      'a malformed reference',
      [{ ref: 'a', kind: 'wait_for_event', eventKey: '{{payload..id}}' }],
      /^steps\.a\.event_key: has \{\{payload\.\.id\}\}/,
    ],
    [
      'an output of nobody',
      [{ ref: 'a', kind: 'sleep', sleepSecs: 1 }],
      'output: refers to "z", which is no step of this workflow',
      { output: 'steps.z.output' },
    ],
    [
      'no pattern',
      [{ ref: 'a', kind: 'condition', when: { type: 'regex', left: 'a', right: '(' } }],
      'steps.a.when: "(" is no regular expression',
    ],
    [
      'a target that does not depend',
      [
        { ref: 'a', kind: 'condition', when: 'true', whenTrue: ['b'] },
        { ref: 'b', kind: 'sleep', sleepSecs: 1 },
      ],
      'steps.a: leads to "b", which does not depend on it',
    ],
    [
      'a schema that is none',
      [{ ref: 'a', kind: 'sleep', sleepSecs: 1 }],
      /^input_schema: /,
      { inputSchema: { type: 'nonsense' } },
    ],
  ])('refuses %s, naming the step, and stores nothing', async (_what, steps, message, fields = {}) => {
    const before = await t.pools.reads.query('select count(*) from workflows');
    await expect(
      t.save(
        steps.map((one) => ('job' in one && one.job === 'x' ? { ...one, job } : one)),
        fields,
      ),
    ).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    });
    expect((await t.pools.reads.query('select count(*) from workflows')).rows).toEqual(before.rows);
  });

  it('refuses 1,001 steps, unknown fields and operators, and takes 1,000', async () => {
    await expect(async () => t.save(tooMany)).rejects.toThrow(/steps/);
    await expect(async () => t.save([{ ref: 'a', job, nonsense: 1 }])).rejects.toThrow(/nonsense/);
    await expect(async () => t.save([{ ref: 'a', job, condition: { type: 'like', left: 1, right: 2 } }])).rejects.toThrow();
    await t.save(tooMany.slice(1));
  });

  it('completes a fan-out of 1,000 steps and its fan-in', async () => {
    const fan = Array.from({ length: 998 }, (_, index) => ({
      ref: `s${index}`,
      job,
      dependsOn: ['start'],
      payload: { me: 'x' },
    }));
    const { id } = await t.save([
      step('start'),
      ...fan,
      { ...step('end', ...fan.map(({ ref }) => ref)), inputTransform: '{"me": "end"}' },
    ]);

    expect((await t.ended(await t.trigger(id))).status).toBe('completed');
  });
});
