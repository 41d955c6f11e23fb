import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { countWords, renderReport } from '../../examples/word-report/statistics.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { PROCESS_KEY, type ServerProcess, startServerProcess } from '../support/server-process.ts';

const RUN = join(import.meta.dirname, '../../examples/word-report/run.ts');

// A process starts and stops in each test, on a machine that runs other tests meanwhile.
vi.setConfig({ testTimeout: 60_000 });

describe('the statistics of a file', () => {
  it('count what a reader reads: no code, no comments, no targets of links', () => {
    const source = [
      '# Über uns',
      'We don\'t count `x`, [the link\'s text](not/this-one.md "nor this"), <b title=no>tags</b>.',
      '<!-- nothing here -->',
      '```sh',
      'npm start',
      '```',
      'Version 2.5 is at-least-once.',
    ].join('\r\n');

    expect(countWords(source)).toEqual({ words: 14, headings: 1 });
  });

  it('make a report with the longest file first', () => {
    const broken = [{ file: 'a|b.md', line: 3, target: 'x.md', reason: 'there is no x.md' }];
    const report = renderReport([
      { file: 'a|b.md', words: 2, headings: 0, links: 1, broken },
      { file: 'c.md', words: 30, headings: 4, links: 0, broken: [] },
    ]);

    expect(report.split('\n').slice(0, 12)).toEqual([
      '# Words',
      '',
      '32 words in 2 files.',
      '',
      '| file | words | headings | links | broken |',
      '| --- | --- | --- | --- | --- |',
      '| c.md | 30 | 4 | 0 | 0 |',
      '| a\\|b.md | 2 | 0 | 1 | 1 |',
      '',
      '## Broken links',
      '',
      '- a|b.md:3 x.md: there is no x.md',
    ]);
  });
});

describe('the workflow, on a server', () => {
  let database: TestDatabase;
  let server: ServerProcess;
  beforeAll(async () => {
    database = await createTestDatabase();
    server = await startServerProcess(database.url);
  });
  afterAll(async () => {
    await server.stop();
    await database.drop();
  });

  async function onDisk(files: Record<string, string>): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), 'word-report-test-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
    return directory;
  }

  async function run(args: readonly string[], answer = ''): Promise<{ code: number | null; output: string }> {
    const env = { PATH: process.env['PATH'], PORT: new URL(server.url).port, BATON_API_KEY: PROCESS_KEY };
    const child: ChildProcess = spawn(process.execPath, [RUN, ...args], { env, stdio: 'pipe' });
    onTestFinished(() => void child.kill('SIGKILL'));
    let output = '';
    child.stdout?.on('data', (chunk) => (output += chunk));
    child.stderr?.on('data', (chunk) => (output += chunk));
    child.stdin?.end(answer);
    const [code] = await once(child, 'close');
    return { code, output };
  }

  async function query<Row extends pg.QueryResultRow>(text: string): Promise<Row[]> {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      return (await client.query<Row>(text)).rows;
    } finally {
      await client.end();
    }
  }

  const BROKEN = { 'a.md': '# A\n\nOne [two](b.md#b) [three](gone.md).', 'b.md': '# B\n\nFour five.' };

  it('asks about broken links, fails for want of a directory, and is retried from there: nothing is done twice', async () => {
    const reports = join(await onDisk({}), 'out', 'reports');

    const { code, output } = await run([await onDisk(BROKEN), reports], 'y\n');

    expect([code, output]).toEqual([
      0,
      expect.stringContaining(`7 words in 2 files, 1 broken links: ${join(reports, 'words.md')}\n`),
    ]);
    expect(output).toContain('    a.md:3  gone.md  there is no gone.md\n');
    expect(output).toContain(`step report failed: there is no directory ${reports} to write the report to: make it, and retry`);
    expect(await readFile(join(reports, 'words.md'), 'utf8')).toContain('| a.md | 4 | 1 | 2 | 1 |');
    expect(await query(`select j.slug, count(*)::int from runs r join jobs j on j.id = r.job_id group by 1 order by 1`)).toEqual([
      { slug: 'word-count', count: 2 },
      { slug: 'word-files', count: 1 },
      { slug: 'word-report', count: 2 },
    ]);
    const [failed, again] = await query<{ id: string; retry_of: string; kept: string[] }>(
      `select w.id, w.retry_of, array(select s.step_ref from workflow_step_runs s where s.workflow_run_id = w.id and s.kept_from is not null
         order by s.position) as kept from workflow_runs w order by w.id`,
    );
    expect(again).toMatchObject({ retry_of: failed?.id, kept: ['files', 'words', 'broken', 'ask'] });
  });

  it('ends as declined when nobody says yes', async () => {
    const { code, output } = await run([await onDisk(BROKEN), await onDisk({})]);

    expect([code, output]).toEqual([1, expect.stringContaining('step ask failed: declined: asked in the terminal')]);
  });

  it('asks nobody when no link is broken', async () => {
    const reports = join(await onDisk({}), 'reports');
    await mkdir(reports);

    const { code, output } = await run([await onDisk({ 'a.md': 'One [two](a.md).' }), reports]);

    expect([code, output]).toEqual([0, expect.stringContaining('2 words in 1 files, 0 broken links')]);
    expect(output).toContain('  ask: skipped: another way was chosen\n');
  });
});
