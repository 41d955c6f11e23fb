import { AppError } from '../../core/errors.ts';
import type { JsonValue } from '../../core/json.ts';

/** What JSON text may have, and what to do with more; `advice` ends the sentence that refuses it. */
export interface JsonLimit {
  readonly maxBytes: number;
  readonly advice: string;
}

/** The JSON text of a value; PAYLOAD_TOO_LARGE, naming `what`, beyond its limit. */
export function boundedJson(what: string, value: JsonValue, { maxBytes, advice }: JsonLimit): string {
  const json = JSON.stringify(value);
  if (Buffer.byteLength(json) <= maxBytes) return json;
  throw new AppError('PAYLOAD_TOO_LARGE', `${what} has more than ${maxBytes} bytes; ${advice}`);
}
