import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { createTestDatabase } from '../support/database.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

it('a server whose port is taken says so and ends', async () => {
  const database = await createTestDatabase();
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  try {
    const server = spawn(process.execPath, [MAIN], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...process.env,
        DATABASE_URL: database.url,
        BATON_SECRET: 'a secret that is long enough for it',
        PORT: String(port),
      },
    });
    const [[code], said] = await Promise.all([once(server, 'exit'), text(server.stderr)]);

    expect([code, said]).toEqual([1, expect.stringContaining(`port ${port} is in use: set PORT to a free one`)]);
  } finally {
    taken.close();
    await database.drop();
  }
});
