import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Period } from './phases.ts';

const TOP = 30;

/** What Node writes with --cpu-prof, as far as it is used here; times in microseconds of the clock in clock.ts. */
const CpuProfile = z.object({
  nodes: z.array(
    z.object({ id: z.number(), callFrame: z.object({ functionName: z.string(), url: z.string(), lineNumber: z.number() }) }),
  ),
  startTime: z.number(),
  samples: z.array(z.number()),
  timeDeltas: z.array(z.number()),
});

/** Node's arguments for recording a profile into a directory. */
export function profileArgs(directory: string): string[] {
  return ['--cpu-prof', `--cpu-prof-dir=${directory}`];
}

/** Where the main thread of a process that has ended spent a period: functions, and packages, by self time. */
export async function renderProfile(directory: string, pid: number, period: Period): Promise<string> {
  const name = (await readdir(directory)).find((file) => file.endsWith('.cpuprofile') && file.split('.')[3] === String(pid));
  if (name === undefined) return `Process ${pid} wrote no profile; was it killed?`;
  const profile = CpuProfile.parse(JSON.parse(await readFile(join(directory, name), 'utf8')));
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const byFunction = new Map<string, number>();
  const byPackage = new Map<string, number>();
  let at = profile.startTime;
  let total = 0;
  for (const [index, nodeId] of profile.samples.entries()) {
    const microseconds = profile.timeDeltas[index] ?? 0;
    at += microseconds;
    const frame = frames.get(nodeId);
    if (frame === undefined || at < period[0] * 1000 || at > period[1] * 1000) continue;
    total += microseconds;
    const file = shortened(frame.url);
    add(
      byFunction,
      `${frame.functionName || '(anonymous)'} ${file === '' ? '' : `${file}:${frame.lineNumber + 1}`}`,
      microseconds,
    );
    add(byPackage, packageOf(file) || frame.functionName || '(engine)', microseconds);
  }
  return `by function:\n${topOf(byFunction, total)}\nby package:\n${topOf(byPackage, total)}`;
}

function topOf(times: Map<string, number>, total: number): string {
  const sorted = Array.from(times).toSorted(([, a], [, b]) => b - a);
  const lines = sorted.slice(0, TOP).map(([name, time]) => {
    const percent = ((time / total) * 100).toFixed(1).padStart(5);
    return `${percent} % ${(time / 1000).toFixed(0).padStart(7)} ms  ${name}`;
  });
  return lines.join('\n');
}

function add(times: Map<string, number>, name: string, time: number): void {
  times.set(name, (times.get(name) ?? 0) + time);
}

function shortened(url: string): string {
  return url
    .replace(/^file:\/\//, '')
    .replace(/^.*\/node_modules\//, 'node_modules/')
    .replace(/^.*\/(?=(?:src|rest|graphql)\/)/, '');
}

/** The package, the built-in module, or our own folder that a file belongs to; empty for engine frames such as (idle). */
function packageOf(file: string): string {
  const match = /^node_modules\/((?:@[^/]+\/)?[^/]+)|^(node:[^/]+)|^((?:src\/[^/]+)|rest|graphql)\//.exec(file);
  return match?.[1] ?? match?.[2] ?? match?.[3] ?? file;
}
