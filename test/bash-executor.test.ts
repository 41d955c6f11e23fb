import { execFile, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../src/sdk/entry.ts';
import { ADMIN_KEY, startTestApp, type TestApp } from './support/app.ts';

/** The example needs what any machine with a shell has; where it is missing this is reported as skipped. */
const canRun = ['bash', 'curl'].every((program) => spawnSync(program, ['--version']).status === 0);

let app: TestApp;
let directory: string;
beforeAll(async () => {
  app = await startTestApp();
  directory = await mkdtemp(join(tmpdir(), 'baton words '));
  await mkdir(join(directory, 'more "quoted"'));
  await writeFile(join(directory, 'a.md'), 'one two three');
  await writeFile(join(directory, 'more "quoted"', 'b.md'), 'four five');
  await writeFile(join(directory, 'no.txt'), 'not counted');
});
afterAll(async () => {
  await app.close();
  await rm(directory, { recursive: true, force: true });
});

const WHOLE_STORY = `query ($id: ID!) { run(id: $id) {
  status result
  outputs { edges { node { key value } } } state { edges { node { key value } } }
  checkpoints { edges { node { sequence state } } } toolCalls { edges { node { toolName output status } } }
  usage { edges { node { provider totalTokens } } } chunks { edges { node { chunk done } } }
} }`;

const JOB = { executionMode: 'managed', imageUri: 'exec:bash examples/bash/count-words.sh', maxAttempts: 1 } as const;

describe.skipIf(!canRun)('an executor in bash and curl', () => {
  it('reports a tool call, chunks, state, checkpoints, usage and an output, and completes', async () => {
    const client = createClient({ url: app.url, apiKey: ADMIN_KEY });
    await client.jobs.upsert({ slug: 'count-words', ...JOB });

    const { id } = await client.runs.trigger('count-words', { directory });
    await client.runs.wait(id);

    const { run } = await app.graphql<{ run: Record<string, unknown> }>(WHOLE_STORY, { id });
    expect(run).toMatchObject({
      status: 'COMPLETED',
      result: { files: 2, words: 5 },
      outputs: { edges: [{ node: { key: 'words', value: 5 } }] },
      state: { edges: [{ node: { key: 'last_file', value: join(directory, 'more "quoted"', 'b.md') } }] },
      checkpoints: {
        edges: [{ node: { sequence: 2, state: { done: 2, words: 5 } } }, { node: { sequence: 1, state: { done: 1, words: 3 } } }],
      },
      usage: { edges: [{ node: { provider: 'local', totalTokens: 5 } }] },
      chunks: {
        edges: [
          { node: { chunk: `3 ${join(directory, 'a.md')}`, done: false } },
          { node: { chunk: `2 ${join(directory, 'more "quoted"', 'b.md')}` } },
          { node: { done: true } },
        ],
      },
    });
    const calls = run['toolCalls'] as { edges: { node: { output: unknown } }[] };
    expect(calls.edges.map(({ node }) => node.output)).toEqual(expect.arrayContaining([{ words: 3 }, { words: 2 }]));
  });

  it('goes on from the last checkpoint of the attempt before', async () => {
    const client = createClient({ url: app.url, apiKey: ADMIN_KEY });
    // The process of this job only holds the place: the script is started by hand, with the token of the first claim.
    await client.jobs.upsert({ slug: 'by-hand', ...JOB, imageUri: 'exec:sleep 60' });
    const { body } = await app.rest('POST', '/v1/jobs/by-hand/trigger', { body: { payload: { directory } } });
    const { id, run_token: token } = body as { readonly id: string; readonly run_token: string };
    await promisify(execFile)('bash', ['examples/bash/count-words.sh'], {
      timeout: 15_000,
      env: {
        PATH: process.env['PATH'],
        BATON_API_URL: app.url,
        BATON_RUN_ID: id,
        BATON_RUN_TOKEN: token,
        BATON_PAYLOAD: JSON.stringify({ directory }),
        BATON_LAST_CHECKPOINT: '{"done":1,"words":3}',
      },
    });
    expect(await client.runs.wait(id)).toMatchObject({ status: 'completed', result: { files: 2, words: 5 } });
  });
});
