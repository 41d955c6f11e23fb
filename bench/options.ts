import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import type { StreamExtent } from './streams.ts';
import { SUBJECT_NAMES, type SubjectName } from './subject.ts';

/** What is measured of Baton alone, since the floor has nothing like it. */
export const PART_NAMES = ['batches', 'workflows', 'dashboard'] as const;
export type PartName = (typeof PART_NAMES)[number];

/** How much to measure. */
export interface Extent {
  /** Runs per phase. */
  runs: number;
  /** How often the end-to-end phase is repeated; the median counts. */
  passes: number;
  latencySeconds: number;
  idleSeconds: number;
  /** Completed runs to put into the database first. */
  history: number;
  /** Items of the bulk trigger, and runs that are searched. */
  bulk: number;
  searched: number;
  /** Seconds of workflows of three steps, items of a fan-out, schedules of one moment, workflow runs that are listed. */
  chainSeconds: number;
  fanOut: number;
  schedules: number;
  workflowRuns: number;
  /** Runs behind the lists of the dashboard, and seconds in which they change. */
  dashboardRuns: number;
  changeSeconds: number;
}

/** What one invocation was asked to do. */
export interface BenchOptions {
  extent: Extent;
  subjects: readonly SubjectName[];
  /** What to measure of event streams; null leaves them out. */
  streams: StreamExtent | null;
  parts: readonly PartName[];
  /** The Baton server to start. */
  server: string;
  profile: boolean;
  /** Where to write all figures as JSON. */
  json?: string | undefined;
}

export const USAGE = `npm run bench -- [flags]
  --runs <n>            runs per phase (10000)
  --passes <n>          repetitions of the end-to-end phase (3)
  --quick               1,000 runs, one pass, short latency and idle phases, 10,000 items, 50,000 runs searched,
                        1,000 schedules, 50,000 workflow runs listed, 50,000 runs in the dashboard
  --only baton|floor|streams|batches|workflows|dashboard
                        leave the others out
  --bulk <n>            items of one bulk trigger (100000)
  --searched <n>        runs that payload_contains is asked of (1000000)
  --workflow-runs <n>   workflow runs that are listed (1000000)
  --dashboard-runs <n>  runs that the dashboard lists (1000000); needs /usr/bin/chromium, left out without it
  --history <n>         put so many completed runs into the database first (0)
  --profile             record CPU profiles of the Baton server and print where its time goes
  --server <file>       the server to measure (src/main.ts), for example of another checkout
  --json <file>         also write every figure as JSON`;

const FULL = {
  runs: 10_000,
  passes: 3,
  latencySeconds: 20,
  idleSeconds: 30,
  bulk: 100_000,
  searched: 1_000_000,
  chainSeconds: 20,
  fanOut: 1_000,
  schedules: 10_000,
  workflowRuns: 1_000_000,
  dashboardRuns: 1_000_000,
  changeSeconds: 20,
};
const FULL_STREAMS = { chunkSeconds: 10, idleSeconds: 30, fanOutEvents: 50_000, calls: 10_000 };
const QUICK_STREAMS = { chunkSeconds: 3, idleSeconds: 4, fanOutEvents: 4_000, calls: 2_000 };
const QUICK = {
  runs: 1_000,
  passes: 1,
  latencySeconds: 4,
  idleSeconds: 4,
  bulk: 10_000,
  searched: 50_000,
  chainSeconds: 3,
  fanOut: 1_000,
  schedules: 1_000,
  workflowRuns: 50_000,
  dashboardRuns: 50_000,
  changeSeconds: 5,
};

const positive = z.coerce.number().int().positive();
const Flags = z.object({
  runs: positive.optional(),
  passes: positive.optional(),
  quick: z.boolean().default(false),
  only: z.enum([...SUBJECT_NAMES, ...PART_NAMES, 'streams']).optional(),
  bulk: positive.max(100_000).optional(),
  searched: positive.optional(),
  'workflow-runs': positive.min(50_000).optional(),
  'dashboard-runs': positive.optional(),
  history: z.coerce.number().int().nonnegative().default(0),
  profile: z.boolean().default(false),
  server: z.string().default(fileURLToPath(new URL('../src/main.ts', import.meta.url))),
  json: z.string().optional(),
});

/** Reads the command line; throws an Error that says what is wrong with it. */
export function readOptions(args: string[]): BenchOptions {
  const text = { type: 'string' } as const;
  const toggle = { type: 'boolean' } as const;
  const options = {
    runs: text,
    passes: text,
    quick: toggle,
    only: text,
    bulk: text,
    searched: text,
    'workflow-runs': text,
    'dashboard-runs': text,
    history: text,
    profile: toggle,
    server: text,
    json: text,
  };
  const parsed = Flags.safeParse(parseArgs({ args, options, strict: true }).values);
  if (!parsed.success) throw new Error(z.prettifyError(parsed.error));
  const {
    runs,
    passes,
    quick,
    only,
    history,
    bulk,
    searched,
    'workflow-runs': workflowRuns,
    'dashboard-runs': dashboardRuns,
    ...rest
  } = parsed.data;
  const standard = quick ? QUICK : FULL;
  return {
    ...rest,
    extent: {
      ...standard,
      runs: runs ?? standard.runs,
      passes: passes ?? standard.passes,
      history,
      bulk: bulk ?? standard.bulk,
      searched: searched ?? standard.searched,
      workflowRuns: workflowRuns ?? standard.workflowRuns,
      dashboardRuns: dashboardRuns ?? standard.dashboardRuns,
    },
    subjects: SUBJECT_NAMES.filter((name) => only === undefined || only === name),
    parts: PART_NAMES.filter((name) => only === undefined || only === name),
    streams: only === undefined || only === 'streams' ? (quick ? QUICK_STREAMS : FULL_STREAMS) : null,
  };
}
