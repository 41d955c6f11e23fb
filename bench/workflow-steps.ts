import { z } from 'zod';
import { nowMs } from './clock.ts';
import { openLoop } from './load.ts';
import type { Latency } from './phases.ts';
import { percentile, type Spread, spread } from './statistics.ts';
import { countOf, type WorkflowBench } from './workflow-stage.ts';

export const CHAINS_PER_SECOND = 10;
const CHAIN = ['a', 'b', 'c'];
const BULK_SIZE = 500;

/** How fast steps follow one another. */
export interface StepFigures {
  /** From sending the trigger of a workflow of three steps, one after the other, until it has completed. */
  readonly chainMs: Latency;
  /** Runs per second of one bulk trigger, without a workflow, from sending it until all have completed. */
  readonly plain: Spread;
  /** The same as the items of one map. */
  readonly map: Spread;
  /** The same as steps of their own between a first and a last one, as many as a workflow may have. */
  readonly graph: Spread;
}

/** Measures workflows of three steps at a steady rate, then the same number of runs plain, as a map and as steps of their own. */
export async function measureSteps(
  bench: WorkflowBench,
  extent: { readonly chainSeconds: number; readonly fanOut: number; readonly passes: number },
): Promise<StepFigures> {
  const chainMs = await measureChains(bench, extent.chainSeconds * CHAINS_PER_SECOND);
  const numbers = Array.from({ length: extent.fanOut }, (_, index) => index);
  const inner = numbers.slice(0, -2);
  await bench.save('map', [
    { step_ref: 'all', type: 'map', job_slug: 'step', items: 'payload.numbers', payload: { n: '{{item}}' } },
  ]);
  await bench.save('graph', [
    { step_ref: 'first', job_slug: 'step', payload: { n: 0 } },
    ...inner.map((n) => ({ step_ref: `s${n}`, job_slug: 'step', depends_on: ['first'], payload: { n } })),
    { step_ref: 'last', job_slug: 'step', depends_on: inner.map((n) => `s${n}`), payload: { n: 0 } },
  ]);
  const plain: number[] = [];
  const map: number[] = [];
  const graph: number[] = [];
  for (let pass = 0; pass < extent.passes; pass++) {
    plain.push(await plainRate(bench, numbers));
    map.push(await fanOutRate(bench, 'map', numbers));
    graph.push(await fanOutRate(bench, 'graph', numbers));
  }
  return { chainMs, plain: spread(plain), map: spread(map), graph: spread(graph) };
}

async function measureChains(bench: WorkflowBench, count: number): Promise<Latency> {
  await bench.save(
    'chain',
    CHAIN.map((ref, index) => ({
      step_ref: ref,
      job_slug: 'step',
      depends_on: CHAIN.slice(index - 1, index),
      payload: { n: index },
    })),
  );
  const ended = `select count(*)::int from workflow_runs where id = $1 and status = 'completed'`;
  await bench.until(1, ended, [(await bench.trigger('chain')).id]);
  const took: number[] = [];
  await openLoop({ first: 0, count }, CHAINS_PER_SECOND, async () => {
    const { id, sentAt } = await bench.trigger('chain');
    took.push((await bench.until(1, ended, [id])) - sentAt);
  });
  await expectRuns(bench, 'chain', { workflows: count + 1, runs: (count + 1) * CHAIN.length });
  return { p50: percentile(took, 50), p95: percentile(took, 95), p99: percentile(took, 99) };
}

const Triggered = z.object({ batch_id: z.string() });

async function plainRate(bench: WorkflowBench, numbers: readonly number[]): Promise<number> {
  const startedAt = nowMs();
  let endedAt = startedAt;
  for (let at = 0; at < numbers.length; at += BULK_SIZE) {
    const items = numbers.slice(at, at + BULK_SIZE).map((n) => ({ payload: { n } }));
    const { batch_id } = Triggered.parse(await bench.send('POST', '/v1/jobs/step/trigger/bulk', { items }));
    const completed = `select count(*)::int from runs where batch_id = $1 and status = 'completed'`;
    endedAt = await bench.until(items.length, completed, [batch_id]);
  }
  return (numbers.length / (endedAt - startedAt)) * 1_000;
}

async function fanOutRate(bench: WorkflowBench, slug: 'map' | 'graph', numbers: readonly number[]): Promise<number> {
  const { id, sentAt } = await bench.trigger(slug, slug === 'map' ? { numbers } : {});
  const ended = `select count(*)::int from workflow_runs where id = $1 and status = 'completed'`;
  const endedAt = await bench.until(1, ended, [id]);
  const before = await countOf(
    bench.stage,
    `select count(*)::int from workflow_runs w join workflows f on f.id = w.workflow_id where f.slug = $1`,
    [slug],
  );
  await expectRuns(bench, slug, { workflows: before, runs: before * numbers.length });
  if (slug === 'map') await expectOrder(bench, id, numbers);
  return (numbers.length / (endedAt - sentAt)) * 1_000;
}

/** Every workflow run has completed, with its runs, each completed once, and each dispatched once. */
async function expectRuns(
  bench: WorkflowBench,
  slug: string,
  wanted: { readonly workflows: number; readonly runs: number },
): Promise<void> {
  const { rows } = await bench.stage.db.query<{ id: string; step: string; status: string }>(
    `select r.id, s.id as step, r.status from runs r join workflow_step_runs s on s.id = r.workflow_step_run_id
       join workflow_runs w on w.id = s.workflow_run_id and w.status = 'completed' join workflows f on f.id = w.workflow_id where f.slug = $1`,
    [slug],
  );
  const received = Map.groupBy(await bench.stage.executor.receipts(0), ([id]) => id);
  const is = (found: number, count: number, what: string) => {
    if (found !== count) bench.losses.push(`${slug}: ${found} of ${count} ${what}`);
  };
  is(rows.length, wanted.runs, 'runs');
  is(rows.filter(({ status }) => status === 'completed').length, wanted.runs, 'runs completed');
  is(rows.filter(({ id }) => received.get(id)?.length === 1).length, wanted.runs, 'runs dispatched once');
}

/** The results of a map stand in the order of its items. */
async function expectOrder(bench: WorkflowBench, id: string, numbers: readonly number[]): Promise<void> {
  const { rows } = await bench.stage.db.query<{ output: readonly { readonly n: number }[] }>(
    'select output from workflow_step_runs where workflow_run_id = $1',
    [id],
  );
  const found = rows[0]?.output.map(({ n }) => n) ?? [];
  if (found.join() !== numbers.join()) bench.losses.push('map: results are not in the order of the items');
}
