import type { LookupFunction } from 'node:net';
import { describe, expect, it } from 'vitest';
import { guardedLookup, makeGuardedConnector } from '../src/executor/guarded-connector.ts';
import { makeAttempt, neverAborted, type Peer, startExecutor, startPeer } from './support/executor-peer.ts';

/** A resolver that gives these answers, one call after the other, the last one for ever. */
function resolver(...answers: string[][]): LookupFunction & { calls: string[] } {
  const calls: string[] = [];
  const lookup: LookupFunction = (hostname, options, callback) => {
    const addresses = answers[Math.min(calls.length, answers.length - 1)] ?? [];
    calls.push(hostname);
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    if (options.all) callback(null, found);
    else callback(null, found[0]?.address ?? '', found[0]?.family);
  };
  return Object.assign(lookup, { calls });
}

/** A canary on a port that the policy for public endpoints allows, so that only its address can be what protects it. */
async function startCanary(): Promise<Peer & { port: string }> {
  for (const port of [8080, 3000, 4000, 5000, 9000, 8443]) {
    try {
      return { ...(await startPeer((response) => response.end('reached'), port)), port: String(port) };
    } catch {
      // In use by something else on this machine: the next one will do.
    }
  }
  throw new Error('none of the ports for public endpoints is free on loopback');
}

const PUBLIC_ONLY = { policy: { allowPrivate: false } };

describe('the guard against private addresses', () => {
  it.each([
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f.1',
    '0',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::127.0.0.1]',
    'localhost',
    'x.localhost.',
  ])('does not call http://%s', async (host) => {
    const canary = await startCanary();

    const outcome = await startExecutor(PUBLIC_ONLY).execute(
      makeAttempt({ endpointUrl: `http://${host}:${canary.port}/` }),
      neverAborted(),
    );

    expect(outcome).toMatchObject({
      kind: 'failed',
      errorClass: 'client',
      message: expect.stringContaining('private addresses are not allowed'),
    });
    expect(canary.connections).toHaveLength(0);
  });

  it.each([
    ['a private one', ['127.0.0.1']],
    ['a mapped one', ['::ffff:127.0.0.1']],
    ['none', []],
  ])('does not call a name that resolves to %s', async (_what, addresses) => {
    const canary = await startCanary();
    const lookup = resolver(addresses);

    const outcome = await startExecutor({ ...PUBLIC_ONLY, lookup }).execute(
      makeAttempt({ endpointUrl: `http://rebind.example:${canary.port}/?s3cret` }),
      neverAborted(),
    );

    expect(outcome).toMatchObject({
      kind: 'failed',
      errorClass: 'client',
      message: `rebind.example:${canary.port} was not called: private addresses are not allowed`,
    });
    expect(lookup.calls).toEqual(['rebind.example']);
    expect(canary.connections).toHaveLength(0);
  });

  it('checks the very answer that is dialed, so that a name cannot change between check and use', async () => {
    const canary = await startCanary();
    const lookup = resolver(['93.184.215.14'], ['127.0.0.1']);
    const atCreation = await new Promise((resolve) =>
      guardedLookup(lookup)('rebind.example', { all: true }, (error) => resolve(error)),
    );

    const outcome = await startExecutor({ ...PUBLIC_ONLY, lookup }).execute(
      makeAttempt({ endpointUrl: `http://rebind.example:${canary.port}/` }),
      neverAborted(),
    );

    expect(atCreation).toBeNull();
    expect(outcome).toMatchObject({ kind: 'failed', errorClass: 'client' });
    expect(canary.connections).toHaveLength(0);
  });

  it('stands in the connector too, for a literal address that no check of the URL has seen', async () => {
    const canary = await startCanary();
    const connect = makeGuardedConnector({ allowPrivate: false });

    const error = await new Promise((resolve) => {
      connect({ hostname: '127.0.0.1', protocol: 'http:', port: canary.port }, (...[problem]) => resolve(problem));
    });

    expect(error).toMatchObject({ name: 'BlockedAddressError' });
    expect(canary.connections).toHaveLength(0);
  });

  it('refuses a name with a private address among public ones', async () => {
    const lookup = guardedLookup(resolver(['93.184.215.14', '2606:2800:21f::1', '127.0.0.1']));

    const error = await new Promise((resolve) => lookup('mixed.example', { all: true }, (problem) => resolve(problem)));

    expect(error).toMatchObject({ name: 'BlockedAddressError' });
  });

  it('gives a caller that wants one address the first of the public ones', async () => {
    const lookup = guardedLookup(resolver(['93.184.215.14', '2606:2800:21f::1']));

    const answer = await new Promise((resolve) =>
      lookup('public.example', {}, (error, address, family) => resolve([error, address, family])),
    );

    expect(answer).toEqual([null, '93.184.215.14', 4]);
  });

  it.each([301, 302, 303, 307, 308])('is not led round by a %d', async (status) => {
    const canary = await startPeer((response) => response.end('reached'));
    const peer = await startPeer((response) => response.writeHead(status, { location: canary.url }).end());

    const outcome = await startExecutor().execute(makeAttempt({ endpointUrl: peer.url }), neverAborted());

    expect(outcome).toMatchObject({
      kind: 'failed',
      errorClass: 'client',
      message: expect.stringContaining('redirects are not followed'),
    });
    expect(canary.connections).toHaveLength(0);
  });

  it('refuses a URL that is none, without naming its query', async () => {
    const outcome = await startExecutor().execute(makeAttempt({ endpointUrl: 'nonsense?s3cret' }), neverAborted());

    expect(outcome).toMatchObject({
      kind: 'failed',
      errorClass: 'client',
      message: 'The endpoint URL is not a valid absolute URL.',
    });
  });
});

describe('a name that cannot be resolved', () => {
  it('is transient', async () => {
    const lookup: LookupFunction = (_hostname, _options, callback) =>
      callback(Object.assign(new Error('no'), { code: 'ENOTFOUND' }), '');

    const outcome = await startExecutor({ ...PUBLIC_ONLY, lookup }).execute(
      makeAttempt({ endpointUrl: 'http://gone.example/' }),
      neverAborted(),
    );

    expect(outcome).toMatchObject({
      kind: 'failed',
      errorClass: 'transient',
      message: 'gone.example did not answer: its host name does not resolve',
    });
  });

  it('in time is over at the deadline', async () => {
    const lookup: LookupFunction = () => undefined;

    const outcome = await startExecutor({ lookup }).execute(
      makeAttempt({ endpointUrl: 'http://slow.example/', timeoutMs: 50 }),
      neverAborted(),
    );

    expect(outcome).toMatchObject({ kind: 'timed_out', trace: { ttfb_ms: 0, transfer_ms: 0 } });
  });
});
