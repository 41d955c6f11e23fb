// The process of a managed run: without a checkpoint it saves one, says its id and waits to be ended; with one it completes the run with it.
const { BATON_API_URL, BATON_RUN_ID, BATON_RUN_TOKEN, BATON_LAST_CHECKPOINT } = process.env;

async function post(route: string, body: object): Promise<void> {
  const response = await fetch(`${BATON_API_URL}/sdk/v1/runs/${BATON_RUN_ID}/${route}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${BATON_RUN_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${route}: ${response.status}`);
}

if (BATON_LAST_CHECKPOINT === undefined) {
  await post('checkpoint', { state: { at: 1 } });
  await post('checkpoint', { state: { at: 2 } });
  console.log(`pid ${process.pid}`);
  setInterval(() => undefined, 60_000);
} else {
  await post('complete', { result: { from: JSON.parse(BATON_LAST_CHECKPOINT).at } });
}
