import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_DEPENDENCIES } from '../src/domain/dependencies/add-dependency.ts';
import type { JobRow } from '../src/domain/jobs/job.ts';
import { type GraphQLWorld, keyOf, makeGraphQLWorld } from './support/graphql.ts';

let t: GraphQLWorld;
beforeAll(async () => {
  t = await makeGraphQLWorld();
});
afterAll(() => t.close());

const ADD = `mutation ($job: ID!, $input: AddJobDependencyInput!) {
  dependency: addJobDependency(job: $job, input: $input) { id jobId dependsOnJobId condition createdBy job { slug } dependsOn { slug } }
}`;
const REMOVE = 'mutation ($id: ID!, $job: ID) { removeJobDependency(id: $id, job: $job) { id } }';
const DELETE = 'mutation ($id: ID!) { deleteJob(id: $id) { id } }';

const add = (job: string, dependsOnJobId: string, more: object = {}, as = t.admin) =>
  t.ask(ADD, { variables: { job, input: { dependsOnJobId, ...more } }, as });
const added = async (job: JobRow, target: JobRow): Promise<string> => {
  const { data, errors } = await add(job.id, target.id);
  expect(errors).toBeUndefined();
  return data.dependency.id;
};
const refusal = (code: string, message: string) => [{ message, extensions: { code } }];

async function counts(job: JobRow): Promise<unknown> {
  const { rows } = await t.pools.reads.query('select dependency_count, dependent_count from jobs where id = $1', [job.id]);
  return Object.values(rows[0]);
}

