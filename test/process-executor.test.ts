import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { neverAborted } from './support/executor-peer.ts';
import { BASE, isAlive, makeManagedAttempt, node, startProcessExecutor } from './support/managed.ts';

const SHOW_ENVIRONMENT = node('process.stdout.write(JSON.stringify(process.env))');

async function environmentOf(overrides: Parameters<typeof makeManagedAttempt>[1] = {}): Promise<Record<string, string>> {
  const { attempt, lines } = makeManagedAttempt(SHOW_ENVIRONMENT, { token: 'a.b.c', ...overrides });
  const outcome = await startProcessExecutor().execute(attempt, neverAborted());
  expect(outcome.kind).toBe('completed');
  return JSON.parse(lines[0]?.text ?? '');
}

const FIRST = {
  ...BASE,
  BATON_RUN_ID: '0190a0b0-0000-7000-8000-000000000001',
  BATON_JOB_SLUG: 'count',
  BATON_ATTEMPT: '1',
  BATON_API_URL: 'http://127.0.0.1:9',
  BATON_RUN_TOKEN: 'a.b.c',
  BATON_MEMORY_LIMIT_MB: '256',
  BATON_PAYLOAD: '{"page":1}',
};

describe('the environment of a process', () => {
  it('is what it needs and nothing of the server', async () => {
    process.env['BATON_SECRET'] = 'a secret of the server';
    onTestFinished(() => {
      delete process.env['BATON_SECRET'];
    });

    expect(await environmentOf()).toEqual(FIRST);
  });

  it('has what came before on a retry', async () => {
    const before = { attempt: 2, previousError: 'no disk', lastCheckpoint: '{"at": 3}', checkpointSequence: 7 };

    expect(await environmentOf(before)).toEqual({
      ...FIRST,
      BATON_ATTEMPT: '2',
      BATON_PREVIOUS_ERROR: 'no disk',
      BATON_LAST_CHECKPOINT: '{"at": 3}',
      BATON_CHECKPOINT_SEQUENCE: '7',
    });
  });

  it('leaves large things to be fetched', async () => {
    const { BATON_PAYLOAD: _, ...rest } = FIRST;
    const large = JSON.stringify('ä'.repeat(33_000));

    expect(await environmentOf({ payload: large, lastCheckpoint: large, checkpointSequence: 2 })).toEqual({
      ...rest,
      BATON_PAYLOAD_MODE: 'fetch',
      BATON_CHECKPOINT_SEQUENCE: '2',
    });
    expect(Object.keys(await environmentOf({ payload: JSON.stringify('x'.repeat(2_000)) }))).toContain('BATON_PAYLOAD');
  });
});

describe('how a process ends', () => {
  const outcomeOf = (command: string, timeoutMs = 10_000) =>
    startProcessExecutor().execute(makeManagedAttempt(command, { timeoutMs }).attempt, neverAborted());

  it('completes with null, and says what time it took', async () => {
    expect(await outcomeOf('true')).toMatchObject({
      kind: 'completed',
      result: null,
      compute: { preset: 'micro', milliseconds: expect.any(Number) },
    });
  });

  it.each([
    ['sh -c "echo no disk >&2; exit 3"', 'unknown', 'the process exited with code 3: no disk'],
    ["sh -c 'kill -SEGV $$'", 'unknown', 'the process was ended by SIGSEGV'],
    ["sh -c 'kill -KILL $$'", 'out_of_memory', 'the process was killed, as it is when memory is short'],
    ["sh -c 'exit 137'", 'out_of_memory', 'the process was killed, as it is when memory is short'],
    ['/no/such/program', 'client', '"/no/such/program" cannot be started: there is no such program here'],
    ['/etc/passwd', 'client', '"/etc/passwd" cannot be started: it is no program, or must not be executed'],
  ])('%s fails', async (command, errorClass, message) => {
    expect(await outcomeOf(command)).toMatchObject({ kind: 'failed', errorClass, message });
  });

  it('is in time', async () => {
    expect(await outcomeOf('sleep 60', 200)).toMatchObject({ kind: 'timed_out' });
  });

  it('is not up to a shell', async () => {
    const { attempt, lines } = makeManagedAttempt('echo $HOME $(id) `id` ; exit 3 | cat > /tmp/x && false');

    const outcome = await startProcessExecutor().execute(attempt, neverAborted());

    expect(outcome.kind).toBe('completed');
    expect(lines).toEqual([{ stream: 'stdout', text: '$HOME $(id) `id` ; exit 3 | cat > /tmp/x && false' }]);
  });
});

/** Starts a grandchild that ignores signals, one in a session of its own, says their ids and waits. */
const FAMILY = `sh -c 'trap "" TERM; sh -c "trap \\"\\" TERM; sleep 61" & echo child $!; setsid sleep 62 & echo session $!; wait; sleep 60'`;

