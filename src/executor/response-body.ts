import { isUtf8 } from 'node:buffer';
import { findJsonFault, type JsonValue } from '../core/json.ts';

/** The longest piece of an answer's text that goes into an error message, in characters. */
const MAX_EXCERPT_LENGTH = 2_048;
/** The longest path into a result that an error message names. */
const MAX_PATH_LENGTH = 200;

/** A result, or what is wrong with the body that should have been one, to be read after "a body that". */
export type ParsedResult = { readonly value: JsonValue } | { readonly fault: string };

/**
 * Reads the result of a run from the body of a 2xx answer: nothing is null, JSON is its value whatever the content type says (many
 * servers send JSON as text), anything else is the text itself, unless the content type promises JSON. The value is one that
 * {@link findJsonFault} finds sound.
 */
export function parseResult(body: Buffer, contentType: string): ParsedResult {
  if (body.length === 0) return { value: null };
  if (!isUtf8(body)) return { fault: 'is not UTF-8 text' };
  const text = withoutByteOrderMark(body.toString('utf8'));
  const parsed = parseJson(text);
  if (parsed === undefined && JSON_TYPE.test(contentType))
    return { fault: 'is not valid JSON, though its content type says it is' };
  const value = parsed === undefined ? text : parsed;
  const fault = findJsonFault(value);
  if (!fault) return { value };
  return { fault: fault.path ? `${fault.message} (at ${fault.path.slice(0, MAX_PATH_LENGTH).toWellFormed()})` : fault.message };
}

/** The beginning of an answer's text as it can be shown and stored: no control characters but tabs and line breaks, well-formed, trimmed. */
export function excerpt(body: Buffer): string {
  // Streaming keeps back a character that the cut splits, instead of showing it as a replacement.
  const text = new TextDecoder('utf-8').decode(body.subarray(0, MAX_EXCERPT_LENGTH), { stream: true });
  return text.replace(CONTROL, '').trim();
}

const JSON_TYPE = /^(?:application\/(?:[\w.+-]+\+)?|text\/)json\s*(?:;|$)/i;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed.
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** The value of a JSON text; undefined, which no JSON text means, when it is none. */
function parseJson(text: string): JsonValue | undefined {
  try {
    // `as`: whatever JSON.parse returns is one of these.
    return JSON.parse(text) as JsonValue;
  } catch {
    // Not JSON: the caller decides whether that is wrong.
    return undefined;
  }
}

function withoutByteOrderMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}
