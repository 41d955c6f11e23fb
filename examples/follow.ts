/**
 * `node examples/follow.ts <run id>`: follows a run in the terminal, from its beginning to its end: what it streams on standard output, what
 * happens on standard error. Needs `BATON_API_KEY`, and `BATON_URL` where Baton is not at its default address.
 */
import { createClient } from '../src/sdk/entry.ts';

const { BATON_URL: url = 'http://127.0.0.1:8080', BATON_API_KEY: apiKey } = process.env;
const [runId] = process.argv.slice(2);
if (!runId || !apiKey) {
  console.error('Usage: BATON_API_KEY=<key> node examples/follow.ts <run id>');
  process.exit(2);
}

const { runs } = createClient({ url, apiKey });
const stopping = new AbortController();
process.once('SIGINT', () => stopping.abort(new Error('stopped')));
const { signal } = stopping;

async function watch(id: string): Promise<string | null> {
  let status: string | null = null;
  for await (const event of runs.watch(id, { types: ['state_change', 'log', 'progress', 'error'], signal })) {
    status = event.toStatus ?? status;
    const what = event.toStatus ? `${event.fromStatus ?? 'new'} → ${event.toStatus}` : event.message;
    console.error(`${event.createdAt} ${event.level.padEnd(5)} ${what}`);
  }
  return status;
}

async function print(id: string): Promise<void> {
  for await (const { chunk, done } of runs.stream(id, { signal })) process.stdout.write(`${chunk ?? '…'}${done ? '\n' : ''}`);
}

try {
  const [status] = await Promise.all([watch(runId), print(runId)]);
  process.exitCode = status === 'completed' ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
