import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');

/** A fresh project in which the packed SDK was installed, and nothing else. */
let project = '';

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'baton-sdk-'));
  const built = join(project, 'built');
  await run(process.execPath, [join(ROOT, 'scripts/build-sdk.ts'), built]);
  const { stdout } = await run('npm', ['pack', '--pack-destination', project], { cwd: built });
  const tarball = stdout.trim().split('\n').at(-1) ?? '';
  await rm(built, { recursive: true });
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'fresh', private: true, type: 'module' }));
  // Offline: whatever the package needed beyond itself could not be installed.
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', `./${tarball}`], { cwd: project });
}, 120_000);

afterAll(() => rm(project, { recursive: true, force: true }));

async function runScript(name: string, source: string): Promise<unknown> {
  await writeFile(join(project, name), source);
  const { stdout } = await run(process.execPath, [name], { cwd: project });
  return JSON.parse(stdout);
}

/** What the compiler complains about. */
async function typeCheck(source: string, options: object): Promise<string> {
  await writeFile(join(project, 'use.ts'), source);
  await writeFile(
    join(project, 'tsconfig.json'),
    JSON.stringify({ files: ['use.ts'], compilerOptions: { noEmit: true, strict: true, target: 'ES2022', ...options } }),
  );
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const failure = await run(process.execPath, [tsc, '-p', '.'], { cwd: project }).catch((error: { stdout: string }) => error);
  return failure.stdout;
}

describe('the packed SDK', () => {
  it('installs without any dependency and holds compiled code, types, README and license', async () => {
    const installed = join(project, 'node_modules');
    const files = await readdir(join(installed, 'baton'));
    const sources = (await readdir(join(ROOT, 'src/sdk')))
      .filter((file) => file.endsWith('.ts'))
      .map((file) => file.replace(/\.ts$/, ''));
    const expected = sources.flatMap((name) => [`${name}.js`, `${name}.d.ts`]);

    expect((await readdir(installed)).filter((name) => !name.startsWith('.'))).toEqual(['baton']);
    expect(files.sort()).toEqual([...expected, 'LICENSE', 'README.md', 'package.json'].sort());
    expect(JSON.parse(await readFile(join(installed, 'baton/package.json'), 'utf8'))).not.toHaveProperty('dependencies');
  });

  it('runs a job in a fresh project', async () => {
    const calls = await runScript(
      'use.js',
      `import { createHmac } from 'node:crypto';
       import { createExecutor } from 'baton/sdk';
       const key = Buffer.alloc(32, 7);
       const calls = [];
       const fetch = async (url, init) => (calls.push([url, JSON.parse(init.body)]), Response.json({ status: 'ok' }));
       const executor = createExecutor(
         { hello: async (ctx) => (ctx.log.info('hi'), { to: ctx.payload }) },
         { secrets: 'whsec_' + key.toString('base64'), batonUrl: 'http://baton.test', fetch },
       );
       const timestamp = String(Math.floor(Date.now() / 1000));
       const signature = createHmac('sha256', key).update('r_1.' + timestamp + '."you"').digest('base64');
       const headers = {
         'x-run-id': 'r', 'x-job-slug': 'hello', 'x-run-token': 't', 'x-attempt': '1',
         'webhook-id': 'r_1', 'webhook-timestamp': timestamp, 'webhook-signature': 'v1,' + signature,
       };
       const { status } = await executor.fetch(new Request('http://e.test', { method: 'POST', headers, body: '"you"' }));
       await executor.close();
       console.log(JSON.stringify([status, ...calls]));`,
    );

    expect(calls).toEqual([
      202,
      ['http://baton.test/sdk/v1/runs/r/log', { level: 'info', message: 'hi' }],
      ['http://baton.test/sdk/v1/runs/r/complete', { result: { to: 'you' } }],
    ]);
  });

  it('can be required', async () => {
    expect(await runScript('use.cjs', `console.log(JSON.stringify(Object.keys(require('baton/sdk'))))`)).toContain(
      'createClient',
    );
  });

  it('has types that need neither those of Node nor zod', async () => {
    const source = `
      import { createClient, createExecutor, job } from 'baton/sdk';
      const hello = job({ slug: 'hello', handler: async (ctx) => ({ id: ctx.runId }) });
      export const handler: (request: Request) => Promise<Response> = createExecutor({ hello }, { secrets: 's', batonUrl: 'u' }).fetch;
      const client = createClient({ url: 'u', apiKey: 'k' });
      const run = await client.runs.wait(await client.runs.trigger(hello, null));
      export const id: string | undefined = run.result?.id;
      // @ts-expect-error a result is not a number
      export const wrong: number | undefined = run.result?.id;
    `;

    expect(
      await typeCheck(source, {
        module: 'ESNext',
        moduleResolution: 'bundler',
        lib: ['ES2022', 'DOM', 'DOM.Iterable'],
        types: [],
      }),
    ).toBe('');
  });

  it('takes its types from a zod schema, and fits node:http', async () => {
    await symlink(join(ROOT, 'node_modules/zod'), join(project, 'node_modules/zod'));
    await symlink(join(ROOT, 'node_modules/@types'), join(project, 'node_modules/@types'));
    const source = `
      import { createServer } from 'node:http';
      import { createExecutor, job } from 'baton/sdk';
      import { z } from 'zod';
      const hello = job({
        payload: z.object({ name: z.string() }),
        result: z.object({ length: z.number() }),
        handler: ({ payload }) => ({ length: payload.name.length }),
      });
      createServer(createExecutor({ hello }, { secrets: 's', batonUrl: 'u' }).node);
      // @ts-expect-error the handler must return what the result schema takes
      job({ result: z.object({ length: z.number() }), handler: () => ({ length: 'long' }) });
    `;

    expect(await typeCheck(source, { module: 'NodeNext', types: ['node'], skipLibCheck: true, preserveSymlinks: false })).toBe(
      '',
    );
  });
});
