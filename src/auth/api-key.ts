import { hash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

const MARK = 'baton_';
const RANDOM_LENGTH = 30;
const CHECKSUM_LENGTH = 6;
const PREFIX_LENGTH = 12;

/** The fewest characters an API key has; also what an operator's own key must have. */
export const MIN_API_KEY_LENGTH = 16;

/** The most characters an API key has; longer strings are refused unread. */
export const MAX_API_KEY_LENGTH = 256;

/**
 * A new API key. `key` is for its owner and is never stored; `prefix` and `hash` (SHA-256, 32 bytes) are what the database keeps.
 */
export interface MintedApiKey {
  readonly key: string;
  readonly prefix: string;
  readonly hash: Buffer;
}

/**
 * Makes an API key: `baton_`, 30 random base62 characters (178 bits), and the CRC-32 of all that as 6 base62 characters. The mark
 * lets secret scanners find a leaked key, the checksum lets the server refuse a mistyped one without asking the database.
 */
export function mintApiKey(): MintedApiKey {
  const body = MARK + randomBase62(RANDOM_LENGTH);
  const key = body + checksum(body);
  return { key, prefix: apiKeyPrefix(key), hash: hashApiKey(key) };
}

/**
 * The SHA-256 of a key, 32 bytes: the only form in which keys are stored and looked up. A slow hash would add nothing to 178
 * random bits.
 */
export function hashApiKey(key: string): Buffer {
  return hash('sha256', key, 'buffer');
}

/**
 * The start of a key by which its owner recognises it in a list: 12 characters of a minted key (6 of its 30 random ones), 4 of a
 * key that an operator made up, which may be short enough for 12 to give most of it away.
 */
export function apiKeyPrefix(key: string): string {
  return key.slice(0, key.startsWith(MARK) ? PREFIX_LENGTH : 4);
}

/**
 * False for a string that starts like a minted key and does not end in its checksum: a typo or a truncated paste. Any other
 * string passes, since an operator may set the admin key to anything; whether it is a key at all is for the hash lookup to say.
 */
export function hasValidChecksum(key: string): boolean {
  if (!key.startsWith(MARK)) return true;
  if (key.length !== MARK.length + RANDOM_LENGTH + CHECKSUM_LENGTH) return false;
  const body = key.slice(0, -CHECKSUM_LENGTH);
  return key.slice(-CHECKSUM_LENGTH) === checksum(body);
}

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * Bytes from here on would make the first 8 characters of the alphabet more likely than the rest (256 is not a multiple of 62).
 */
const FIRST_BIASED_BYTE = 248;

function randomBase62(length: number): string {
  let text = '';
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < FIRST_BIASED_BYTE && text.length < length) text += BASE62[byte % 62];
    }
  }
  return text;
}

function checksum(body: string): string {
  let rest = crc32(body);
  let text = '';
  for (let place = 0; place < CHECKSUM_LENGTH; place += 1) {
    text = BASE62.charAt(rest % 62) + text;
    rest = Math.floor(rest / 62);
  }
  return text;
}
