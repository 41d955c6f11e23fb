import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { apiKeyPrefix, hashApiKey, hasValidChecksum, mintApiKey } from '../src/auth/api-key.ts';

/** Computed with another implementation of CRC-32. */
const KNOWN_KEYS = ['baton_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA1ThUBC', 'baton_0123456789abcdefghijABCDEFGHIJ3DBy92'];

/** The right checksum on too little. */
const SHORT_KEY = 'baton_AAAA0U9zip';

describe('mintApiKey', () => {
  it('makes keys of the published form, each one different', () => {
    const keys = Array.from({ length: 100 }, () => mintApiKey().key);

    expect(new Set(keys).size).toBe(100);
    for (const key of keys) expect(key).toMatch(/^baton_[0-9A-Za-z]{36}$/);
  });

  it('returns what the database keeps: the first 12 characters and the SHA-256', () => {
    const { key, prefix, hash } = mintApiKey();

    expect(prefix).toBe(key.slice(0, 12));
    expect(hash).toEqual(createHash('sha256').update(key).digest());
  });

  it('draws every character equally often', () => {
    const random = Array.from({ length: 2_000 }, () => mintApiKey().key.slice(6, 36)).join('');

    // Byte modulo 62 would give the first 8 characters 15.6 % instead of 8/62 = 12.9 %; 0.9 is six standard deviations.
    const share = random.replace(/[^0-7]/g, '').length / random.length;
    expect(new Set(random).size).toBe(62);
    expect(share).toBeGreaterThan(0.12);
    expect(share).toBeLessThan(0.138);
  });
});

describe('hasValidChecksum', () => {
  it('accepts minted keys and known ones', () => {
    for (const key of [...KNOWN_KEYS, ...Array.from({ length: 100 }, () => mintApiKey().key)]) {
      expect(hasValidChecksum(key)).toBe(true);
    }
  });

  it('refuses every change of a single character', () => {
    const { key } = mintApiKey();

    for (let at = 'baton_'.length; at < key.length; at += 1) {
      const typo = key.slice(0, at) + (key[at] === 'x' ? 'y' : 'x') + key.slice(at + 1);
      expect(hasValidChecksum(typo), typo).toBe(false);
    }
  });

  it.each([
    'baton_',
    'baton_hello-operator-key',
    `${KNOWN_KEYS[0]}0`,
    `${KNOWN_KEYS[0]}`.slice(0, -1),
    `${KNOWN_KEYS[0]}\n`,
    SHORT_KEY,
  ])('refuses %j', (key) => {
    expect(hasValidChecksum(key)).toBe(false);
  });

  it('leaves a key that an operator made up to the hash lookup', () => {
    expect(hasValidChecksum('correct-horse-battery-staple')).toBe(true);
    expect(hasValidChecksum('Baton_0123456789')).toBe(true);
  });
});

describe('hashApiKey', () => {
  it('is the SHA-256 of the UTF-8 text', () => {
    expect(hashApiKey('abc').toString('hex')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});

describe('apiKeyPrefix', () => {
  it('gives away less of a key that an operator made up', () => {
    expect(apiKeyPrefix('sixteen-chars-ok')).toBe('sixt');
  });
});
