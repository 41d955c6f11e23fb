import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { cancelSchedule, pauseSchedule, resumeSchedule, updateSchedule } from '../src/domain/schedules/change-schedule.ts';
import { fireDue } from '../src/domain/schedules/fire-due.ts';
import { runScheduleNow } from '../src/domain/schedules/run-now.ts';
import { settleFires } from '../src/domain/schedules/settle-fires.ts';
import { dueAt, firesOf, schedule, scheduleRow } from './support/schedules.ts';
import { startWorkflowWorld, type WorkflowWorld } from './support/workflows.ts';

let t: WorkflowWorld;
beforeAll(async () => {
  // Nothing is dispatched and no loop fires: the tests do.
  t = await startWorkflowWorld({ role: 'api' });
});
afterAll(() => t.close());
afterEach(() => t.pools.reads.query('truncate schedules, schedule_fires'));

const NOW = new Date('2026-03-01T12:00:01Z');
const at = (time: string) => new Date(`2026-03-01T${time}Z`);
const fire = async (now: Date = NOW) => {
  await fireDue(t.engine.runs, now);
  await settleFires(t.engine.schedules);
};
const outcomes = async (id: string) => (await firesOf(t, id)).map(({ outcome }) => outcome);

describe('a schedule that is due', () => {
  it('makes a run of its job, and waits for its next moment', async () => {
    const job = await t.createJob({ tags: { team: 'a' } });
    const input = { payload: { n: 1 }, tags: { from: 'clock' }, metadata: { why: 'time' }, priority: 7, concurrencyKey: 'k' };
    const { id } = await schedule(t, { job: job.slug, cron: '0 * * * *', ...input });
    await dueAt(t, id, at('12:00:00'));

    await fire();

    const [fired, ...others] = await firesOf(t, id);
    expect(others).toEqual([]);
    expect(fired).toMatchObject({
      fire_at: at('12:00:00'),
      outcome: 'started',
      run_status: 'queued',
      triggered_by: 'cron',
      created_by: 'system:cron',
      scheduled_at: at('12:00:00'),
    });
    const { rows } = await t.pools.reads.query(
      'select r.priority, r.concurrency_key, d.payload, d.tags, d.metadata from runs r join run_data d on d.run_id = r.id where r.id = $1',
      [fired?.run_id],
    );
    expect(rows).toEqual([
      { priority: 7, concurrency_key: 'k', payload: { n: 1 }, tags: { team: 'a', from: 'clock' }, metadata: { why: 'time' } },
    ]);
    expect(await scheduleRow(t, id)).toMatchObject({
      status: 'active',
      next_fire_at: at('13:00:00'),
      last_fired_at: at('12:00:00'),
      fire_count: 1,
    });
  });

  it('makes a run of its workflow', async () => {
    const job = await t.createJob();
    const workflow = await t.save([{ ref: 'a', job: job.slug }], { tags: { team: 'a' } });
    const { id } = await schedule(t, { workflow: workflow.slug, cron: '0 * * * *', payload: [1], tags: { from: 'clock' } });
    await dueAt(t, id, at('12:00:00'));

    await fire();

    const [fired] = await firesOf(t, id);
    expect(fired).toMatchObject({ outcome: 'started', run_id: null, triggered_by: 'cron', created_by: 'system:cron' });
    const { rows } = await t.pools.reads.query('select payload, tags from workflow_run_data where workflow_run_id = $1', [
      fired?.workflow_run_id,
    ]);
    expect(rows).toEqual([{ payload: [1], tags: { team: 'a', from: 'clock' } }]);
  });

  it('has completed after its one moment, and fires late rather than never', async () => {
    const job = await t.createJob();
    const { id } = await schedule(t, { job: job.slug, runAt: new Date(Date.now() + 60_000) });
    await dueAt(t, id, at('06:00:00'));

    await fire();
    await fire();

    expect(await outcomes(id)).toEqual(['started']);
    expect(await scheduleRow(t, id)).toMatchObject({ status: 'completed', next_fire_at: null });
  });

  it('says what it has missed, and catches up as far as it is to', async () => {
    const job = await t.createJob();
    const { id } = await schedule(t, { job: job.slug, cron: '0 * * * *', catchUp: 'all', catchUpLimit: 2 });
    await dueAt(t, id, at('07:00:00'));

    await fire();

    expect(await firesOf(t, id)).toMatchObject([
      { fire_at: at('07:00:00'), outcome: 'missed', missed_count: 3, missed_until: at('09:00:00'), run_id: null },
      { fire_at: at('10:00:00'), outcome: 'started' },
      { fire_at: at('11:00:00'), outcome: 'started' },
      { fire_at: at('12:00:00'), outcome: 'started' },
    ]);
    expect(await scheduleRow(t, id)).toMatchObject({ fire_count: 3, missed_count: 3 });
  });

  it.each([
    ['disabled', 'the job is disabled', 'enabled = false'],
    ['deleted', 'the job was deleted', 'deleted_at = now()'],
  ])('says that its job was %s, and stays', async (_, error, change) => {
    const job = await t.createJob();
    const { id } = await schedule(t, { job: job.slug, cron: '0 * * * *' });
    await t.pools.reads.query(`update jobs set ${change} where id = $1`, [job.id]);
    t.engine.runs.jobs.invalidate('default');
    await dueAt(t, id, at('12:00:00'));

    await fire();

    expect(await firesOf(t, id)).toMatchObject([{ outcome: 'failed', error, run_id: null }]);
    expect(await scheduleRow(t, id)).toMatchObject({ status: 'active' });
  });

  it('is paused when its time zone is none any more', async () => {
    const job = await t.createJob();
    const { id } = await schedule(t, { job: job.slug, cron: '0 * * * *' });
    const other = await schedule(t, { job: job.slug, cron: '0 * * * *' });
    await t.pools.reads.query("update schedules set timezone = 'Mars/Base' where id = $1", [id]);
    await dueAt(t, id, at('12:00:00'));
    await dueAt(t, other.id, at('12:00:00'));

    await fire();

    expect(await firesOf(t, id)).toMatchObject([{ outcome: 'failed', error: expect.stringMatching(/IANA.*paused/) }]);
    expect(await scheduleRow(t, id)).toMatchObject({ status: 'paused' });
    expect(await outcomes(other.id)).toEqual(['started']);
  });
});

