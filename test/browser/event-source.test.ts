import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestExecutor, type TestExecutor } from '../support/app.ts';
import { describeInBrowser, launchBrowser, type TestBrowser } from '../support/browser.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { persist } from '../support/persist.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

/** The two streams of a run, and which of its events they tell of. */
const STREAMS = [
  ['stream', "type <> 'chunk'"],
  ['stream/chunks', "type = 'chunk'"],
] as const;

/** Follows a run as any page would, and keeps what it is told where the test can look. */
const FOLLOW = (runId: string, token: string) => `
  globalThis.streams = ${JSON.stringify(STREAMS.map(([path]) => path))}.map((path) => {
    const stream = { ids: [], connections: 0, source: new EventSource('/v1/runs/${runId}/' + path + '?after=0&token=${token}') };
    stream.source.onopen = () => { stream.connections += 1; };
    stream.source.onmessage = ({ lastEventId }) => stream.ids.push(lastEventId);
    return stream;
  });
`;

describeInBrowser('the EventSource of a browser', () => {
  let database: TestDatabase;
  let executor: TestExecutor;
  let server: ServerProcess;
  let wire: TcpProxy;
  let browser: TestBrowser;
  const tokens = new Map<string, string>();

  beforeAll(async () => {
    database = await createTestDatabase();
    executor = await startTestExecutor();
    executor.answer(({ headers }, res) => {
      tokens.set(String(headers['x-run-id']), String(headers['x-run-token']));
      res.writeHead(202).end();
    });
    server = await startServerProcess(database.url, { BATON_LEASE_SECS: '60' });
    wire = await startTcpProxy(server.url);
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await wire?.close();
    await server?.stop();
    await executor?.close();
    await database?.drop();
  });

  it('is told everything once and in order, over a cut connection and a killed server', async () => {
    const run = await startRun();
    const { token } = await persist(`${server.url}/v1/sse-token`, { run_id: run.id });

    await browser.visit({ origins: [wire.url] }, async ({ page, expectFault }) => {
      const isTold = async () => {
        const last = (await storiesOf(run.id)).map((ids) => ids.at(-1));
        await expect.poll(() => page.evaluate('streams.map(({ ids }) => ids.at(-1))'), { timeout: 20_000 }).toEqual(last);
      };
      // Whatever it says, a page of this server is a place to ask it from.
      await page.goto('/healthz');
      await page.evaluate(FOLLOW(run.id, String(token)));
      await run.say('at first');
      await isTold();

      expectFault(/^console: Failed to load resource: net::ERR_/);
      expect(wire.cut()).toBeGreaterThan(0);
      await run.say('while it is cut off');
      await isTold();
      await run.say('before the server dies');
      await server.crash();
      await run.say('after it has come back');
      await run.report('complete', {});
      // The last answer says that there is nothing more to come.
      expectFault(/status of 410/);
      await expect
        .poll(() => page.evaluate('streams.map(({ source }) => source.readyState)'), { timeout: 20_000 })
        .toEqual([2, 2]);

      expect(await page.evaluate('streams.map(({ ids }) => ids)')).toEqual(await storiesOf(run.id));
      for (const connections of await page.evaluate<number[]>('streams.map(({ connections }) => connections)')) {
        expect(connections).toBeGreaterThanOrEqual(3);
      }
    });
  });

  /** A run in the hands of its executor, which writes to every stream it has whatever it says. */
  async function startRun() {
    await persist(`${server.url}/v1/jobs`, { name: 'Followed', slug: 'followed', endpoint_url: executor.url, timeout_secs: 600 });
    const { id } = await persist(`${server.url}/v1/jobs/followed/trigger`, {});
    await expect.poll(() => tokens.has(id), { timeout: 10_000 }).toBe(true);
    const report = (what: string, body: object) =>
      persist(`${server.url}/sdk/v1/runs/${id}/${what}`, body, { key: tokens.get(id) ?? '' });
    return {
      id,
      report,
      async say(words: string) {
        await report('log', { message: words });
        await report('stream', { chunks: words.split(' ') });
      },
    };
  }

  /** The ids of all messages that tell of a run, by stream. */
  async function storiesOf(runId: string): Promise<string[][]> {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const stories: string[][] = [];
    for (const [, which] of STREAMS) {
      const { rows } = await client.query<{ seq: number; pieces: number | null }>(
        `select seq, jsonb_array_length(data -> 'chunks') as pieces from run_events where run_id = $1 and ${which} order by seq`,
        [runId],
      );
      stories.push(
        rows.flatMap(({ seq, pieces }) =>
          pieces === null ? [String(seq)] : Array.from({ length: pieces }, (_, index) => `${seq}.${index + 1}`),
        ),
      );
    }
    await client.end();
    return stories;
  }
});
