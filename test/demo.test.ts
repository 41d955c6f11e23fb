import { describe, expect, it, onTestFinished } from 'vitest';
import { followTree } from '../examples/demo/follow-tree.ts';
import { makeScreen, type Screen } from '../examples/demo/screen.ts';
import { createClient } from '../src/sdk/entry.ts';
import { startFakeBaton } from './support/fake-baton.ts';

/** A screen over text that a test can read. */
function makeTestScreen(output: { readonly isTTY?: boolean; readonly columns?: number }): {
  readonly screen: Screen;
  text(): string;
} {
  let written = '';
  const write = (text: string | Uint8Array) => {
    written += text;
    return true;
  };
  return { screen: makeScreen({ write, ...output }), text: () => written };
}

describe('the screen', () => {
  it('keeps a bar below the lines of a terminal, never wider than it', () => {
    const { screen, text } = makeTestScreen({ isTTY: true, columns: 45 });

    screen.progress(0.5, 'half of everything that is there');
    screen.line('a line');
    screen.end();

    const bar = `${'█'.repeat(15)}${'░'.repeat(15)}  50 % half of`;
    expect(text()).toBe(`\r\u001b[2K${bar.slice(0, 44)}\r\u001b[2Ka line\n${bar.slice(0, 44)}\r\u001b[2K`);
  });

  it('writes plain lines, and progress every ten percent, where there is no terminal', () => {
    const { screen, text } = makeTestScreen({});

    for (let percent = 0; percent <= 100; percent += 1) screen.progress(percent / 100, 'x');
    screen.line('done');
    screen.end();

    const lines = Array.from({ length: 11 }, (_, ten) => `${String(ten * 10).padStart(3)} % x`);
    expect(text()).toBe(`${[...lines, 'done'].join('\n')}\n`);
  });

  it('shows nothing that a terminal would obey', () => {
    const { screen, text } = makeTestScreen({});

    screen.line('a\u001b[31m\r\nb\u202e\u009b');

    expect(text()).toBe('a?[31m??b??\n');
  });
});

describe('following a tree of runs', () => {
  const event = (seq: number, type: string, message: string, more: object = {}) => ({
    seq,
    type,
    level: 'INFO',
    message,
    data: null,
    fromStatus: null,
    toStatus: null,
    createdAt: '2030-01-01T00:00:00Z',
    ...more,
  });
  const ended = { fromStatus: 'EXECUTING', toStatus: 'COMPLETED' };

  it('shows the log of the run and of every child it names, once each, and how many have ended', async () => {
    const ids = Array.from({ length: 40 }, (_, index) => `child-${index}`);
    const named = event(1, 'LOG', 'checking 40 files', { data: { children: ids } });
    const histories: Record<string, object[]> = {
      root: [named, { ...named, seq: 2 }, event(3, 'STATE_CHANGE', 'completed', ended)],
      ...Object.fromEntries(
        ids.map((id) => [
          id,
          [
            event(1, 'PROGRESS', 'half', { data: { percent: 50 } }),
            event(2, 'LOG', `${id} is done`),
            event(3, 'STATE_CHANGE', 'completed', ended),
          ],
        ]),
      ),
    };
    const baton = await startFakeBaton(async ({ body }) => {
      const { runId } = (body as { variables: { runId: string } }).variables;
      const stream = async function* () {
        for (const one of histories[runId] ?? []) yield `event: next\ndata: ${JSON.stringify({ data: { runEvents: one } })}\n\n`;
      };
      return { stream: stream() };
    });
    onTestFinished(() => baton.close());
    const lines: string[] = [];
    const bars: string[] = [];
    const screen: Screen = {
      line: (text) => void lines.push(text),
      progress: (fraction, label) => void bars.push(`${fraction} ${label}`),
      end: () => {},
    };
    const client = createClient({ url: baton.url, apiKey: 'k' });

    await followTree(
      client,
      { id: 'root', status: 'queued', idempotencyHit: false },
      { screen, signal: new AbortController().signal },
    );

    expect(lines.filter((line) => line.startsWith('  child-')).sort()).toEqual(ids.map((id) => `  ${id} is done`).sort());
    expect(lines).toContain('run executing → completed');
    expect(bars.at(-1)).toBe('1 40 of 40 files');
    expect(bars.find((bar) => !bar.startsWith('0 '))).toBe('0.0125 0 of 40 files');
  });
});