describe('what belongs to a process', () => {
  const pidOf = async (line: Promise<string>) => Number((await line).split(' ')[1]);

  it('ends with it when the attempt is aborted, whatever signals it ignores', async () => {
    const { attempt, line } = makeManagedAttempt(FAMILY);
    const abort = new AbortController();
    const ended = startProcessExecutor().execute(attempt, abort.signal);
    const pids = await Promise.all([pidOf(line(/^child/)), pidOf(line(/^session/))]);
    expect(await Promise.all(pids.map(isAlive))).toEqual([true, true]);

    abort.abort();

    expect(await ended).toMatchObject({ kind: 'aborted', compute: { preset: 'micro' } });
    expect(await Promise.all(pids.map(isAlive))).toEqual([false, false]);
  });

  it('gets the chance to end in order', async () => {
    const { attempt, lines, line } = makeManagedAttempt(
      node(
        'process.on("SIGTERM", () => { console.log("bye"); process.exit(0) }); setInterval(() => {}, 1000); console.log("ready")',
      ),
    );
    const abort = new AbortController();
    const ended = startProcessExecutor({ graceMs: 5_000 }).execute(attempt, abort.signal);
    await line(/ready/);

    abort.abort();

    expect((await ended).kind).toBe('aborted');
    expect(lines.map(({ text }) => text)).toEqual(['ready', 'bye']);
  });

  it('does not outlive it, not even as a daemon', async () => {
    const { attempt, line } = makeManagedAttempt('sh -c \'setsid sh -c "sleep 63 & echo daemon \\$!" & wait\'');
    const outcome = await startProcessExecutor().execute(attempt, neverAborted());

    expect(outcome.kind).toBe('completed');
    expect(await isAlive(await pidOf(line(/^daemon/)))).toBe(false);
  });

  it('ends with the executor', async () => {
    const executor = startProcessExecutor();
    const { attempt, line } = makeManagedAttempt(FAMILY);
    const ended = executor.execute(attempt, neverAborted());
    const pid = await pidOf(line(/^child/));

    await executor.close();

    expect((await ended).kind).toBe('aborted');
    expect(await isAlive(pid)).toBe(false);
    expect(await executor.execute(attempt, neverAborted())).toEqual({ kind: 'aborted' });
  });

  it('ends with a server that is killed', async () => {
    const script = join(tmpdir(), `baton-killed-server-${process.pid}.mts`);
    const { attempt } = makeManagedAttempt("sh -c 'echo process $$; sleep 64'");
    await writeFile(
      script,
      `import { makeProcessExecutor } from ${JSON.stringify(join(import.meta.dirname, '../src/executor/process-executor.ts'))};
       const executor = makeProcessExecutor({ base: process.env, apiUrl: async () => '' });
       const onLine = async ({ text }) => { console.log(text); return true; };
       await executor.execute({ ...${JSON.stringify(attempt)}, onLine }, new AbortController().signal);`,
    );
    const server = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(createInterface(server.stdout), 'line');
    const pid = Number(String(line).split(' ')[1]);

    server.kill('SIGKILL');
    await once(server, 'exit');

    await expect.poll(() => isAlive(pid), { timeout: 5_000 }).toBe(false);
  });
});

describe('the memory of a process', () => {
  const memoryLimitMb = () => 120;
  const holds = (mib: number) => node(`const held = Buffer.alloc(${mib} << 20, 1); setTimeout(() => held, 700)`);

  it('is limited by its preset', async () => {
    const executor = startProcessExecutor({ memoryLimitMb });

    expect(await executor.execute(makeManagedAttempt(holds(150)).attempt, neverAborted())).toMatchObject({
      kind: 'failed',
      errorClass: 'out_of_memory',
      message: 'the process exceeded the 120 MB of memory of the machine preset micro',
    });
    expect(await executor.execute(makeManagedAttempt(holds(5)).attempt, neverAborted())).toMatchObject({ kind: 'completed' });
  });

  it('is that of all it has started', async () => {
    const both = `sh -c "${holds(45).replaceAll('"', '\\"')} & ${holds(45).replaceAll('"', '\\"')} & wait"`;

    const outcome = await startProcessExecutor({ memoryLimitMb }).execute(makeManagedAttempt(both).attempt, neverAborted());

    expect(outcome).toMatchObject({ kind: 'failed', errorClass: 'out_of_memory' });
  });
});

describe('the output of a process', () => {
  it('comes line by line, from both streams', async () => {
    const { attempt, lines } = makeManagedAttempt(
      node(
        'process.stdout.write("one\\r\\ntw"); process.stdout.write("o\\n\\nthr\\u0000ee"); process.stderr.write("\\u00e4\\n")',
      ),
    );
    await startProcessExecutor().execute(attempt, neverAborted());

    const of = (stream: string) => lines.filter((line) => line.stream === stream).map(({ text }) => text);
    expect([of('stdout'), of('stderr')]).toEqual([['one', 'two', 'thr\ufffdee'], ['ä']]);
  });

  it('is bounded, and tells what was left out', async () => {
    const limits = { lineLength: 10, linesPerSecond: 0.001, burst: 3, lines: 100, bytesPerSecond: 1_000_000 };
    const { attempt, lines } = makeManagedAttempt(node('for (let i = 0; i < 50; i++) console.log(i + "x".repeat(20))'));
    await startProcessExecutor({ outputLimits: limits }).execute(attempt, neverAborted());

    expect(lines.map(({ text }) => text)).toEqual([
      '0xxxxxxxxx…',
      '1xxxxxxxxx…',
      '2xxxxxxxxx…',
      '47 lines of output were left out: more than a run may keep',
    ]);
  });

  it('slows down what writes without end, not the server', async () => {
    const { attempt, lines } = makeManagedAttempt('yes', { timeoutMs: 600 });
    const outcome = await startProcessExecutor().execute(attempt, neverAborted());

    expect(outcome.kind).toBe('timed_out');
    expect(lines.length).toBeLessThan(1_200);
    const leftOut = Number.parseInt(lines.at(-1)?.text ?? '', 10);
    expect(leftOut).toBeLessThan(2_000_000);
  });

  it('stops being passed on when nobody wants it any more', async () => {
    let told = 0;
    const { attempt } = makeManagedAttempt('sh -c "echo 1; sleep 0.2; echo 2; echo 3"', {
      onLine: async () => {
        told++;
        return false;
      },
    });
    await startProcessExecutor().execute(attempt, neverAborted());

    expect(told).toBe(1);
  });
});
