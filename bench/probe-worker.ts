import { Agent, get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { nowMs } from './clock.ts';

const PAUSE_MS = 5;

const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const values: number[] = [];
let isStopped = false;
parentPort?.once('message', () => {
  isStopped = true;
});
while (!isStopped) {
  const sentAt = nowMs();
  await once();
  values.push(nowMs() - sentAt);
  await delay(PAUSE_MS);
}
agent.destroy();
parentPort?.postMessage(values);

function once(): Promise<void> {
  return new Promise((resolve, reject) => {
    get(`${workerData}/healthz`, { agent }, (res) => res.resume().once('end', resolve)).once('error', reject);
  });
}
