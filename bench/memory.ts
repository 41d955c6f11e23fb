import { readFileSync } from 'node:fs';
import { childrenOf } from './cpu.ts';

const SAMPLE_EVERY_MS = 500;

/** Peak memory in MiB. The sum adds the peaks, which need not have been at the same moment. */
export interface PeakMemory {
  server: number;
  postgres: number;
  sum: number;
}

/** Watches the memory of a Postgres cluster from now until the stack ends. */
export function watchMemory(postmaster: number, cleanup: AsyncDisposableStack): { peak(serverPid: number): PeakMemory } {
  let postgres = 0;
  const sample = () => (postgres = Math.max(postgres, postgresMemory(postmaster)));
  const timer = setInterval(sample, SAMPLE_EVERY_MS);
  cleanup.defer(() => clearInterval(timer));
  return {
    peak: (serverPid) => {
      sample();
      const server = peakOf(serverPid);
      return { server, postgres, sum: server + postgres };
    },
  };
}

/** What a process has in memory at this moment, in MiB. */
export function memoryOf(pid: number): number {
  return statusOf(pid).VmRSS ?? Number.NaN;
}

/**
 * Shared buffers and the program itself appear in every process of a cluster but exist once: private memory is added up, shared
 * memory counted where it is largest. (Adding the processes' own peaks would count 128 MiB of buffers some thirty times.)
 */
function postgresMemory(postmaster: number): number {
  const processes = [postmaster, ...childrenOf(postmaster)].map(statusOf);
  const largest = (field: string) => Math.max(0, ...processes.map((status) => status[field] ?? 0));
  const anonymous = processes.reduce((sum, status) => sum + (status.RssAnon ?? 0), 0);
  return anonymous + largest('RssFile') + largest('RssShmem');
}

/** The most memory that a process has had resident so far, in MiB. */
export function peakOf(pid: number): number {
  return statusOf(pid).VmHWM ?? Number.NaN;
}

/** The sizes in /proc/<pid>/status by name, in MiB; empty for a process that has ended. */
function statusOf(pid: number): Record<string, number> {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    // Ended since it was listed.
    return {};
  }
  return Object.fromEntries(Array.from(text.matchAll(/^(\w+):\s+(\d+) kB$/gm), ([, name, size]) => [name, Number(size) / 1024]));
}
