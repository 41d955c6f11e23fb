import { AppError } from '../../core/errors.ts';
import type { JsonValue } from '../../core/json.ts';

/** Passes JSON of at most `max` bytes; PAYLOAD_TOO_LARGE, naming `what`, for more. */
export function checkBytes(what: string, value: JsonValue, max: number): void {
  if (Buffer.byteLength(JSON.stringify(value)) <= max) return;
  throw new AppError('PAYLOAD_TOO_LARGE', `${what} has more than ${max} bytes; store it elsewhere and keep where`);
}
