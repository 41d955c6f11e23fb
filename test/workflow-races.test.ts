import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Outcome } from '../src/core/outcome.ts';
import { cancelWorkflowRun } from '../src/domain/workflows/operations.ts';
import { healWorkflows } from '../src/domain/workflows/reap.ts';
import { approveStep } from '../src/domain/workflows/step-operations.ts';
import { beginWork } from '../src/domain/workflows/work.ts';
import { NO_TRACE } from './support/engine.ts';
import { findViolations } from './support/invariants.ts';
import { randomSteps } from './support/random-steps.ts';
import { startWorkflowWorld, type WorkflowWorld } from './support/workflows.ts';

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const DONE: Outcome = { kind: 'completed', result: null, trace: NO_TRACE };
const FAILED: Outcome = { kind: 'failed', errorClass: 'client', message: 'failed on purpose', trace: NO_TRACE };

/** Two processes on one database. No reaper helps but the first looks, which come before there is anything. */
let one: WorkflowWorld;
let two: WorkflowWorld;
let job: string;
beforeAll(async () => {
  one = await startWorkflowWorld({ concurrency: 100, reaperMs: 600_000, leaseMs: 600_000 });
  two = await startWorkflowWorld({ concurrency: 100, reaperMs: 600_000, leaseMs: 600_000, url: one.url });
  job = (await one.createJob({ maxAttempts: 1 })).slug;
});
afterAll(async () => {
  await two.close();
  await one.close();
});
afterEach(async () => {
  expect(await findViolations(one.pools.reads)).toEqual([]);
});

function answer(with_: Parameters<WorkflowWorld['answer']>[0]) {
  one.answer(with_);
  two.answer(with_);
}

describe(`two processes (SEED=${SEED})`, () => {
  it('take random graphs to their end, every step once, whatever the order, however often somebody looks', async () => {
    await fc.assert(
      fc.asyncProperty(randomSteps(), fc.infiniteStream(fc.nat({ max: 9 })), fc.boolean(), async (steps, luck, yes) => {
        answer(async () => {
          const drawn = luck.next().value ?? 0;
          for (let turn = 0; turn < drawn % 4; turn++) await new Promise((resolve) => setImmediate(resolve));
          return drawn === 0 ? FAILED : DONE;
        });
        const { id } = await one.save(steps.map((step) => ({ ...step, ...(step.kind ? {} : { job }) })));
        const runId = await (luck.next().value ? one : two).trigger(id, { payload: { yes } });
        const looking = setInterval(() => {
          one.engine.workflows.advancer.touch([runId]);
          two.engine.workflows.advancer.touch([runId]);
        }, 2);
        try {
          const ended = await one.ended(runId);
          const fatal = steps.filter(
            ({ ref, onFailure }) => ended.steps[ref]?.status === 'failed' && (onFailure ?? 'fail_workflow') === 'fail_workflow',
          );
          expect(ended.status).toBe(fatal.length > 0 ? 'failed' : 'completed');
          expect(Object.values(ended.steps).every(({ attempt }) => attempt <= 1)).toBe(true);
        } finally {
          clearInterval(looking);
        }
      }),
      { seed: SEED, numRuns: 25, endOnFailure: true },
    );
  });

  it('lose and double no successor when two steps end at once, 500 times', async () => {
    answer(() => DONE);
    const { id } = await one.save([
      { ref: 'a', job },
      { ref: 'b', job },
      { ref: 'join', job, dependsOn: ['a', 'b'] },
    ]);
    for (let round = 0; round < 10; round++) {
      const runs = await Promise.all(Array.from({ length: 50 }, (_, index) => (index % 2 ? one : two).trigger(id)));
      const ended = await Promise.all(runs.map((run) => one.ended(run)));
      expect(new Set(ended.map(({ status }) => status))).toEqual(new Set(['completed']));
    }
    const { rows } = await one.pools.reads.query(
      `select s.step_ref, count(*)::int, count(distinct s.id)::int as steps from runs r join workflow_step_runs s on s.id = r.workflow_step_run_id
         join workflow_runs w on w.id = s.workflow_run_id where w.workflow_id = $1 group by 1 order by 1`,
      [id],
    );
    expect(rows).toEqual(['a', 'b', 'join'].map((step_ref) => ({ step_ref, count: 500, steps: 500 })));
  });

  it('let one of approve and cancel win, and tell the other', async () => {
    const { id } = await one.save([{ ref: 'ask', kind: 'approval' }]);
    const runs = await Promise.all(Array.from({ length: 50 }, () => one.trigger(id)));
    await Promise.all(runs.map((run) => one.untilRun(run, ({ steps }) => steps['ask']?.status === 'waiting')));
    const won = await Promise.all(
      runs.map(async (run, index) => {
        const [first, second] = index % 2 ? [one, two] : [two, one];
        const endings = await Promise.allSettled([
          approveStep(one.actor, { workflowRunId: run, ref: 'ask' }, first.engine.workflows),
          cancelWorkflowRun(one.actor, { id: run }, second.engine.workflows),
        ]);
        return endings.map(({ status }) => status === 'fulfilled');
      }),
    );
    for (const [index, run] of runs.entries()) {
      const { status, steps } = await one.read(run);
      expect([status, steps['ask']?.status, won[index]]).toEqual(
        won[index]?.[0] ? ['completed', 'completed', [true, false]] : ['canceled', 'canceled', [false, true]],
      );
    }
  });

  it('stop the work of what is canceled, down to the last run', async () => {
    const gate = Promise.withResolvers<Outcome>();
    answer((_attempt, signal) => {
      signal.addEventListener('abort', () => gate.resolve({ kind: 'aborted' }));
      return gate.promise;
    });
    const inner = await one.save([{ ref: 'leaf', kind: 'map', job, items: '[1..20]' }]);
    const { id } = await one.save([
      { ref: 'sub', kind: 'sub_workflow', workflow: inner.slug },
      { ref: 'job', job },
    ]);
    const run = await one.trigger(id);
    const children = async () => {
      const { rows } = await one.pools.reads.query<{ id: string; status: string }>(
        `with recursive below as (
           select id from workflow_runs where id = $1 union all select c.id from workflow_runs c join below b on c.parent_run_id = b.id)
         select r.id, r.status from below b join workflow_step_runs s on s.workflow_run_id = b.id join runs r on r.workflow_step_run_id = s.id`,
        [run],
      );
      return rows;
    };
    await one.untilRun(run, () => true);
    for (let found = await children(); found.length < 21; found = await children())
      await new Promise((resolve) => setImmediate(resolve));
    await cancelWorkflowRun(one.actor, { id: run }, two.engine.workflows);
    await Promise.all((await children()).map(({ id: runId }) => one.until(runId, ({ status }) => status === 'canceled')));
    gate.resolve({ kind: 'aborted' });
    await one.untilRun(run, ({ status }) => status === 'canceled');
    const { rows } = await one.pools.reads.query('select distinct status from workflow_runs where parent_run_id = $1', [run]);
    expect(rows).toEqual([{ status: 'canceled' }]);
  });
});

