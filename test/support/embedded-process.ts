import pg from 'pg';
import { startEmbedded } from '../../src/db/embedded.ts';
import { loadOrCreateSecret } from '../../src/db/secret-file.ts';

/** What the process answers with, over IPC; see embedded.test.ts. */
export interface Answer {
  readonly url?: string;
  readonly secret?: string;
  readonly interrupted?: string;
  readonly stopped?: true;
}

/** One of several processes on a data directory: `secret` asks for a secret, `postgres` runs the database until told to stop. */
const [, , what, dataDir] = process.argv;
if (!what || !dataDir) throw new Error('usage: embedded-process.ts secret|postgres <data dir>');

if (what === 'secret') {
  answer({ secret: await loadOrCreateSecret(dataDir, 'secret') });
  process.disconnect();
} else {
  const postgres = await startEmbedded({ dataDir, flags: { fsync: 'off' } });
  process.on('SIGINT', async () => {
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    const { rows } = await client.query<{ word: string }>("select 'running' as word");
    await client.end();
    answer({ interrupted: rows[0]?.word ?? '' });
  });
  process.once('message', async () => {
    await postgres.stop();
    answer({ stopped: true });
    process.disconnect();
    process.removeAllListeners('SIGINT');
  });
  answer({ url: postgres.url });
}

function answer(value: Answer): void {
  process.send?.(value);
}
