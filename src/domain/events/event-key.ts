import { z } from 'zod';
import { findJsonFault } from '../../core/json.ts';

/** Characters of an event key. */
const MAX_KEY_LENGTH = 512;

const CONTROL = /\p{Cc}/u;

/** The key of an event: any text of 1 to 512 characters, control characters excepted; no character in it has a meaning of its own. */
export const EventKey = z
  .string()
  .min(1)
  .max(MAX_KEY_LENGTH)
  .refine((key) => !CONTROL.test(key), 'must not contain control characters')
  .refine((key) => key.isWellFormed(), 'must not contain a lone surrogate');

/** True for text that could be a key or the beginning of one; anything else names nothing and must not reach the database. */
export function isEventKey(text: string): boolean {
  return text.length >= 1 && text.length <= MAX_KEY_LENGTH && !CONTROL.test(text) && findJsonFault(text) === null;
}
