import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { freePort } from '../support/free-port.ts';

const ROOT = join(import.meta.dirname, '../..');

// Two processes start and stop in each test, on a machine that runs other tests meanwhile.
vi.setConfig({ testTimeout: 60_000 });

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

interface DemoRun {
  readonly port: number;
  readonly process: ChildProcess;
  output(): string;
  /** Resolves when the demo has printed this. */
  printed(text: string): Promise<void>;
  /** The exit code. */
  readonly ended: Promise<number | null>;
}

async function startDemo(files: Record<string, string>): Promise<DemoRun> {
  const directory = await mkdtemp(join(tmpdir(), 'demo-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  const port = await freePort();
  const env = {
    PATH: process.env['PATH'],
    PORT: String(port),
    DATABASE_URL: database.url,
    BATON_API_KEY: 'the-key-of-the-demo-test',
    BATON_SECRET: 'the secret of the demo test, long enough',
    ALLOW_PRIVATE_ENDPOINTS: 'true',
  };
  const child = spawn(process.execPath, ['examples/demo.ts', directory], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGTERM'));
  let output = '';
  const keep = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const ended = once(child, 'close').then(([code]) => code);
  return {
    port,
    process: child,
    output: () => output,
    async printed(text) {
      const over = ended.then(() => {
        throw new Error(`the demo ended without "${text}":\n${output}`);
      });
      // Once the text was there nobody waits for this any more, and the end of the demo is no failure.
      over.catch(() => {});
      while (!output.includes(text)) await Promise.race([once(child.stdout, 'data'), over]);
    },
    ended,
  };
}

it('starts a server, checks a directory, prints what is broken, and stops the server', async () => {
  const demo = await startDemo({ 'a.md': '# A\n[b](b.md#b) [gone](gone.md)', 'b.md': '# B\n[no anchor](a.md#b)' });

  expect([await demo.ended, demo.output()]).toEqual([
    0,
    expect.stringContaining('3 relative links in 2 Markdown files, 2 broken\n'),
  ]);

  expect(demo.output()).toContain('  a.md:2  gone.md  there is no gone.md\n');
  expect(demo.output()).toContain('  b.md:2  a.md#b  there is no heading or anchor "b" in a.md\n');
  expect(demo.output()).toContain('100 % 2 of 2 files\n');
  await expect(fetch(`http://127.0.0.1:${demo.port}/healthz`)).rejects.toThrow('fetch failed');
});

it('cancels its run and stops the server on Ctrl-C', async () => {
  const files = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`${index}.md`, '[x](0.md)']));
  const demo = await startDemo(files);

  await demo.printed('triggered run ');
  demo.process.kill('SIGINT');

  expect([await demo.ended, demo.output()]).toEqual([130, expect.stringContaining('stopping')]);
  await expect(fetch(`http://127.0.0.1:${demo.port}/healthz`)).rejects.toThrow('fetch failed');
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  onTestFinished(() => client.end());
  const id = /triggered run ([0-9a-f-]+)/.exec(demo.output())?.[1];
  const { rows } = await client.query('select distinct status from runs where id = $1 or parent_run_id = $1', [id]);
  expect(rows.map((row) => row.status).filter((status) => status !== 'completed')).toEqual(['canceled']);
});
