import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type ReceivedRequest, startPeer, TEST_SECRET } from './support/executor-peer.ts';
import { DO, type RestWorld, startRestWorld } from './support/rest-world.ts';

let world: RestWorld;
beforeAll(async () => {
  world = await startRestWorld();
});
afterAll(() => world.close());

const headersOf = ({ message }: ReceivedRequest) => message.headers as Record<string, string>;

/** A receiver of callbacks, and an action whose callbacks are signed with the test secret. */
async function receiver(status = 204) {
  const peer = await startPeer((response) => response.writeHead(status).end());
  const { slug } = await world.createJob({ webhook_secret: TEST_SECRET });
  const launch = async (inputs: readonly object[], callback: object = {}): Promise<string> => {
    const body = { inputs, callback: { url: peer.url, ...callback } };
    return (await world.done('POST', `/v1/actions/${slug}/async`, { body })).run_uid;
  };
  const arrived = (count: number): Promise<ReceivedRequest[]> =>
    vi.waitFor(() => {
      expect(peer.received.length).toBeGreaterThanOrEqual(count);
      return [...peer.received];
    }, 10_000);
  return { peer, slug, launch, arrived };
}

const bodyOf = (request: ReceivedRequest) => JSON.parse(request.body);
const callbacksOf = (uid: string, more = '') => world.done('GET', `/v1/runs/callbacks?run_uid=${uid}${more}`);

describe('the callbacks of a run', () => {
  it('tell of each input and of the whole, signed by Standard Webhooks, with the headers asked for', async () => {
    const { launch, arrived } = await receiver();
    const uid = await launch([{ ...DO.complete, custom_data: { row: 1 } }, DO.fail], {
      headers: { Authorization: 'Bearer mine' },
    });

    const requests = await arrived(3);
    const bodies = requests.map(bodyOf);
    const [done] = bodies.filter(({ results }) => results.length > 0);
    const [failed] = bodies.filter(({ error, run }) => error !== null && run.batch_uid !== null);
    const [final] = bodies.filter(({ run }) => run.batch_uid === null);

    for (const request of requests) {
      expect(new Webhook(TEST_SECRET).verify(request.body, headersOf(request))).toEqual(bodyOf(request));
      expect(headersOf(request)).toMatchObject({ authorization: 'Bearer mine', 'webhook-id': bodyOf(request).callback_ref_uid });
    }
    expect(done).toMatchObject({
      run: { run_uid: uid, batch_uid: expect.any(String), status: 'RUNNING' },
      results: [{ ok: true }],
      error: null,
      custom_data: { row: 1 },
      input: DO.complete,
    });
    expect(failed).toMatchObject({ results: [], error: { error_label: 'GENERIC_ERROR', status_code: 424 }, input: DO.fail });
    expect(final).toMatchObject({ run: { run_uid: uid, status: 'PARTIAL_SUCCEEDED' }, results_url: `/v1/runs/${uid}/outputs` });
    expect(requests).toHaveLength(3);
  });

  it('are one at the end when only that is asked for', async () => {
    const { launch, arrived, peer } = await receiver();
    const uid = await launch([DO.complete, DO.complete], { on: 'final' });

    const [request] = await arrived(1);
    await vi.waitFor(async () => expect((await callbacksOf(uid, '&status=SUCCESS')).length).toBe(1));

    expect(request && bodyOf(request).run).toEqual({ run_uid: uid, batch_uid: null, status: 'SUCCEEDED' });
    expect(peer.received).toHaveLength(1);
    expect(await world.done('GET', `/v1/runs/${uid}`)).toMatchObject({ callback: { url: peer.url, on: 'final' } });
  });

  it('can be replayed three times, and a replay not at all', async () => {
    const { launch, arrived } = await receiver();
    const uid = await launch([DO.complete], { on: 'final' });
    await arrived(1);
    const [callback] = await callbacksOf(uid);
    const replay = (id: string) => world.rest('POST', `/v1/runs/callbacks/${id}/replay`);

    const replayed = await replay(callback.uid);
    const requests = await arrived(2);

    expect([replayed.status, replayed.body]).toMatchObject([201, { parent_uid: callback.uid, run_uid: uid }]);
    expect(requests.map(bodyOf)).toEqual([callback.payload, callback.payload]);
    expect(requests.map((request) => headersOf(request)['webhook-id'])).toEqual([callback.uid, replayed.body.uid]);
    expect((await replay(replayed.body.uid)).status).toBe(409);
    await Promise.all([replay(callback.uid), replay(callback.uid)]);
    expect([(await replay(callback.uid)).status, (await callbacksOf(uid)).length]).toEqual([409, 4]);
  });

  it('are not sent once the run is canceled, and again when it is resumed', async () => {
    const { launch, arrived, peer } = await receiver();
    const uid = await launch([DO.accept]);
    const [input] = await world.done('GET', `/v1/runs/${uid}/inputs`);
    await world.dispatched(input.uid);

    await world.done('POST', `/v1/runs/${uid}/cancel`);
    await world.settled();
    const before = peer.received.length;
    await world.done('POST', `/v1/runs/${uid}/resume`);
    const token = await world.dispatched(input.uid, 2);
    await world.done('POST', `/sdk/v1/runs/${input.uid}/complete`, { key: token, body: { result: 1 } });
    const bodies = (await arrived(2)).map(bodyOf);

    expect(before).toBe(0);
    expect(bodies.map(({ run }) => run.status).sort()).toEqual(['RUNNING', 'SUCCEEDED']);
  });

  it('tell of themselves how they went, and only their own tenant', async () => {
    const { launch } = await receiver(404);
    const uid = await launch([DO.complete], { on: 'final' });
    await vi.waitFor(async () => expect((await callbacksOf(uid, '&status=FAILED')).length).toBe(1));
    const [callback] = await callbacksOf(uid);
    const theirs = (method: string, path: string) => world.rest(method, `/v1/runs/callbacks/${path}`, { key: world.other.key });

    expect(callback).toMatchObject({ status: 'FAILED', http_status: 404, retry_count: 0, error: expect.stringContaining('404') });
    expect((await theirs('GET', callback.uid)).status).toBe(404);
    expect((await theirs('POST', `${callback.uid}/replay`)).status).toBe(404);
    expect((await world.rest('GET', `/v1/runs/callbacks?run_uid=${uid}`, { key: world.other.key })).body).toEqual([]);
    expect((await world.rest('GET', `/v1/runs/callbacks/${world.other.deliveryId}`, { key: world.other.key })).status).toBe(404);
  });
});
