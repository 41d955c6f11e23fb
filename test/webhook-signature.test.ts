import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { dispatchMessageId, readSigningSecret, signMessage } from '../src/executor/webhook-signature.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

function sign(body: string, secret = SECRET, sentAtMs = Date.now()) {
  return signMessage({ id: dispatchMessageId('run-1', 3), sentAtMs, body }, readSigningSecret(secret));
}

describe('signMessage', () => {
  it.each(['{"a":1}', 'null', '"ünï ✓ 🎉"', `{"big":"${'x'.repeat(100_000)}"}`])(
    'makes headers that the reference library accepts',
    (body) => {
      expect(new Webhook(SECRET).verify(body, { ...sign(body) })).toEqual(JSON.parse(body));
    },
  );

  it('signs an empty body', () => {
    expect(new Webhook(SECRET).verify('', { ...sign('') })).toBeUndefined();
  });

  it('is refused by the reference library for another body, secret, id or time', () => {
    const headers = { ...sign('{"a":1}') };
    const other = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;

    expect(() => new Webhook(SECRET).verify('{"a":2}', headers)).toThrow('No matching signature');
    expect(() => new Webhook(other).verify('{"a":1}', headers)).toThrow('No matching signature');
    expect(() => new Webhook(SECRET).verify('{"a":1}', { ...headers, 'webhook-id': 'run-1_4' })).toThrow('No matching signature');
    expect(() => new Webhook(SECRET).verify('{"a":1}', { ...sign('{"a":1}', SECRET, Date.now() - 600_000) })).toThrow('too old');
  });

  it('signs as the reference library does, to the byte', () => {
    const at = new Date(1_700_000_000_999);

    const headers = sign('{"a":1}', SECRET, at.getTime());

    expect(headers['webhook-timestamp']).toBe('1700000000');
    expect(headers['webhook-signature']).toBe(new Webhook(SECRET).sign('run-1_3', at, '{"a":1}'));
  });

  it('takes a secret without its prefix for the same key', () => {
    expect(sign('x', SECRET.slice('whsec_'.length), 0)).toEqual(sign('x', SECRET, 0));
  });

  it.each(['', 'whsec_', '!!!'])('refuses the secret %j, which holds no key', (secret) => {
    expect(() => readSigningSecret(secret)).toThrow('holds no key');
  });
});

describe('dispatchMessageId', () => {
  it('is the same for the same claim, and another for the next claim or another run', () => {
    expect(dispatchMessageId('run-1', 1)).toBe(dispatchMessageId('run-1', 1));
    expect(new Set([dispatchMessageId('run-1', 1), dispatchMessageId('run-1', 2), dispatchMessageId('run-2', 1)]).size).toBe(3);
  });

  it('has no dot, which separates what is signed', () => {
    expect(dispatchMessageId('0190a0b0-0000-7000-8000-000000000000', 12)).not.toContain('.');
  });
});
