/**
 * `npm run bench`: measures Baton and its floor, plain graphile-worker, one after the other on this machine, and prints one table.
 * Exits with 1 when anything failed or a run was lost, doubled or mixed up; missed aims are for the reader to see.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measureBatches } from './batches.ts';
import { renderBatches } from './batches-table.ts';
import { startBaton } from './baton.ts';
import { measureDashboard } from './dashboard.ts';
import { renderDashboard } from './dashboard-table.ts';
import { startFloor } from './floor.ts';
import { withCleanup } from './lifetime.ts';
import { type Figures, measure } from './measure.ts';
import { type BenchOptions, readOptions, USAGE } from './options.ts';
import { profileArgs, renderProfile } from './profile.ts';
import { type Stage, startStage } from './stage.ts';
import { renderStreams } from './stream-table.ts';
import { measureStreams } from './streams.ts';
import type { SubjectName } from './subject.ts';
import { renderNotes, renderTable } from './table.ts';
import { measureWorkflows } from './workflows.ts';
import { renderWorkflows } from './workflows-table.ts';

const START = { baton: startBaton, floor: startFloor };

try {
  process.exitCode = await bench(parseCommandLine());
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}

async function bench(options: BenchOptions): Promise<number> {
  if (process.platform !== 'linux') throw new Error('The bench reads CPU time and memory from /proc and runs on Linux only.');
  const figures: Partial<Record<SubjectName, Figures>> = {};
  for (const name of options.subjects) figures[name] = await withCleanup((cleanup) => measureSubject(name, options, cleanup));

  const { streams: streamExtent } = options;
  const streams = streamExtent
    ? await withCleanup((cleanup) => onStage(options, cleanup, (stage) => measureStreams(stage, streamExtent)))
    : null;
  const batches = options.parts.includes('batches')
    ? await withCleanup((cleanup) => onStage(options, cleanup, (stage) => measureBatches(stage, options.extent)))
    : null;
  const workflows = options.parts.includes('workflows')
    ? await withCleanup((cleanup) => onStage(options, cleanup, (stage) => measureWorkflows(stage, options.extent)))
    : null;

  const dashboard = options.parts.includes('dashboard')
    ? await withCleanup((cleanup) => onStage(options, cleanup, (stage) => measureDashboard(stage, options.extent)))
    : null;

  if (options.subjects.length > 0) console.log(`${renderTable(figures)}\n\n${renderNotes(figures, options.extent)}`);
  if (streams) console.log(`\n${renderStreams(streams)}\n`);
  if (batches) console.log(`\n${renderBatches(batches, options.extent)}`);
  if (workflows) console.log(`\n${renderWorkflows(workflows, options.extent)}\n`);
  if (dashboard) console.log(`\n${renderDashboard(dashboard, options.extent)}\n`);
  if (options.json !== undefined)
    await writeFile(
      options.json,
      JSON.stringify(
        { node: process.version, ...options, figures, streamFigures: streams, batches, workflows, dashboard },
        null,
        2,
      ),
    );
  return reportLosses({ ...figures, ...(streams && { streams }), ...(batches && { batches }), ...(workflows && { workflows }) });
}

async function measureSubject(name: SubjectName, options: BenchOptions, cleanup: AsyncDisposableStack): Promise<Figures> {
  return onStage(options, cleanup, async (stage, profiles) => {
    const subject = await START[name](stage);
    const figures = await measure({ subject, stage, extent: options.extent, acknowledged: [] });

    if (options.profile && name === 'baton') {
      console.log(`Draining a backlog, ${await renderProfile(profiles, figures.serverPid, figures.drain.period)}\n`);
      console.log(`End to end, ${await renderProfile(profiles, figures.serverPid, figures.endToEnd.period)}\n`);
    }
    return figures;
  });
}

/** Does some work on a fresh stage; `profiles` is where its servers write CPU profiles, when they are asked to. */
async function onStage<T>(
  options: BenchOptions,
  cleanup: AsyncDisposableStack,
  work: (stage: Stage, profiles: string) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'baton-bench-'));
  cleanup.defer(() => rm(directory, { recursive: true, force: true }));
  const profiles = join(directory, 'profiles');
  const server = options.profile ? [...profileArgs(profiles), options.server] : [options.server];
  return work(await startStage(directory, server, cleanup), profiles);
}

function reportLosses(figures: Readonly<Record<string, { readonly losses: readonly string[] }>>): number {
  const losses = Object.entries(figures).flatMap(([name, { losses }]) => losses.map((loss) => `${name}: ${loss}`));
  if (losses.length === 0) {
    console.log('Nothing was lost, doubled or mixed up: runs, results and messages.');
    return 0;
  }
  console.error(`Something is missing or mixed up:\n${losses.join('\n')}`);
  return 1;
}

function parseCommandLine(): BenchOptions {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    process.exit(2);
  }
}
