import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { sendEvent } from '../src/domain/events/send-event.ts';
import { approveStep, declineStep } from '../src/domain/workflows/step-operations.ts';
import { NO_TRACE } from './support/engine.ts';
import { findViolations } from './support/invariants.ts';
import { type StepRow, startWorkflowWorld, type WorkflowWorld } from './support/workflows.ts';

let t: WorkflowWorld;
let job: string;
beforeAll(async () => {
  t = await startWorkflowWorld({ concurrency: 50 });
  job = (await t.createJob({ maxAttempts: 1 })).slug;
  t.answer((attempt) => {
    const payload = JSON.parse(attempt.payload);
    if (payload?.fail) return { kind: 'failed', errorClass: 'client', message: String(payload.fail), trace: NO_TRACE };
    return { kind: 'completed', result: { got: payload }, trace: NO_TRACE };
  });
});
afterAll(() => t.close());
afterEach(async () => {
  expect(await findViolations(t.pools.reads)).toEqual([]);
});

const statuses = (steps: Record<string, StepRow>) =>
  Object.fromEntries(Object.values(steps).map((step) => [step.step_ref, step.skip_reason ?? step.status]));

async function run(steps: readonly object[], payload: unknown = {}, fields = {}) {
  const { id } = await t.save(steps, fields);
  return t.ended(await t.trigger(id, { payload: payload as never }));
}

describe('job steps', () => {
  it('run one after the other, each with the outputs of those before it', async () => {
    const steps = [
      { ref: 'a', job, payload: { own: 1 } },
      { ref: 'b', job, dependsOn: ['a'], payload: { text: 'x{{payload.n}}', whole: '{{steps.a.output.got.own}}' } },
      { ref: 'c', job, dependsOn: ['b'], outputTransform: 'got.parent_outputs.b.got.text' },
    ];
    const ended = await run(steps, { n: 7 });

    expect(ended).toMatchObject({ status: 'completed', error: null, output: { c: 'x7' } });
    expect(ended.steps['b']?.output).toEqual({
      got: { n: 7, text: 'x7', whole: 1, parent_outputs: { a: { got: { n: 7, own: 1, parent_outputs: {} } } } },
    });
  });

  it('take an expression for their input, and one for the output of the whole', async () => {
    const steps = [
      { ref: 'a', job, inputTransform: '{"sum": $sum(payload.numbers)}' },
      { ref: 'b', job, dependsOn: ['a'], inputTransform: 'steps.a.output.got.sum * 2' },
    ];
    const ended = await run(steps, { numbers: [1, 2, 3] }, { output: '{"twice": steps.b.output.got, "of": payload.numbers[0]}' });

    expect(ended).toMatchObject({ status: 'completed', output: { twice: 12, of: 1 } });
  });

  it('give their overrides to their run', async () => {
    const ended = await run([
      { ref: 'a', job, timeoutSecs: 7, maxAttempts: 2, retryStrategy: 'fixed', retryInitialDelaySecs: 3, priority: 4 },
    ]);
    const { rows } = await t.pools.reads.query('select * from runs where workflow_step_run_id = $1', [ended.steps['a']?.id]);

    expect(rows).toMatchObject([
      {
        timeout_secs: 7,
        timeout_secs_override: 7,
        max_attempts_override: 2,
        retry_backoff: 'fixed',
        retry_initial_delay_secs: 3,
        priority: 4,
        triggered_by: 'workflow',
        spawn_key: '1',
      },
    ]);
  });

  it('end the workflow with their failure, and cancel what is left', async () => {
    const ended = await run([
      { ref: 'a', job, payload: { fail: 'no luck' } },
      { ref: 'b', job, dependsOn: ['a'] },
      { ref: 'slow', kind: 'sleep', sleepSecs: 3_600 },
    ]);

    expect(ended).toMatchObject({ status: 'failed', failed_step: 'a', error: 'step a failed: no luck' });
    expect(statuses(ended.steps)).toEqual({ a: 'failed', b: 'canceled', slow: 'canceled' });
  });

  it('skip what depends on them, or let it go on, when told so', async () => {
    const ended = await run([
      { ref: 'a', job, payload: { fail: 'x' }, onFailure: 'skip_dependents' },
      { ref: 'b', job, dependsOn: ['a'] },
      { ref: 'c', job, dependsOn: ['b'] },
      { ref: 'd', job, payload: { fail: 'y' }, onFailure: 'continue' },
      { ref: 'e', job, dependsOn: ['d'] },
    ]);

    expect(ended.status).toBe('completed');
    expect(statuses(ended.steps)).toEqual({
      a: 'failed',
      b: 'upstream_failed',
      c: 'upstream_failed',
      d: 'failed',
      e: 'completed',
    });
  });

  it('fail when their job is disabled, in words', async () => {
    const off = await t.createJob({ enabled: false });
    const ended = await run([{ ref: 'a', job: off.slug }]);

    expect(ended.error).toBe('step a failed: job is disabled: enable it before triggering runs');
  });

  it('keep within the number that may be under way at once', async () => {
    const steps = Array.from({ length: 6 }, (_, index) => ({ ref: `s${index}`, kind: 'sleep', sleepSecs: 3_600 }));
    const { id } = await t.save(steps, { maxParallelSteps: 2 });
    const started = await t.untilRun(await t.trigger(id), ({ steps: now }) =>
      Object.values(now).some(({ status }) => status === 'waiting'),
    );

    expect(
      Object.values(started.steps)
        .map(({ status }) => status)
        .sort(),
    ).toEqual([...Array.from({ length: 4 }, () => 'pending'), 'waiting', 'waiting']);
  });
});

