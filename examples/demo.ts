/**
 * `npm run demo [directory]`: checks the links of every Markdown file in a directory (this repository by default) as a run of Baton,
 * live in the terminal. Starts a server unless one runs, starts the example executor, and stops what it started.
 */
import { join, resolve } from 'node:path';
import { type Client, createClient, type TriggeredRun } from '../src/sdk/entry.ts';
import { followTree } from './demo/follow-tree.ts';
import { makeScreen, type Screen } from './demo/screen.ts';
import { findOrStartServer } from './demo/server.ts';
import { startLinkCheckExecutor } from './link-check/executor.ts';
import { linkCheckJobs } from './link-check/jobs.ts';
import type { TreeReport } from './link-check/report.ts';

/** Undoes one step of the demo. */
type Cleanup = () => Promise<void>;

/** What ends the demo early, and with which exit code; the server runs in a group of its own and would outlive all of them. */
const INTERRUPTIONS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

async function main(): Promise<number> {
  const screen = makeScreen(process.stdout);
  const interruption = new AbortController();
  let interruptedWith = 0;
  for (const [signal, exitCode] of Object.entries(INTERRUPTIONS)) {
    process.on(signal, () => {
      if (interruptedWith !== 0) process.exit(exitCode);
      interruptedWith = exitCode;
      screen.line('stopping; press Ctrl-C again to give up at once');
      interruption.abort();
    });
  }
  const cleanups: Cleanup[] = [];
  try {
    return await checkDirectory({ screen, signal: interruption.signal, cleanups });
  } catch (error) {
    if (interruptedWith !== 0) return interruptedWith;
    screen.end();
    console.error(`The demo failed: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  } finally {
    screen.end();
    for (const cleanup of cleanups.reverse()) await cleanup();
    for (const signal of Object.keys(INTERRUPTIONS)) process.removeAllListeners(signal);
  }
}

interface Stage {
  readonly screen: Screen;
  readonly signal: AbortSignal;
  readonly cleanups: Cleanup[];
}

async function checkDirectory({ screen, signal, cleanups }: Stage): Promise<number> {
  // npm runs scripts in the repository, whatever directory they are called from.
  const directory = resolve(process.env['INIT_CWD'] ?? '.', process.argv[2] ?? join(import.meta.dirname, '..'));
  screen.line('looking for a server …');
  const server = await findOrStartServer(process.env, signal);
  cleanups.push(() => server.stop());
  screen.line(`${server.isOurs ? 'started a server' : 'found a server'} at ${server.url}`);

  const secrets = new Map<string, string>();
  const executor = await startLinkCheckExecutor({
    base: directory,
    batonUrl: server.url,
    secrets: (slug) => secrets.get(slug) ?? [],
  });
  cleanups.push(() => executor.close({ graceMs: 0 }));
  const client = createClient(server);
  for (const slug of Object.keys(linkCheckJobs(directory))) {
    const job = await client.jobs.upsert({
      slug,
      endpointUrl: executor.url,
      description: 'Checks relative links and heading anchors.',
    });
    secrets.set(slug, await client.jobs.signingSecret(job.slug));
  }

  const run = await client.runs.trigger(linkCheckJobs(directory)['link-check'], { root: directory });
  screen.line(`triggered run ${run.id} of link-check on ${directory}`);
  cleanups.push(() => cancelUnlessOver(client, run));
  await followTree(client, run, { screen, signal });
  const ended = await client.runs.wait(run, { signal });

  screen.end();
  if (ended.status !== 'completed' || !ended.result) {
    screen.line(`the run is ${ended.status}: ${ended.error ?? 'no reason given'}`);
    return 1;
  }
  printReport(ended.result, screen);
  return 0;
}

function printReport(report: TreeReport, screen: Screen): void {
  screen.line('');
  screen.line(`${report.links} relative links in ${report.files} Markdown files, ${report.broken.length} broken`);
  for (const { file, line, target, reason } of report.broken) screen.line(`  ${file}:${line}  ${target}  ${reason}`);
}

/** A run left behind would be dispatched to an executor that is gone. */
async function cancelUnlessOver(client: Client, run: TriggeredRun): Promise<void> {
  try {
    await client.runs.cancel(run);
  } catch {
    // It has ended, or the server is gone; either way there is nothing left to cancel.
  }
}

process.exitCode = await main();
