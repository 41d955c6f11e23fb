import { randomBytes } from 'node:crypto';

/**
 * A new UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then random bits. Ordered by creation, so that primary keys are appended
 * to rather than scattered over their index.
 */
export function newId(now: number = Date.now()): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now, 0, 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** True for the textual form of a UUID; anything else can name nothing of ours and must not reach a uuid column. */
export function isUuid(value: string): boolean {
  return UUID.test(value);
}

const VERSION_ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';

/** A job version's public id: `ver_` and 12 characters of [0-9a-z] (reference semantics §1.2). */
export function newVersionId(): string {
  let id = 'ver_';
  for (const byte of randomBytes(12)) id += VERSION_ALPHABET[byte % VERSION_ALPHABET.length];
  return id;
}