describe('conditions and routers', () => {
  it('skip the side that was not chosen, and join behind it', async () => {
    const steps = [
      {
        ref: 'if',
        kind: 'condition',
        when: { type: 'gt', left: '{{payload.n}}', right: 3 },
        whenTrue: ['big'],
        whenFalse: ['small'],
      },
      { ref: 'big', job, dependsOn: ['if'] },
      { ref: 'small', job, dependsOn: ['if'] },
      { ref: 'after-small', job, dependsOn: ['small'] },
      { ref: 'join', job, dependsOn: ['big', 'after-small'] },
    ];
    const [big, small] = [await run(steps, { n: 4 }), await run(steps, { n: 3 })];

    expect(statuses(big.steps)).toEqual({
      if: 'completed',
      big: 'completed',
      small: 'not_chosen',
      'after-small': 'upstream_skipped',
      join: 'completed',
    });
    expect(statuses(small.steps)).toMatchObject({
      big: 'not_chosen',
      small: 'completed',
      'after-small': 'completed',
      join: 'completed',
    });
  });

  it('take the first way that holds, by expressions too', async () => {
    const steps = [
      {
        ref: 'route',
        kind: 'router',
        routes: [
          { name: 'a', when: 'payload.kind = "a"', to: ['a'] },
          { name: 'b', when: { type: 'in', left: '{{payload.kind}}', right: ['a', 'b'] }, to: ['b'] },
        ],
        otherwise: ['rest'],
      },
      ...['a', 'b', 'rest'].map((ref) => ({ ref, job, dependsOn: ['route'] })),
    ];
    const chosen = await Promise.all(['a', 'b', 'c'].map(async (kind) => (await run(steps, { kind })).steps['route']?.output));

    expect(chosen).toEqual([
      { route: 'a', chosen: ['a'] },
      { route: 'b', chosen: ['b'] },
      { route: null, chosen: ['rest'] },
    ]);
  });

  it('of steps decide over them, by the status of others', async () => {
    const steps = [
      { ref: 'a', job, payload: { fail: 'x' }, onFailure: 'continue' },
      { ref: 'mend', job, dependsOn: ['a'], condition: { type: 'step_status', step_ref: 'a', status: 'failed' } },
      {
        ref: 'cheer',
        job,
        dependsOn: ['a'],
        condition: { type: 'not', condition: { type: 'eq', left: { step_ref: 'a' }, right: 'failed' } },
      },
    ];
    const ended = await run(steps);

    expect(statuses(ended.steps)).toEqual({ a: 'failed', mend: 'completed', cheer: 'condition' });
  });

  it('that have no answer fail their step, in words', async () => {
    const ended = await run([{ ref: 'a', job, condition: { type: 'gt', left: '{{payload.n}}', right: 1 } }], { n: 'many' });
    expect(ended.error).toBe('step a failed: gt compares numbers, and "many" is none');

    const endless = await run([{ ref: 'a', job, condition: { type: 'regex', left: `${'a'.repeat(50)}!`, right: '^(a+)+$' } }]);
    expect(endless.error).toBe('step a failed: regex takes too long on this text: make the pattern simpler');
  });
});

