import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { NOTICE_PAUSES_MS, nextDeliveryMs, WEBHOOK_PAUSES_MS } from '../src/core/delivery-schedule.ts';
import { type ReceivedRequest, startExecutor, startPeer, TEST_SECRET } from './support/executor-peer.ts';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const PLAIN_SECRET = 'a secret of my own!';
const BODY = '{"type": "run.completed", "text": "ünï ✓"}';

function send(url: string, { secret = TEST_SECRET, executor = startExecutor() } = {}) {
  const message = { url, body: BODY, messageId: '0190a0b0-0000-7000-8000-000000000001', signingSecret: secret };
  return executor.post(message, new AbortController().signal);
}

/** The headers of a request, as a verifier wants them. */
const headersOf = (request: ReceivedRequest | undefined) => request?.message.headers as Record<string, string>;

describe('a webhook', () => {
  it('is verified by the reference library', async () => {
    const peer = await startPeer((response) => response.writeHead(204).end());

    await send(peer.url);

    const [request] = peer.received;
    expect(new Webhook(TEST_SECRET).verify(request?.body ?? '', headersOf(request))).toEqual(JSON.parse(BODY));
    expect(headersOf(request)).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': '0190a0b0-0000-7000-8000-000000000001',
    });
  });

  it('is verified by the reference library with a secret of text', async () => {
    const peer = await startPeer((response) => response.writeHead(204).end());

    await send(peer.url, { secret: PLAIN_SECRET });

    const [request] = peer.received;
    const webhook = new Webhook(PLAIN_SECRET, { format: 'raw' });
    expect(webhook.verify(request?.body ?? '', headersOf(request))).toEqual(JSON.parse(BODY));
  });

  it.each([TEST_SECRET, PLAIN_SECRET])('is verified by a plain HMAC over time and body with the secret %s', async (secret) => {
    const peer = await startPeer((response) => response.writeHead(204).end());

    await send(peer.url, { secret });

    const [request] = peer.received;
    const headers = headersOf(request);
    const digest = createHmac('sha256', secret).update(`${headers['x-baton-timestamp']}.${request?.body}`).digest('hex');
    expect(headers['x-baton-signature']).toBe(`sha256=${digest}`);
    expect(Math.abs(Number(headers['x-baton-timestamp']) * SECOND - Date.now())).toBeLessThan(5 * SECOND);
  });

  it('follows no redirect', async () => {
    const target = await startPeer((response) => response.writeHead(200).end());
    const peer = await startPeer((response) => response.writeHead(307, { location: target.url }).end());

    expect(await send(peer.url)).toMatchObject({ status: 307, fault: expect.stringContaining('redirects are not followed') });
    expect(target.received).toEqual([]);
  });

  it.each([
    ['120', 120 * SECOND],
    ['172800', 24 * HOUR],
    ['soon', null],
  ])('hears a Retry-After of %s', async (header, retryAfterMs) => {
    const peer = await startPeer((response) => response.writeHead(503, { 'retry-after': header }).end());

    expect(await send(peer.url)).toMatchObject({ status: 503, retryAfterMs });
  });

  it('keeps no more than the beginning of an answer, as text that can be stored', async () => {
    const peer = await startPeer((response) => response.writeHead(200).end(`a\0b${'x'.repeat(100_000)}`));

    const answer = await send(peer.url);

    expect(answer).toMatchObject({ fault: null, status: 200 });
    expect(answer.excerpt).toMatch(/^abx{1021}$/);
  });

  it('is not sent to a name that resolves to a private address', async () => {
    const peer = await startPeer((response) => response.writeHead(200).end());
    const executor = startExecutor({
      policy: { allowPrivate: false },
      lookup: (_name, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]),
    });

    const answer = await send(`http://public.example.com:8080/`, { executor });

    expect(answer).toMatchObject({
      blocked: true,
      status: null,
      fault: expect.stringContaining('private addresses are not allowed'),
    });
    expect(peer.received).toEqual([]);
  });
});

describe('the pauses between attempts', () => {
  const at = (pauses: readonly number[], random: number) =>
    [...pauses, 0].map((_, index) => nextDeliveryMs(pauses, index + 1, { random: () => random }));

  it('are those documented, then those recommended, and then there is none', () => {
    expect(at(WEBHOOK_PAUSES_MS, 0.5)).toEqual([
      SECOND,
      5 * SECOND,
      300 * SECOND,
      1_800 * SECOND,
      2 * HOUR,
      5 * HOUR,
      10 * HOUR,
      14 * HOUR,
      20 * HOUR,
      24 * HOUR,
      null,
    ]);
    expect(at(NOTICE_PAUSES_MS, 0.5)).toEqual([5 * SECOND, 25 * SECOND, 125 * SECOND, 625 * SECOND, null]);
  });

  it('vary by a fifth, within a day', () => {
    expect(at(WEBHOOK_PAUSES_MS, 0).slice(0, 2)).toEqual([800, 4_000]);
    expect(at(WEBHOOK_PAUSES_MS, 1).slice(-3)).toEqual([24 * HOUR, 24 * HOUR, null]);
  });

  it('are as long as the receiver asks for, within a day', () => {
    const pause = (retryAfterMs: number) => nextDeliveryMs(WEBHOOK_PAUSES_MS, 1, { retryAfterMs, random: () => 0.5 });

    expect([pause(0), pause(30_000), pause(48 * HOUR)]).toEqual([1_000, 30_000, 24 * HOUR]);
  });
});