describe('a crash', () => {
  it('between the two steps leaves a moment that still makes its run', async () => {
    const job = await t.createJob();
    const { id } = await schedule(t, { job: job.slug, cron: '0 * * * *' });
    await dueAt(t, id, at('12:00:00'));
    await fireDue(t.engine.runs, NOW);
    expect(await outcomes(id)).toEqual(['pending']);

    await fire();

    expect(await outcomes(id)).toEqual(['started']);
  });

  it.each(['job', 'workflow'])('between the run of a %s and the note makes no second run', async (kind) => {
    const job = await t.createJob();
    const workflow = await t.save([{ ref: 'a', job: job.slug }]);
    const { id } = await schedule(t, {
      ...(kind === 'job' ? { job: job.slug } : { workflow: workflow.slug }),
      cron: '0 * * * *',
      overlapPolicy: 'skip',
    });
    await dueAt(t, id, at('12:00:00'));
    await fire();
    const [before] = await firesOf(t, id);
    await t.pools.reads.query("update schedule_fires set outcome = 'pending', settled_at = null where schedule_id = $1", [id]);

    await settleFires(t.engine.schedules);

    const [after] = await firesOf(t, id);
    expect(after).toMatchObject({ outcome: 'started', run_id: before?.run_id, workflow_run_id: before?.workflow_run_id });
    const { rows } = await t.pools.reads.query(
      `select (select count(*)::int from runs where job_id = $1 and workflow_step_run_id is null) as runs,
              (select count(*)::int from workflow_runs where workflow_id = $2) as workflows`,
      [job.id, workflow.id],
    );
    expect(rows).toEqual([kind === 'job' ? { runs: 1, workflows: 0 } : { runs: 0, workflows: 1 }]);
  });
});

