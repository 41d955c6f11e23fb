import type { Client, RunEvent, TriggeredRun } from '../../src/sdk/entry.ts';
import type { Screen } from './screen.ts';

/** Event streams open at once; Baton allows more, but nobody can read faster. */
const STREAMS_AT_ONCE = 16;

/**
 * Shows the log lines and progress of a run and of the children it names in its log, live, until they have ended. The bar counts
 * children: the run itself waits for them and has nothing to tell meanwhile.
 */
export async function followTree(
  client: Client,
  run: TriggeredRun,
  on: { readonly screen: Screen; readonly signal: AbortSignal },
): Promise<void> {
  const { screen, signal } = on;
  /** How far each child is, between 0 and 1. */
  const children = new Map<string, number>();
  /** Each follows one child after another. */
  const lanes = Array.from({ length: STREAMS_AT_ONCE }, () => Promise.resolve());

  function draw(): void {
    const parts = [...children.values()];
    const done = parts.filter((part) => part === 1).length;
    if (parts.length > 0)
      screen.progress(parts.reduce((sum, part) => sum + part, 0) / parts.length, `${done} of ${parts.length} files`);
  }

  async function followChild(id: string): Promise<void> {
    for await (const event of client.runs.watch(id, { signal })) {
      if (event.type === 'log') screen.line(`  ${event.message}`);
      if (event.type === 'progress') children.set(id, Math.min(percentOf(event) / 100, 0.99));
      draw();
    }
    children.set(id, 1);
    draw();
  }

  function addChild(id: string): void {
    if (children.has(id)) return;
    const lane = children.size % STREAMS_AT_ONCE;
    children.set(id, 0);
    const followed = (lanes[lane] ?? Promise.resolve()).then(() => followChild(id));
    // What goes wrong is thrown at the end, where all lanes are awaited; until then it must not count as unhandled.
    followed.catch(() => {});
    lanes[lane] = followed;
  }

  for await (const event of client.runs.watch(run, { signal })) {
    if (event.toStatus) screen.line(`run ${event.fromStatus ?? 'new'} → ${event.toStatus}`);
    else if (event.type === 'log' || event.type === 'progress') screen.line(event.message);
    for (const id of childIds(event)) addChild(id);
    draw();
  }
  await Promise.all(lanes);
}

function percentOf(event: RunEvent): number {
  const percent = field(event.data, 'percent');
  return typeof percent === 'number' ? percent : 0;
}

function childIds(event: RunEvent): string[] {
  const ids = field(event.data, 'children');
  return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : [];
}

function field(data: unknown, name: string): unknown {
  return typeof data === 'object' && data !== null && name in data ? (data as Record<string, unknown>)[name] : undefined;
}
