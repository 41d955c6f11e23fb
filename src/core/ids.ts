import { createHash, randomBytes, randomFillSync } from 'node:crypto';

const ID_BYTES = 16;
/** Random bytes for the next ids: one call of the generator costs as much as the ids of a whole pool. */
const pool = Buffer.alloc(ID_BYTES * 256);
let used = pool.length;

function takeRandom(): Buffer {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += ID_BYTES;
  return pool.subarray(used - ID_BYTES, used);
}

/**
 * A new UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then random bits. Ordered by creation, so that primary keys are appended
 * to rather than scattered over their index.
 */
export function newId(now: number = Date.now()): string {
  const bytes = takeRandom();
  bytes.writeUIntBE(now, 0, 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Ids that follow from one: {@link nthId} takes numbers below this. */
const MAX_NTH = 2 ** 18;

/**
 * The `n`-th id that follows from `base`, a UUIDv7 of the same moment: always the same one, so that whatever it names is made once however
 * often that is tried. Such ids are in the order of their numbers.
 */
export function nthId(base: string, n: number): string {
  if (!Number.isInteger(n) || n < 0 || n >= MAX_NTH) throw new RangeError(`there is no ${n}-th id, only 0 to ${MAX_NTH - 1}`);
  const tail = createHash('sha256').update(`${base} ${n}`).digest('hex').slice(0, 14);
  const high = (0x7000 | (n >> 6)).toString(16);
  const low = (0x80 | (n & 0x3f)).toString(16);
  return `${base.slice(0, 13)}-${high}-${low}${tail.slice(0, 2)}-${tail.slice(2)}`;
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
