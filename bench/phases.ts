import { nowMs } from './clock.ts';
import { untilCompleted } from './completion.ts';
import { type CpuSeconds, cpuBetween, mapParts, PARTS, readCpu, readMachineCpu } from './cpu.ts';
import { closedLoop, type Numbers, openLoop } from './load.ts';
import type { Extent } from './options.ts';
import type { Stage } from './stage.ts';
import { percentile, type Spread, spread } from './statistics.ts';
import type { Acknowledged, Subject } from './subject.ts';

export const IN_FLIGHT = 32;
export const BULK_SIZE = 500;
export const BULK_IN_FLIGHT = 4;
export const LATENCY_PER_SECOND = 50;
const WARM_UP = 500;

/** One subject on its way through the phases. */
export interface Course {
  subject: Subject;
  stage: Stage;
  extent: Extent;
  /** Every run triggered so far; the next number to send is its length. */
  acknowledged: Acknowledged[];
}

/** From when to when something ran, in milliseconds (clock.ts). */
export type Period = [fromMs: number, toMs: number];

/** Percentiles of a latency in milliseconds. */
export interface Latency {
  p50: number;
  p95: number;
  p99: number;
}

/** Puts completed runs into the database, after one that ran and may be copied, and brings the planner's statistics up to date. */
export async function prepareHistory(course: Course): Promise<void> {
  const { subject, stage, extent } = course;
  await subject.start('working');
  await sendSingly(course, 1);
  await completionOf(course, 0);
  await subject.stop();
  await subject.addHistory(extent.history);
  await stage.db.query('vacuum (analyze)');
  await stage.db.query('checkpoint');
}

/** Triggers acknowledged per second while nothing executes: one per request, and in bulk. Leaves a backlog. */
export async function measureIngest(course: Course): Promise<{ singly: number; inBulk: number }> {
  const { subject, stage, extent, acknowledged } = course;
  await subject.start('accepting');
  const received = (await stage.executor.receipts(0)).length;
  await sendSingly(course, WARM_UP);
  const singly = extent.runs / (await sendSingly(course, extent.runs));

  const requests = Math.ceil(extent.runs / BULK_SIZE);
  const first = acknowledged.length;
  const seconds = await closedLoop({ first: 0, count: requests }, BULK_IN_FLIGHT, async (request) => {
    acknowledged.push(
      ...(await subject.triggerBulk(Array.from({ length: BULK_SIZE }, (_, i) => first + request * BULK_SIZE + i))),
    );
  });
  if ((await stage.executor.receipts(received)).length > 0) {
    throw new Error(
      'Runs were executed by a server that was to accept only (BATON_ROLE=api), so its ingest and drain mean nothing.',
    );
  }
  return { singly, inBulk: (requests * BULK_SIZE) / seconds };
}

/** Runs per second from a backlog, from the first one's receipt until the last one's completion. */
export async function measureDrain(course: Course): Promise<{ perSecond: number; period: Period }> {
  const { stage, extent, acknowledged } = course;
  // The one run before the backlog is the source of the history.
  const before = extent.history > 0 ? 1 : 0;
  const endMs = await completionOf(course, before);
  const startMs = (await stage.executor.receipts(before))[0]?.[2] ?? Number.NaN;
  return { perSecond: perSecond(acknowledged.length - before, [startMs, endMs]), period: [startMs, endMs] };
}

/** What the end-to-end phase shows, over its passes. */
export interface EndToEnd {
  acknowledgedPerSecond: Spread;
  runsPerSecond: Spread;
  cpuPer1000Runs: CpuSeconds;
  /** Cores that processes other than ours kept busy meanwhile; where it is not near 0, the machine was not ours. */
  foreignCores: number;
  period: Period;
}

/** Triggers runs one per request while they execute, and waits until all are durably completed; once per pass. */
export async function measureEndToEnd(course: Course, pids: Parameters<typeof readCpu>[0]): Promise<EndToEnd> {
  const { runs, passes } = course.extent;
  const acknowledgedPerSecond: number[] = [];
  const periods: Period[] = [];
  const cpuBefore = readCpu(pids);
  const machineBefore = readMachineCpu();
  const startedAt = nowMs();
  for (let pass = 0; pass < passes; pass++) {
    const first = course.acknowledged.length;
    const passStartedAt = nowMs();
    acknowledgedPerSecond.push(runs / (await sendSingly(course, runs)));
    periods.push([passStartedAt, await completionOf(course, first)]);
  }
  const endedAt = nowMs();
  const used = cpuBetween(cpuBefore, readCpu(pids));
  const foreignSeconds = readMachineCpu() - machineBefore - PARTS.reduce((sum, part) => sum + used[part], 0);
  return {
    acknowledgedPerSecond: spread(acknowledgedPerSecond),
    runsPerSecond: spread(periods.map((period) => perSecond(runs, period))),
    cpuPer1000Runs: mapParts((part) => (used[part] / (runs * passes)) * 1000),
    foreignCores: Math.max(0, (foreignSeconds * 1000) / (endedAt - startedAt)),
    period: [startedAt, endedAt],
  };
}

/** Latency at a steady rate: from sending a trigger to the executor's receipt of the run, and to the trigger's acknowledgement. */
export async function measureLatency(course: Course): Promise<{ start: Latency; acknowledgement: Latency }> {
  const { subject, stage, extent, acknowledged } = course;
  const numbers = next(course, extent.latencySeconds * LATENCY_PER_SECOND);
  const sentAt = new Map<string, number>();
  const acknowledgementMs: number[] = [];
  await openLoop(numbers, LATENCY_PER_SECOND, async (n) => {
    const at = nowMs();
    const run = await subject.trigger(n);
    acknowledgementMs.push(nowMs() - at);
    sentAt.set(run.runId, at);
    acknowledged.push(run);
  });
  await completionOf(course, numbers.first);
  const startMs = (await stage.executor.receipts(0)).flatMap(([runId, , receivedAt]) => {
    const at = sentAt.get(runId);
    return at === undefined ? [] : [receivedAt - at];
  });
  return { start: latency(startMs), acknowledgement: latency(acknowledgementMs) };
}

async function sendSingly(course: Course, count: number): Promise<number> {
  return closedLoop(next(course, count), IN_FLIGHT, async (n) => void course.acknowledged.push(await course.subject.trigger(n)));
}

function next({ acknowledged }: Course, count: number): Numbers {
  return { first: acknowledged.length, count };
}

/** When every run acknowledged from number `first` on had been received and then completed. */
async function completionOf({ subject, stage, acknowledged }: Course, first: number): Promise<number> {
  await stage.executor.waitForRuns(acknowledged.length);
  return untilCompleted(
    subject,
    acknowledged.slice(first).map(({ runId }) => runId),
  );
}

function perSecond(count: number, [fromMs, toMs]: Period): number {
  return (count * 1000) / (toMs - fromMs);
}

function latency(values: number[]): Latency {
  return { p50: percentile(values, 50), p95: percentile(values, 95), p99: percentile(values, 99) };
}
