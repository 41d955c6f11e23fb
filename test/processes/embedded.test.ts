import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startEmbedded } from '../../src/db/embedded.ts';
import type { Answer } from '../support/embedded-process.ts';

const PROGRAM = fileURLToPath(new URL('../support/embedded-process.ts', import.meta.url));
const FLAGS = { fsync: 'off' };

/** Shared: making a cluster takes ten times as long as starting one. */
const shared = newDir();
let dataDir: string;
let children: ChildProcess[];

beforeEach(() => {
  dataDir = shared;
  children = [];
});

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  // What a failed test left running: the next start takes it over, so this one ends it.
  if (await exists(join(dataDir, 'pg'))) await (await startEmbedded({ dataDir, flags: FLAGS })).stop();
  if (dataDir !== shared) await rm(dataDir, { recursive: true, force: true });
});

afterAll(() => rm(shared, { recursive: true, force: true }));

describe('startEmbedded', () => {
  it('keeps the data over a stop and a start', async () => {
    const first = await startEmbedded({ dataDir, flags: FLAGS });
    await query(first.url, 'create table kept (word text)');
    await query(first.url, "insert into kept values ('still here')");
    await first.stop();
    await first.stop();
    await expect(query(first.url, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });

    const second = await startEmbedded({ dataDir, flags: FLAGS });

    expect(await query(second.url, 'select word from kept')).toEqual([{ word: 'still here' }]);
    expect(second.dataDir).toBe(dataDir);
    await second.stop();
  });

  it('listens on the loopback address and a port that outgoing connections never take, and lets nobody in without the password', async () => {
    const postgres = await startEmbedded({ dataDir, flags: FLAGS });
    const url = new URL(postgres.url);

    expect(url.hostname).toBe('127.0.0.1');
    expect(Number(url.port)).toBeLessThan(32_768);
    expect((await stat(join(dataDir, 'postgres-password'))).mode & 0o777).toBe(0o600);
    expect(await query(postgres.url, 'show synchronous_commit')).toEqual([{ synchronous_commit: 'on' }]);
    expect(await query(postgres.url, 'show unix_socket_directories')).toEqual([{ unix_socket_directories: '' }]);
    url.password = 'guess';
    await expect(query(url.toString(), 'select 1')).rejects.toMatchObject({ code: '28P01' });
    await postgres.stop();
  });

  it('takes over the Postgres of a process that was killed, and stops it in the end', async () => {
    const { child, answer } = await startProcess('postgres');
    await query(answer.url ?? '', 'create table written_before_the_kill ()');
    const orphan = await postmasterPid();
    child.kill('SIGKILL');
    await once(child, 'exit');

    const postgres = await startEmbedded({ dataDir, flags: FLAGS });

    expect(await postmasterPid()).toBe(orphan);
    expect(postgres.url).toBe(answer.url);
    expect(await query(postgres.url, 'select from written_before_the_kill')).toEqual([]);
    await postgres.stop();
    await expect(query(postgres.url, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('starts over the pid file of a Postgres that was killed', async () => {
    const before = await startEmbedded({ dataDir, flags: FLAGS });
    await query(before.url, 'create table written_before_the_crash ()');
    const killed = await postmasterPid();
    process.kill(killed, 'SIGKILL');

    // Stopping what is dead already is no error, and lets go of the data directory.
    await before.stop();
    const postgres = await startEmbedded({ dataDir, flags: FLAGS });

    expect(await postmasterPid()).not.toBe(killed);
    expect(await query(postgres.url, 'select from written_before_the_crash')).toEqual([]);
    await postgres.stop();
  });

  it('starts over a pid file whose pid belongs to somebody else by now', async () => {
    const before = await startEmbedded({ dataDir, flags: FLAGS });
    const pidFile = join(dataDir, 'pg', 'postmaster.pid');
    const left = await readFile(pidFile, 'utf8');
    await before.stop();
    await writeFile(pidFile, left.replace(/^\d+/, String(process.pid)));

    const postgres = await startEmbedded({ dataDir, flags: FLAGS });

    expect(await query(postgres.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await postgres.stop();
  });

  it('leaves Postgres running while another process uses it; the last one stops it', async () => {
    const { child, answer } = await startProcess('postgres');

    const ours = await startEmbedded({ dataDir, flags: FLAGS });
    expect(ours.url).toBe(answer.url);
    await ours.stop();

    expect(await query(ours.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    child.send('stop');
    await once(child, 'exit');
    await expect(query(ours.url, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('makes one cluster when several processes start at once', async () => {
    dataDir = newDir();

    const started = await Promise.all([startProcess('postgres'), startProcess('postgres'), startProcess('postgres')]);

    expect(new Set(started.map(({ answer }) => answer.url)).size).toBe(1);
    for (const { child } of started) child.send('stop');
    await Promise.all(started.map(({ child }) => once(child, 'exit')));
  });

  it('does not lose Postgres to a Ctrl-C in the terminal', async () => {
    const { child } = await startProcess('postgres');

    const answered = once(child, 'message');
    process.kill(-pidOf(child), 'SIGINT');

    expect((await answered)[0]).toEqual({ interrupted: 'running' });
    child.send('stop');
    await once(child, 'exit');
  });

  it('says in words what is wrong with a setting', async () => {
    await expect(startEmbedded({ dataDir, flags: { shared_buffers: 'plenty' } })).rejects.toThrow(
      /invalid value for parameter "shared_buffers"/,
    );
  });

  it.runIf(process.getuid?.() === 0)('names the directory that the user of Postgres cannot enter', async () => {
    dataDir = newDir();
    const closed = join(dataDir, 'closed');
    await mkdir(closed, { recursive: true });
    await chmod(closed, 0o700);

    await expect(startEmbedded({ dataDir: join(closed, 'data'), flags: FLAGS })).rejects.toThrow(`cannot enter ${closed}.`);
  });
});

describe('loadOrCreateSecret', () => {
  it('gives processes that race for it the same secret, readable by the owner alone', async () => {
    dataDir = newDir();
    await mkdir(dataDir);

    const started = await Promise.all(Array.from({ length: 4 }, () => startProcess('secret')));

    const secrets = new Set(started.map(({ answer }) => answer.secret));
    expect(secrets.size).toBe(1);
    expect([...secrets][0]).toMatch(/^[\w-]{43}$/);
    expect((await stat(join(dataDir, 'secret'))).mode & 0o777).toBe(0o600);
  });
});

function newDir(): string {
  return join(tmpdir(), `baton-embedded-${randomUUID()}`);
}

async function startProcess(what: 'postgres' | 'secret'): Promise<{ child: ChildProcess; answer: Answer }> {
  // Its own process group stands for a terminal's foreground group.
  const child = fork(PROGRAM, [what, dataDir], { detached: true, execArgv: [] });
  children.push(child);
  const [answer] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`the process ended with ${code} before it answered`))),
  ]);
  return { child, answer };
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error('the process did not start');
  return child.pid;
}

async function postmasterPid(): Promise<number> {
  return Number.parseInt(await readFile(join(dataDir, 'pg', 'postmaster.pid'), 'utf8'), 10);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
