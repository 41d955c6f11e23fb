// A managed executor: Baton starts it as a process of its own for every attempt. It counts to `to`, saves where it is, and goes on from
// there when it was paused, restarted or killed. It is all plain HTTP, so any language does.
//
//   curl -sX POST $API/v1/jobs … -d '{"name":"Count","slug":"count","execution_mode":"managed","image_uri":"exec:node examples/managed/count.ts"}'
//   curl -sX POST $API/v1/jobs/count/trigger … -d '{"payload":{"to":100,"every_ms":100}}'
import { setTimeout as delay } from 'node:timers/promises';

const {
  BATON_API_URL: url,
  BATON_RUN_ID: id,
  BATON_RUN_TOKEN: token,
  BATON_LAST_CHECKPOINT: checkpoint = '{"at":0}',
  BATON_PAYLOAD: payload,
} = process.env;

async function call(method: 'GET' | 'POST', route: string, body?: object): Promise<unknown> {
  const response = await fetch(`${url}/sdk/v1/runs/${id}/${route}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  // 409: the run was paused, canceled or taken over. Nothing of what this process says counts any more.
  if (!response.ok) throw new Error(`${route}: ${response.status} ${await response.text()}`);
  return response.json();
}

// A payload of more than 64 KB is not in the environment.
const { to = 10, every_ms: everyMs = 0 } = Object(payload === undefined ? await call('GET', 'payload') : JSON.parse(payload));
const from = Number(JSON.parse(checkpoint).at);

for (let at = from + 1; at <= to; at++) {
  await delay(everyMs);
  console.log(`counted to ${at}`);
  await call('POST', 'checkpoint', { state: { at } });
}
await call('POST', 'complete', { result: { from, to } });
