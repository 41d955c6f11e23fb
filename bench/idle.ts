import { open, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { Cluster } from './cluster.ts';
import { type CpuSeconds, cpuBetween, readCpu } from './cpu.ts';

/** After the last run: batched completions and the checkpoint they cause are not idleness. */
const SETTLE_MS = 5_000;
const RELOAD_MS = 500;
const STATEMENT = /^([^|\n]*)\|LOG: {2}(?:statement|execute [^:]*): (.*)$/gm;

/** What the platform does while nothing is to be done. */
export interface Idleness {
  queriesPerSecond: number;
  /** Per cent of one core, by part. */
  cpuPercent: CpuSeconds;
  /** The statements' first lines and how often each came, most frequent first. */
  statements: { text: string; count: number }[];
}

/** What to watch, and how long. */
export interface IdleWatch {
  cluster: Cluster;
  /** The bench's own connections, whose application name is `bench`; they stay silent during the watch. */
  db: Pool;
  pids: { postgres: number; server: number; executor: number };
  seconds: number;
}

/**
 * Counts statements exactly, by having Postgres log every one for a while: transaction statistics arrive late and hide statements
 * within a transaction. BEGIN and COMMIT count; autovacuum, which sends no statements, does not.
 */
export async function watchIdle({ cluster, db, pids, seconds }: IdleWatch): Promise<Idleness> {
  await delay(SETTLE_MS);
  await db.query(`alter system set log_statement = 'all'`);
  await db.query('select pg_reload_conf()');
  await delay(RELOAD_MS);
  const { size } = await stat(cluster.logFile);
  const before = readCpu(pids);
  await delay(seconds * 1000);
  const used = cpuBetween(before, readCpu(pids));
  const log = await readFrom(cluster.logFile, size);
  await db.query('alter system reset log_statement');
  await db.query('select pg_reload_conf()');

  const texts = Array.from(log.matchAll(STATEMENT)).flatMap(([, client, text]) =>
    client === 'bench' || text === undefined ? [] : [text],
  );
  const counts = Map.groupBy(texts, (text) => text.slice(0, 100));
  const percent = (value: number) => (value / seconds) * 100;
  return {
    queriesPerSecond: texts.length / seconds,
    cpuPercent: {
      postgres: percent(used.postgres),
      server: percent(used.server),
      executor: percent(used.executor),
      load: percent(used.load),
    },
    statements: Array.from(counts, ([text, same]) => ({ text, count: same.length })).toSorted((a, b) => b.count - a.count),
  };
}

async function readFrom(path: string, position: number): Promise<string> {
  await using file = await open(path);
  const { size } = await file.stat();
  const { buffer } = await file.read(Buffer.alloc(size - position), 0, size - position, position);
  return buffer.toString('utf8');
}
