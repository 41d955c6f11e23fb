import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Linux hands out ports from here on to outgoing connections, which would now and then take one from under a server. */
const FIRST_EPHEMERAL_PORT = 32_768;
const FIRST_PORT = 20_000;
const ATTEMPTS = 50;

/** A TCP port of 127.0.0.1 that nobody listens on and that no outgoing connection is given. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = randomInt(FIRST_PORT, FIRST_EPHEMERAL_PORT);
    if (await isFree(port)) return port;
  }
  throw new Error(`None of ${ATTEMPTS} ports tried between ${FIRST_PORT} and ${FIRST_EPHEMERAL_PORT} is free.`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch {
    // In use, or not allowed: either way the next one is tried.
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