describe('runs that would overlap', () => {
  const hours = ['10:00:00', '11:00:00', '12:00:00'];

  async function twice(overlapPolicy: string, kind: 'job' | 'workflow' = 'job') {
    const job = await t.createJob();
    const workflow = await t.save([{ ref: 'a', job: job.slug }]);
    const target = kind === 'job' ? { job: job.slug } : { workflow: workflow.slug };
    const { id } = await schedule(t, { ...target, cron: '0 * * * *', overlapPolicy, catchUp: 'all' });
    await dueAt(t, id, at(hours[0] ?? ''));
    await fire();
    return (await firesOf(t, id)).map(({ outcome, run_status }) => [outcome, run_status]);
  }

  it('may', async () => {
    expect(await twice('allow')).toEqual(hours.map(() => ['started', 'queued']));
  });

  it.each(['job', 'workflow'] as const)('are skipped, of a %s', async (kind) => {
    const active = kind === 'job' ? 'queued' : expect.stringMatching(/pending|running/);
    expect(await twice('skip', kind)).toEqual([
      ['started', active],
      ['skipped_overlap', null],
      ['skipped_overlap', null],
    ]);
  });

  it.each(['job', 'workflow'] as const)('take the place of one another, of a %s', async (kind) => {
    const active = kind === 'job' ? 'queued' : expect.stringMatching(/pending|running/);
    expect(await twice('cancel_previous', kind)).toEqual([
      ['started', 'canceled'],
      ['started', 'canceled'],
      ['started', active],
    ]);
  });

  it('do not, once the run before has ended', async () => {
    const job = await t.createJob();
    const { id } = await schedule(t, { job: job.slug, cron: '0 * * * *', overlapPolicy: 'skip' });
    await dueAt(t, id, at('12:00:00'));
    await fire();
    const [first] = await firesOf(t, id);
    await t.engine.runs.transitions.one({ runId: first?.run_id ?? '', event: 'cancel', message: 'x' });

    await fire(at('13:00:02'));

    expect(await outcomes(id)).toEqual(['started', 'started']);
  });
});

describe('somebody', () => {
  it('pauses and resumes a schedule: what passes meanwhile is not made up for', async () => {
    const job = await t.createJob();
    const { id } = await schedule(t, { job: job.slug, cron: '0 0 1 1 *', catchUp: 'all' });
    const paused = await pauseSchedule(t.actor, id, t.engine.schedules);
    expect(paused).toMatchObject({ status: 'paused', nextFireAt: null });
    await fire(new Date(Date.now() + 10 * 366 * 86_400_000));
    expect(await outcomes(id)).toEqual([]);
    await expect(pauseSchedule(t.actor, id, t.engine.schedules)).rejects.toMatchObject({ code: 'CONFLICT' });

    const resumed = await resumeSchedule(t.actor, id, t.engine.schedules);

    expect(resumed.status).toBe('active');
    expect(resumed.nextFireAt?.getTime()).toBeGreaterThan(Date.now());
    await expect(resumeSchedule(t.actor, id, t.engine.schedules)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('changes the times of a schedule, and loses none that was due', async () => {
    const job = await t.createJob();
    const { id } = await schedule(t, { job: job.slug, cron: '0 0 1 1 *' });
    const due = new Date(Math.floor(Date.now() / 1_000) * 1_000 - 1_000);
    await dueAt(t, id, due);

    const changed = await updateSchedule(t.actor, { id, changes: { cron: '30 * * * *' } }, t.engine.schedules);
    await settleFires(t.engine.schedules);

    expect(changed.nextFireAt?.getUTCMinutes()).toBe(30);
    expect(await firesOf(t, id)).toMatchObject([{ fire_at: due, outcome: 'started' }]);
  });

  it('fires a schedule at once, paused or not, until it is canceled', async () => {
    const job = await t.createJob();
    const { id } = await schedule(t, { job: job.slug });
    await pauseSchedule(t.actor, id, t.engine.schedules);

    await runScheduleNow(t.actor, id, t.engine.schedules);

    expect(await firesOf(t, id)).toMatchObject([
      { outcome: 'started', run_status: 'queued', triggered_by: 'manual', created_by: `key:${t.actor.keyId}` },
    ]);
    await cancelSchedule(t.actor, id, t.engine.schedules);
    await expect(runScheduleNow(t.actor, id, t.engine.schedules)).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(cancelSchedule(t.actor, id, t.engine.schedules)).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});