describe('a process that ends between two statements', () => {
  it('leaves nothing that is not healed', async () => {
    answer(() => DONE);
    const { id } = await one.save([
      { ref: 'a', job },
      { ref: 'm', kind: 'map', job, items: '[1..5]', dependsOn: ['a'] },
    ]);
    // As the statements before the end leave it: a pending run nobody has looked at.
    const clone = async () => {
      const run = await one.trigger(id);
      await one.ended(run);
      return run;
    };
    const begun = await clone();
    await one.pools.reads.query(`update workflow_runs set status = 'running', finished_at = null where id = $1`, [begun]);
    await one.pools.reads.query(
      `update workflow_step_runs set status = 'running', finished_at = null, started_at = now() - interval '1 minute', output = null,
              attempt = 2 where workflow_run_id = $1 and step_ref = 'm'`,
      [begun],
    );
    await one.pools.reads.query(
      `delete from workflow_run_events where workflow_run_id = $1 and to_status = 'completed' and (type = 'run' or step_ref = 'm')`,
      [begun],
    );
    await one.pools.reads.query(
      `update workflow_run_events e set seq = n.seq from (select seq as old, row_number() over (order by seq)::int as seq from workflow_run_events
         where workflow_run_id = $1) n where e.workflow_run_id = $1 and e.seq = n.old`,
      [begun],
    );
    await one.pools.reads.query(
      `update workflow_runs set event_seq = (select count(*) from workflow_run_events where workflow_run_id = $1) where id = $1`,
      [begun],
    );
    await healWorkflows(one.engine.workflows);
    const ended = await one.ended(begun);

    expect(ended).toMatchObject({ status: 'completed', steps: { m: { attempt: 2, output: [null, null, null, null, null] } } });
  });

  it('begins no work twice', async () => {
    answer(() => DONE);
    const { id } = await one.save([
      { ref: 'a', job },
      { ref: 'ask', kind: 'approval' },
    ]);
    const run = await one.trigger(id);
    const { steps } = await one.untilRun(run, (row) => row.steps['a']?.status === 'completed');
    const step = steps['a'];
    if (!step) throw new Error('no step');
    const version = await one.engine.workflows.definitions.get(id, 1);
    const work = {
      projectId: 'default',
      workflowRunId: run,
      nesting: 0,
      stepRunId: step.id,
      position: 0,
      attempt: 1,
      step: version.definition.steps[0] as never,
      input: {},
      items: null,
    };
    await Promise.all([beginWork([work], one.engine.workflows), beginWork([work], two.engine.workflows)]);

    const { rows } = await one.pools.reads.query('select status from runs where workflow_step_run_id = $1', [step.id]);
    expect(rows).toEqual([{ status: 'completed' }]);
    await cancelWorkflowRun(one.actor, { id: run }, one.engine.workflows);
  });
});
