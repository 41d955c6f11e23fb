import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.ts';

/** What stands between a test and its server. */
interface RecordingProxy {
  /** Where requests are to be sent. */
  readonly url: string;
  /** Ends the proxy, which then writes what it saw. */
  close(): Promise<void>;
}

const REDOCLY = fileURLToPath(new URL('../../node_modules/.bin/redocly', import.meta.url));
let count = 0;

/**
 * Puts `redocly proxy` before a server when `RECORD_REST` names a directory, where it leaves one HAR file per server for `npm run drift`
 * to judge; without it requests go straight to `target`.
 */
export async function startRecordingProxy(target: string): Promise<RecordingProxy> {
  const directory = process.env['RECORD_REST'];
  if (!directory) return { url: target, close: async () => {} };
  const port = await freePort();
  const har = join(directory, `${process.pid}-${++count}.har`);
  const child = spawn(process.execPath, [REDOCLY, 'proxy', '--target', target, '--port', String(port), '--har', har], {
    stdio: 'ignore',
    env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
  });
  const exited = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  while (!(await isUp(url))) await Promise.race([delay(50), exited.then(() => Promise.reject(new Error('redocly proxy ended')))]);
  return {
    url,
    async close() {
      child.kill('SIGINT');
      await exited;
    },
  };
}

async function isUp(url: string): Promise<boolean> {
  const response = await fetch(`${url}/healthz`).catch(() => null);
  return response?.ok ?? false;
}
