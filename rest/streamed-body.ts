import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { AppError } from '../src/core/errors.ts';
import { findJsonFault } from '../src/core/json.ts';
import { type ElementBytes, ListSyntaxError, makeJsonSplitter, makeLineSplitter } from './element-splitter.ts';
import type { LocatedFieldError } from './problem.ts';
import { badBody, ClientGone, declaredLength, isJson, refuseCompressed, refuseType, tooLarge } from './request-body.ts';
import { fieldErrors, invalid } from './request-input.ts';

/** A body that is one long list, with a few short fields beside it at most. */
export interface BodyList {
  /** The field of the list. */
  readonly field: string;
  /** Fields that may stand beside the list, in any order; without it there are none. They are known once the list was read. */
  readonly others?: z.ZodObject;
  readonly element: z.ZodType;
  readonly maxElements: number;
  /** Bytes of one element; a larger one is refused by itself. */
  readonly maxElementBytes: number;
  readonly describe: string;
}

/** The other type such a body may have: one element a line, without the object around them. */
export const NDJSON = 'application/x-ndjson';

/** The schema of the whole body, for the reference. */
export function bodyListSchema({ field, element, maxElements, describe, others }: BodyList): z.ZodType {
  return z.strictObject({ [field]: z.array(element).min(1).max(maxElements).describe(describe), ...others?.shape });
}

/** An element that was read and checked, or what is wrong with it alone. */
export type Element = { readonly value: unknown } | { readonly error: AppError };

/** The elements as they arrive; what it returns at its end is what stood beside them, checked, in the form of the list's `others`. */
export type Elements = AsyncGenerator<Element, unknown>;

/**
 * Opens a body that is a list: checks what its head says, and reads the elements when they are asked for, so that no more of the body is in
 * memory than the element that is being read. Reading throws BAD_REQUEST for what is no list of JSON values, wherever in the body that
 * turns up, and PAYLOAD_TOO_LARGE as soon as the limit is passed; an element that breaks its schema is told as such.
 */
export function openBodyList(req: IncomingMessage, list: BodyList, limit: number): Elements {
  const length = declaredLength(req);
  if (length === 0) throw invalid([{ path: '', message: 'is required', in: 'body', type: 'missing' }]);
  refuseCompressed(req);
  const type = req.headers['content-type'];
  const isLines = type !== undefined && NDJSON_TYPE.test(type);
  if (!isLines && !isJson(type)) refuseType(`application/json or ${NDJSON}`);
  if (length !== null && length > limit) throw tooLarge(limit);
  return readElements(req, { list, limit, isLines });
}

const NDJSON_TYPE = /^application\/x-ndjson\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?;?$/i;

async function* readElements(
  req: IncomingMessage,
  { list, limit, isLines }: { readonly list: BodyList; readonly limit: number; readonly isLines: boolean },
): Elements {
  const otherNames = Object.keys(list.others?.shape ?? {});
  const splitter = isLines
    ? makeLineSplitter(list.maxElementBytes)
    : makeJsonSplitter(list.field, list.maxElementBytes, otherNames);
  let index = 0;
  try {
    for await (const piece of piecesOf(req, limit)) {
      for (const bytes of splitter.push(piece)) yield readElement(bytes, list, index++);
    }
    for (const bytes of splitter.end()) yield readElement(bytes, list, index++);
    return readOthers(splitter.others, list);
  } catch (error) {
    if (error instanceof ListSyntaxError) throw syntaxProblem(error);
    throw error;
  }
}

/** The bytes as they come. Leaves the connection open when its reader stops early: there is an answer to be sent on it. */
async function* piecesOf(req: IncomingMessage, limit: number): AsyncGenerator<Buffer> {
  let size = 0;
  try {
    for await (const piece of req.iterator({ destroyOnReturn: false })) {
      // Without an encoding set, a request yields buffers.
      const bytes = piece as Buffer;
      size += bytes.length;
      if (size > limit) throw tooLarge(limit);
      yield bytes;
    }
  } catch (error) {
    throw error instanceof AppError ? error : new ClientGone();
  }
}

function readElement(bytes: ElementBytes, list: BodyList, index: number): Element {
  if (bytes === null) return { error: new AppError('PAYLOAD_TOO_LARGE', `is larger than ${list.maxElementBytes} bytes`) };
  const value = parseElement(bytes, `${list.field}.${index}`);
  const fault = findJsonFault(value);
  if (fault) return { error: refused([{ ...fault, in: 'body', type: 'json_value' }]) };
  const parsed = list.element.safeParse(value);
  if (parsed.success) return { value: parsed.data };
  return { error: refused(parsed.error.issues.flatMap((issue) => fieldErrors(issue, 'body'))) };
}

function readOthers(others: ReadonlyMap<string, Buffer>, list: BodyList): unknown {
  if (!list.others) return undefined;
  const fields = Object.fromEntries([...others].map(([name, bytes]) => [name, parseElement(bytes, name)]));
  const fault = findJsonFault(fields);
  if (fault) throw invalid([{ ...fault, in: 'body', type: 'json_value' }]);
  const parsed = list.others.safeParse(fields);
  if (parsed.success) return parsed.data;
  throw invalid(parsed.error.issues.flatMap((issue) => fieldErrors(issue, 'body')));
}

function parseElement(bytes: Buffer, path: string): unknown {
  if (!isUtf8(bytes)) throw new ListSyntaxError(path, 'is not valid UTF-8');
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new ListSyntaxError(path, 'is not valid JSON');
  }
}

/** One sentence for everything that is wrong with an element, since its place in the answer has room for no more. */
function refused(details: readonly LocatedFieldError[]): AppError {
  const sentences = details.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  return new AppError('BAD_REQUEST', sentences.join('; '), { details });
}

function syntaxProblem({ path, message }: ListSyntaxError): AppError {
  const isField = path !== '' && !message.startsWith('is not valid');
  return badBody(isField ? 'validation failed' : 'invalid request body', { path, message, in: 'body', type: 'json_invalid' });
}
