import type { Page } from 'playwright-core';

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** How long the thread itself ran, in microseconds. */
  readonly tdur?: number;
  readonly args: { readonly name?: string };
}

/**
 * Measures the tasks of the page's main thread by the time it ran: what PerformanceObserver calls long tasks has in it what others took on
 * a busy machine, where 20 ms of arithmetic were seen to take 600.
 */
export async function traceTasks(page: Page): Promise<() => Promise<{ longestMs: number; tasks: number }>> {
  const browser = page.context().browser();
  await browser?.startTracing(page, { categories: ['toplevel', '__metadata'] });
  return async () => {
    const trace = JSON.parse(String(await browser?.stopTracing())) as { traceEvents: readonly TraceEvent[] };
    const threads = new Set(
      trace.traceEvents
        .filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
        .map(({ pid, tid }) => `${pid} ${tid}`),
    );
    const tasks = trace.traceEvents.filter(
      ({ name, pid, tid, tdur }) => name.endsWith('RunTask') && tdur !== undefined && threads.has(`${pid} ${tid}`),
    );
    return { longestMs: Math.max(...tasks.map(({ tdur = 0 }) => tdur / 1_000)), tasks: tasks.length };
  };
}
