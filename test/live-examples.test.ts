import { execFile } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { EventSource } from 'eventsource';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeLivePage } from '../examples/live/server.ts';
import { ADMIN_KEY } from './support/app.ts';
import { type AcceptedRun, type RestWorld, startRestWorld } from './support/rest-world.ts';

const FOLLOW = fileURLToPath(new URL('../examples/follow.ts', import.meta.url));

let world: RestWorld;
beforeAll(async () => {
  world = await startRestWorld();
});
afterAll(() => world.close());

async function tell(run: AcceptedRun, route: string, body: object): Promise<void> {
  await world.done('POST', `/sdk/v1/runs/${run.id}/${route}`, { key: run.token, body });
}

describe('the example that follows a run', () => {
  it('prints what it streams and what happens, and ends as the run does', async () => {
    const run = await world.accepted();
    const env = { ...process.env, BATON_URL: world.url, BATON_API_KEY: ADMIN_KEY };
    const following = promisify(execFile)(process.execPath, [FOLLOW, run.id], { env });
    await tell(run, 'log', { message: 'thinking' });
    await tell(run, 'stream', { chunks: ['Hel', 'lo'], done: true });
    await tell(run, 'complete', {});

    const { stdout, stderr } = await following;

    expect(stdout).toBe('Hello\n');
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringContaining('new → queued'),
      expect.stringContaining('queued → dequeued'),
      expect.stringContaining('dequeued → executing'),
      expect.stringContaining('info  thinking'),
      expect.stringContaining('executing → completed'),
    ]);
  });
});

describe('the example page', () => {
  it('comes with its script, and gets tokens that open the streams of a run to a page of another origin', async () => {
    const server = makeLivePage({ batonUrl: world.url, apiKey: ADMIN_KEY }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const run = await world.accepted();
    await tell(run, 'stream', { chunk: 'a' });

    const page = await (await fetch(`${origin}/?run=${run.id}`)).text();
    const script = await fetch(`${origin}/page.js`);
    const answer = await fetch(`${origin}/token?run=${run.id}`, { method: 'POST' });
    const refusal = await fetch(`${origin}/token?run=none`, { method: 'POST' });
    server.close();
    server.closeAllConnections();

    expect(page).toContain('src="/page.js"');
    expect([script.status, script.headers.get('content-type')]).toEqual([200, 'text/javascript; charset=utf-8']);
    expect([refusal.status, ((await refusal.json()) as { error: string }).error]).toEqual([404, 'run not found']);
    const { baton, token } = (await answer.json()) as { baton: string; token: string };
    const source = new EventSource(`${baton}/v1/runs/${run.id}/stream/chunks?${new URLSearchParams({ after: '0', token })}`);
    const [message] = (await once(source, 'message')) as [MessageEvent];
    source.close();
    expect(JSON.parse(message.data).chunk).toBe('a');
  });
});
