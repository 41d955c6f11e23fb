import { findLosses } from './conservation.ts';
import type { CpuSeconds } from './cpu.ts';
import { type Idleness, watchIdle } from './idle.ts';
import { type PeakMemory, watchMemory } from './memory.ts';
import {
  type Course,
  type EndToEnd,
  type Latency,
  measureDrain,
  measureEndToEnd,
  measureIngest,
  measureLatency,
  type Period,
  prepareHistory,
} from './phases.ts';

/** Everything measured of one subject. */
export interface Figures {
  /** Triggers acknowledged per second while nothing executes. */
  ingest: { singly: number; inBulk: number };
  drain: { perSecond: number; period: Period };
  endToEnd: EndToEnd;
  latencyMs: { start: Latency; acknowledgement: Latency };
  idle: Idleness;
  peakMemoryMiB: PeakMemory;
  serverPid: number;
  runs: number;
  /** What was lost, doubled or mixed up (conservation.ts); empty when all is well. */
  losses: string[];
}

/** Takes a subject through every phase, says on standard error what came out, and ends its server process. */
export async function measure(course: Course): Promise<Figures> {
  const { subject, stage, extent, acknowledged } = course;
  const memory = watchMemory(stage.cluster.pid, stage.cleanup);
  if (extent.history > 0) await prepareHistory(course);

  const ingest = await measureIngest(course);
  say(course, `${round(ingest.singly)} triggers acknowledged per second, ${round(ingest.inBulk)} in bulk`);

  const serverPid = await subject.start('working');
  if (serverPid === undefined) throw new Error('A subject that works has a process.');
  const pids = { postgres: stage.cluster.pid, server: serverPid, executor: stage.executor.child.pid };
  const drain = await measureDrain(course);
  say(course, `${round(drain.perSecond)} runs per second from a backlog`);

  const endToEnd = await measureEndToEnd(course, pids);
  say(
    course,
    `${round(endToEnd.runsPerSecond.median)} runs per second end to end, ${cpu(endToEnd.cpuPer1000Runs)} CPU seconds per 1,000`,
  );

  const latencyMs = await measureLatency(course);
  say(course, `start latency ${latencyMs.start.p50.toFixed(1)} ms (p50), ${latencyMs.start.p99.toFixed(1)} ms (p99)`);

  const idle = await watchIdle({ cluster: stage.cluster, db: stage.db, pids, seconds: extent.idleSeconds });
  say(course, `${idle.queriesPerSecond.toFixed(1)} queries per second when idle`);

  const peakMemoryMiB = memory.peak(serverPid);
  await subject.stop();
  const receipts = await stage.executor.receipts(0);
  const losses = findLosses({ acknowledged, receipts, stored: await subject.storedRuns() });
  return { ingest, drain, endToEnd, latencyMs, idle, peakMemoryMiB, serverPid, runs: acknowledged.length, losses };
}

function say({ subject }: Course, text: string): void {
  process.stderr.write(`${subject.name}: ${text}\n`);
}

function round(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function cpu(seconds: CpuSeconds): string {
  return Object.values(seconds)
    .reduce((sum, value) => sum + value, 0)
    .toFixed(2);
}
