/**
 * `node examples/word-report/run.ts [--yes] [directory] [report directory]`: counts the words of every Markdown file in a directory (this
 * repository by default) with a workflow, and tells its story in the terminal. Runs on the server at 127.0.0.1:$PORT, or starts one; the key
 * is BATON_API_KEY, or that of the server's data directory. Asks on standard input whether to go on when links are broken; `--yes` says so
 * beforehand. When the step that writes the report finds no directory for it, the directory is made, and the workflow run retried from there.
 */
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { createClient } from '../../src/sdk/entry.ts';
import { makeScreen, type Screen } from '../demo/screen.ts';
import { findOrStartServer } from '../demo/server.ts';
import { serveExecutor } from '../serve-executor.ts';
import { type StepRun, type WorkflowRun, type Workflows, workflowsOf } from './baton.ts';
import { wordReportJobs } from './jobs.ts';
import { FileStatistics } from './statistics.ts';
import { WORD_REPORT } from './workflow.ts';

/** What ends it early, and with which exit code. */
const INTERRUPTIONS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
/** Broken links that are shown before somebody is asked about them. */
const SHOWN = 10;

interface Stage {
  readonly workflows: Workflows;
  readonly screen: Screen;
  readonly signal: AbortSignal;
  /** Answers for whoever cannot be asked. */
  readonly isYes: boolean;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ options: { yes: { type: 'boolean', default: false } }, allowPositionals: true });
  const tree = resolve(positionals[0] ?? join(import.meta.dirname, '../..'));
  const reports = resolve(positionals[1] ?? join(await mkdtemp(join(tmpdir(), 'word-report-')), 'reports'));
  const screen = makeScreen(process.stdout);
  const interruption = new AbortController();
  let interruptedWith = 0;
  for (const [signal, exitCode] of Object.entries(INTERRUPTIONS)) {
    process.once(signal, () => {
      interruptedWith = exitCode;
      interruption.abort(new Error('stopped'));
    });
  }
  await using cleanup = new AsyncDisposableStack();
  try {
    const server = await findOrStartServer(process.env, interruption.signal);
    cleanup.defer(() => server.stop());
    screen.line(`${server.isOurs ? 'started a server' : 'found a server'} at ${server.url}`);
    const jobs = wordReportJobs({ tree, reports });
    const secrets = new Map<string, string>();
    const executor = await serveExecutor(jobs, { batonUrl: server.url, secrets: (slug) => secrets.get(slug) ?? [] });
    cleanup.defer(() => executor.close({ graceMs: 0 }));
    const client = createClient(server);
    for (const slug of Object.keys(jobs)) {
      await client.jobs.upsert({ slug, endpointUrl: executor.url });
      secrets.set(slug, await client.jobs.signingSecret(slug));
    }
    const workflows = workflowsOf(server);
    await workflows.save(WORD_REPORT);
    return await report({ workflows, screen, signal: interruption.signal, isYes: values.yes }, reports);
  } catch (error) {
    if (interruptedWith !== 0) return interruptedWith;
    console.error(`The example failed: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}

/** Runs the workflow; when its report has nowhere to go, makes a place and lets it go on from what has failed. */
async function report(stage: Stage, reports: string): Promise<number> {
  const { workflows, screen } = stage;
  const first = await toItsEnd(await workflows.trigger(WORD_REPORT.slug), stage);
  if (first.status === 'completed') return tellEnd(first, stage);
  screen.line(`the workflow run has failed: ${first.error}`);
  const steps = await workflows.steps(first.id);
  if (steps.find(({ status }) => status === 'failed')?.step_ref !== 'report') return 1;
  await mkdir(reports, { recursive: true });
  screen.line(`made ${reports}; retrying from what has failed`);
  return tellEnd(await toItsEnd(await workflows.retryFromFailed(first.id), stage), stage);
}

async function tellEnd(run: WorkflowRun, { workflows, screen }: Stage): Promise<number> {
  if (run.status !== 'completed') {
    screen.line(`the workflow run is ${run.status}: ${run.error}`);
    return 1;
  }
  const steps = await workflows.steps(run.id);
  const { path, files, words, broken } = Object(outputOf(steps, 'report'));
  screen.line(`${words} words in ${files} files, ${broken} broken links: ${path}`);
  return 0;
}

/** Tells the story of a workflow run until it has ended, and answers its approval. */
async function toItsEnd(id: string, { workflows, screen, signal, isYes }: Stage): Promise<WorkflowRun> {
  screen.line(`workflow run ${id}`);
  try {
    for await (const event of workflows.follow(id, signal)) {
      screen.line(`  ${event.stepRef ?? 'workflow'}: ${event.message}`);
      if (event.stepRef !== 'ask' || event.toStatus !== 'waiting') continue;
      const broken = FileStatistics.array()
        .parse(outputOf(await workflows.steps(id), 'words'))
        .flatMap((file) => file.broken);
      for (const { file, line, target, reason } of broken.slice(0, SHOWN))
        screen.line(`    ${file}:${line}  ${target}  ${reason}`);
      if (broken.length > SHOWN) screen.line(`    and ${broken.length - SHOWN} more`);
      const isWanted = isYes || (await asked(`${broken.length} links are broken. Write the report nevertheless? [y/N] `, signal));
      await workflows.decide(id, 'ask', isWanted ? 'approve' : 'decline', isYes ? 'said beforehand' : 'asked in the terminal');
    }
  } catch (error) {
    // Nobody is left to do its work, or to be asked.
    await workflows.cancel(id).catch(() => {});
    throw error;
  }
  return workflows.get(id);
}

function outputOf(steps: readonly StepRun[], ref: string): unknown {
  return steps.find((step) => step.step_ref === ref)?.output;
}

/** Asks on standard input; where that has ended the answer is no. */
async function asked(question: string, signal: AbortSignal): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const silence = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
    const answer = await Promise.race([terminal.question(question, { signal }), silence]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

process.exitCode = await main();