describe('a dependency', () => {
  it('is added by ids or slugs, listed, and removed', async () => {
    const [job, target] = [await t.createJob({ slug: 'report' }), await t.createJob({ slug: 'import' })];

    const { data } = await add('report', 'import', { condition: 'FAILED' });
    const { job: listed } = await t.get(`{ job(id: "report") { dependencies { id condition dependsOn { id } } } }`);
    await t.get(REMOVE, { variables: { id: data.dependency.id, job: 'report' } });

    expect(data.dependency).toEqual({
      id: expect.any(String),
      jobId: job.id,
      dependsOnJobId: target.id,
      condition: 'FAILED',
      createdBy: `key:${t.admin.keyId}`,
      job: { slug: 'report' },
      dependsOn: { slug: 'import' },
    });
    expect(listed.dependencies).toEqual([{ id: data.dependency.id, condition: 'FAILED', dependsOn: { id: target.id } }]);
    expect(await t.get(`{ job(id: "report") { dependencies { id } } }`)).toEqual({ job: { dependencies: [] } });
    expect([await counts(job), await counts(target)]).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  it('is made once', async () => {
    const [job, target] = [await t.createJob({ slug: 'twice' }), await t.createJob({ slug: 'once' })];

    const answers = await Promise.all([add(job.id, target.id), add(job.id, target.id, { condition: 'ANY' })]);

    const [refused, ...others] = answers.flatMap(({ errors }) => errors ?? []);
    expect(others).toEqual([]);
    expect([refused]).toMatchObject(refusal('CONFLICT', 'job "twice" depends on job "once" already'));
    expect(await counts(job)).toEqual([1, 0]);
    expect(await counts(target)).toEqual([0, 1]);
  });

  it('is none of a job on itself, on what is no job here, or of an unknown job', async () => {
    const job = await t.createJob();
    const foreign = await t.createJob({ slug: 'foreign' }, keyOf('other', '*'));

    expect((await add(job.id, job.slug)).errors).toMatchObject(refusal('BAD_REQUEST', 'a job cannot depend on itself'));
    for (const target of [foreign.id, 'foreign', 'no such job', job.versionId]) {
      expect((await add(job.id, target)).errors).toMatchObject(
        refusal('BAD_REQUEST', 'depends_on_job_id is not the id of a job of this project'),
      );
    }
    for (const unknown of [foreign.id, 'nobody', '?']) {
      expect((await add(unknown, job.id)).errors).toMatchObject(refusal('NOT_FOUND', 'job not found'));
    }
  });

  it('never closes a circle, however long, and says what the circle would be', async () => {
    const jobs = await Promise.all(['a', 'b', 'c', 'd'].map((name) => t.createJob({ slug: `circle-${name}` })));
    const [a, b, c, d] = jobs as [JobRow, JobRow, JobRow, JobRow];
    await added(a, b);
    await added(b, c);
    await added(c, d);
    await added(a, d);

    expect((await add(d.id, a.id)).errors).toMatchObject(
      refusal(
        'BAD_REQUEST',
        'job "circle-a" waits for job "circle-d" already, and they would wait for each other: circle-d -> circle-a -> circle-d',
      ),
    );
    expect((await add(c.id, a.id)).errors?.[0]?.message).toContain('circle-c -> circle-a -> circle-b -> circle-c');
  });

  it('never closes a circle that two changes at once would close together', async () => {
    for (let round = 0; round < 10; round++) {
      const [a, b] = [await t.createJob(), await t.createJob()];

      const answers = await Promise.all([add(a.id, b.id), add(b.id, a.id)]);

      expect(answers.filter(({ errors }) => errors)).toHaveLength(1);
    }
  });

  it('is one of a bounded number', async () => {
    const job = await t.createJob();
    const targets = await Promise.all(Array.from({ length: MAX_DEPENDENCIES + 1 }, () => t.createJob()));
    for (const target of targets.slice(0, -1)) await added(job, target);

    expect((await add(job.id, targets.at(-1)?.id ?? '')).errors).toMatchObject(
      refusal('BAD_REQUEST', `a job may depend on at most ${MAX_DEPENDENCIES} others`),
    );
    expect(await counts(job)).toEqual([MAX_DEPENDENCIES, 0]);
  });

  it('is removed by nobody else, nor as that of another job', async () => {
    const [job, target] = [await t.createJob(), await t.createJob()];
    const id = await added(job, target);
    const remove = async (variables: object, as = t.admin) => (await t.ask(REMOVE, { variables, as })).errors;

    for (const refused of [
      await remove({ id }, keyOf('other', '*')),
      await remove({ id, job: target.id }),
      await remove({ id: 'nonsense' }),
    ]) {
      expect(refused).toMatchObject(refusal('NOT_FOUND', 'dependency not found'));
    }
    expect(await counts(job)).toEqual([1, 0]);
  });
});

describe('deleting a job', () => {
  it('takes its own dependencies with it, and is refused while others depend on it', async () => {
    const [job, target] = [await t.createJob({ slug: 'leaf' }), await t.createJob({ slug: 'root' })];
    await added(job, target);

    expect((await t.ask(DELETE, { variables: { id: 'root' } })).errors).toMatchObject(
      refusal('CONFLICT', 'other jobs depend on this one (leaf): remove those dependencies first'),
    );
    await t.get(DELETE, { variables: { id: 'leaf' } });
    await t.get(DELETE, { variables: { id: 'root' } });

    expect(await counts(target)).toEqual([0, 0]);
  });

  it('and depending on it: one of the two happens', async () => {
    for (let round = 0; round < 10; round++) {
      const [job, target] = [await t.createJob(), await t.createJob()];

      const [adding, deleting] = await Promise.all([add(job.id, target.id), t.ask(DELETE, { variables: { id: target.id } })]);

      expect([adding, deleting].filter(({ errors }) => errors)).toHaveLength(1);
      expect(await counts(job)).toEqual([deleting.errors ? 1 : 0, 0]);
    }
  });
});

describe('what a run sees', () => {
  const SEEN = `query ($id: ID!) { run(id: $id) { status dependencyKey
    waits(first: 5) { edges { node { kind status expiresAt } } }
    dependencies { satisfied all { satisfied run { id } dependency { dependsOnJobId } } } } }`;

  it('is which run counts, and whether that is enough', async () => {
    const [job, target] = [await t.createJob(), await t.createJob()];
    await added(job, target);
    const id = await t.trigger({ job: job.id, payload: { dependency_key: 'order 5' } });
    const dependency = { dependsOnJobId: target.id };

    expect((await t.get(SEEN, { variables: { id } })).run).toEqual({
      status: 'WAITING',
      dependencyKey: 'order 5',
      waits: { edges: [{ node: { kind: 'DEPENDENCY', status: 'WAITING', expiresAt: null } }] },
      dependencies: { satisfied: false, all: [{ satisfied: false, run: null, dependency }] },
    });
    const ended = await t.start({ job: target.id, payload: { dependency_key: 'order 5' } });
    await t.runs.transitions.one({ runId: ended.runId, event: 'fail', message: 'no' });
    expect((await t.get(SEEN, { variables: { id } })).run.dependencies).toEqual({
      satisfied: false,
      all: [{ satisfied: false, run: { id: ended.runId }, dependency }],
    });
  });

  it('costs one statement, and a list of jobs one for the dependencies of all', async () => {
    const [job, target] = [await t.createJob({ slug: 'counted' }), await t.createJob()];
    await added(job, target);
    const id = await t.trigger({ job: job.id });
    const count = async (document: string) => (await t.statementsOf(document)).length;

    expect(await count(`{ run(id: "${id}") { status } }`)).toBe(1);
    expect(await count(`{ run(id: "${id}") { dependencies { satisfied all { dependency { condition } } } } }`)).toBe(2);
    expect(await count('{ jobs { edges { node { dependencies { dependsOn { slug } } } } } }')).toBe(3);
  });

  it('of a job without dependencies costs a trigger nothing', async () => {
    const [plain, dependent] = [await t.createJob(), await t.createJob()];
    await added(dependent, plain);
    const trigger = (job: JobRow) => t.statementsOf(`mutation { triggerRun(input: { job: "${job.id}" }) { id status } }`);
    for (const job of [plain, dependent]) await trigger(job);

    expect((await trigger(plain)).length).toBe(1);
    // Whether it has to wait, and the run.
    expect((await trigger(dependent)).length).toBe(2);
  });
});