describe('expressions', () => {
  it.each([
    ['( $f := function($n) { $f($n + 1) }; $f(0) )', /step a failed/],
    [`$match("${'a'.repeat(40)}!", /^(a+)+$/)`, /takes too long/],
    ['$pad("x", 400000000)', /step a failed/],
    ['[1..9000000]', /step a failed/],
  ])('that would not end are ended: %s', async (expression, message) => {
    const ended = await run([{ ref: 'a', job, inputTransform: expression }]);

    expect(ended).toMatchObject({ status: 'failed', error: expect.stringMatching(message) });
    expect((await run([{ ref: 'a', job, inputTransform: '1 + 1' }])).steps['a']?.input).toBe(2);
  });
});

describe('approvals', () => {
  const steps = () => [
    { ref: 'ask', kind: 'approval', approvers: ['ann', 'bob'], message: 'Publish {{payload.what}}?' },
    { ref: 'go', job, dependsOn: ['ask'] },
  ];
  async function asked() {
    const { id } = await t.save(steps());
    return t.untilRun(await t.trigger(id, { payload: { what: 'it' } }), ({ steps: now }) => now['ask']?.status === 'waiting');
  }

  it('wait for one of those who may decide, and keep who and why', async () => {
    const { id, steps: before } = await asked();
    expect(before['ask']?.input).toEqual({ message: 'Publish it?', approvers: ['ann', 'bob'] });
    const approve = (approver?: string) =>
      approveStep(t.actor, { workflowRunId: id, ref: 'ask', approver, reason: 'looks good' }, t.engine.workflows);

    await expect(approve('eve')).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await approve('ann');
    const ended = await t.ended(id);

    expect(ended.steps['ask']).toMatchObject({ status: 'completed', decision: 'approved', decision_reason: 'looks good' });
    expect(ended.steps['ask']?.decided_by).toMatch(/^ann \(key:/);
    await expect(approve('ann')).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('fail when they are declined', async () => {
    const { id } = await asked();
    await declineStep(t.actor, { workflowRunId: id, ref: 'ask', approver: 'bob', reason: 'too early' }, t.engine.workflows);

    expect(await t.ended(id)).toMatchObject({ status: 'failed', error: 'step ask failed: declined: too early' });
  });

  it('can be sent as events', async () => {
    const [yes, no] = [await asked(), await asked()];
    await sendEvent(t.actor, `approval:${yes.id}:ask`, { payload: null }, t.engine.runs);
    await sendEvent(t.actor, `approval:${no.id}:ask`, { payload: { approved: false, reason: 'no' } }, t.engine.runs);

    expect(await t.ended(yes.id)).toMatchObject({ status: 'completed', steps: { ask: { decision: 'approved' } } });
    expect(await t.ended(no.id)).toMatchObject({
      status: 'failed',
      steps: { ask: { decision: 'declined', decision_reason: 'no' } },
    });
  });
});

describe('waiting steps', () => {
  it('go on with the payload of their event', async () => {
    const { id } = await t.save([
      { ref: 'w', kind: 'wait_for_event', eventKey: 'order:{{payload.order}}' },
      { ref: 'a', job, dependsOn: ['w'], inputTransform: 'steps.w.output.paid' },
    ]);
    const runId = await t.trigger(id, { payload: { order: 5 } });
    await t.untilRun(runId, ({ steps }) => steps['w']?.status === 'waiting');
    await sendEvent(t.actor, 'order:5', { payload: { paid: 9 } }, t.engine.runs);

    expect((await t.ended(runId)).output).toEqual({ a: { got: 9 } });
  });

  it('fail when the event does not come, or its key is taken', async () => {
    const { id } = await t.save([{ ref: 'w', kind: 'wait_for_event', eventKey: 'taken', timeoutSecs: 1 }]);
    const first = await t.trigger(id);
    await t.untilRun(first, ({ steps }) => steps['w']?.status === 'waiting');
    const second = await t.ended(await t.trigger(id));

    expect(second.error).toBe('step w failed: event key already in use');
    expect((await t.ended(first)).error).toBe('step w failed: event trigger timed out');
  });

  it('sleep for a while, or until a moment', async () => {
    const started = Date.now();
    const ended = await run(
      [
        { ref: 'a', kind: 'sleep', sleepSecs: 1 },
        { ref: 'b', kind: 'sleep', sleepUntil: '{{payload.at}}', dependsOn: ['a'] },
      ],
      { at: new Date(started - 1_000).toISOString() },
    );

    expect(ended.status).toBe('completed');
    expect(Date.now() - started).toBeGreaterThanOrEqual(1_000);
  });
});

describe('maps', () => {
  it('run once for each item, and have the results in order', async () => {
    const ended = await run(
      [
        { ref: 'm', kind: 'map', job, items: 'payload.list', payload: { tag: '{{payload.tag}}-{{index}}' } },
        { ref: 'after', job, dependsOn: ['m'], inputTransform: '$count(steps.m.output)' },
      ],
      { list: Array.from({ length: 1_200 }, (_, index) => ({ n: index })), tag: 't' },
    );

    expect(ended.status).toBe('completed');
    const results = ended.steps['m']?.output as { got: unknown }[];
    expect(results.map(({ got }) => got)).toEqual(
      Array.from({ length: 1_200 }, (_, index) => ({ item: { n: index }, index, tag: `t-${index}` })),
    );
    expect(ended.output).toEqual({ after: { got: 1_200 } });
  });

  it('work on so many items at once, and no more', async () => {
    let [now, most] = [0, 0];
    const slow = await t.createJob();
    t.answer(async (attempt) => {
      if (attempt.jobSlug === slow.slug) {
        most = Math.max(most, ++now);
        await new Promise((resolve) => setImmediate(resolve));
        now--;
      }
      return { kind: 'completed', result: JSON.parse(attempt.payload).item ?? null, trace: NO_TRACE };
    });
    const ended = await run([{ ref: 'm', kind: 'map', job: slow.slug, items: '[1..40]', concurrency: 3 }]);

    expect(ended.steps['m']?.output).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
    expect(most).toBeLessThanOrEqual(3);
  });

  it('fail with an item, or have null for it', async () => {
    t.answer((attempt) => {
      const { item } = JSON.parse(attempt.payload);
      return item === 2
        ? { kind: 'failed', errorClass: 'client', message: 'two', trace: NO_TRACE }
        : { kind: 'completed', result: item, trace: NO_TRACE };
    });
    const steps = (toleratesFailedItems: boolean) => [{ ref: 'm', kind: 'map', job, items: '[1, 2, 3]', toleratesFailedItems }];

    expect((await run(steps(false))).error).toBe('step m failed: 1 of 3 items failed');
    expect((await run(steps(true))).output).toEqual({ m: [1, null, 3] });
    expect((await run([{ ref: 'm', kind: 'map', job, items: '[]' }])).output).toEqual({ m: [] });
  });
});

describe('sub-workflows', () => {
  it('are steps with the output of their workflow, ten deep and no deeper', async () => {
    t.answer((attempt) => ({ kind: 'completed', result: JSON.parse(attempt.payload), trace: NO_TRACE }));
    let inner = (await t.save([{ ref: 'leaf', job, inputTransform: 'payload.n' }], { output: 'steps.leaf.output' })).slug;
    for (let depth = 1; depth <= 10; depth++) {
      const step = { ref: 'sub', kind: 'sub_workflow', workflow: inner, inputTransform: '{"n": payload.n + 1}' };
      inner = (await t.save([step], { output: 'steps.sub.output' })).slug;
    }
    const ended = await t.ended(await t.trigger(inner, { payload: { n: 0 } }));
    expect(ended).toMatchObject({ status: 'completed', output: 10 });

    const { slug } = await t.save([{ ref: 'sub', kind: 'sub_workflow', workflow: inner }]);
    const tooDeep = await t.ended(await t.trigger(slug, { payload: { n: 0 } }));
    expect(tooDeep).toMatchObject({ status: 'failed', error: expect.stringMatching(/10 levels deep/) });
  });
});
