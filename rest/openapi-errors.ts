import type { z } from 'zod';
import { ERROR_CODES } from '../src/core/errors.ts';
import type { SchemaPrinter } from './json-schema.ts';
import { type ErrorStyle, isFastapi, PROBLEM_STATUS, type ProblemCode, problemStatus } from './problem.ts';
import { actionErrorSchema, errorSchema, fastapiErrorSchema, fastapiValidationSchema, problemSchema } from './problem-schema.ts';
import type { Route } from './route.ts';

/** The schemas an error body can have in each style. */
export const ERROR_BODY_SCHEMAS: Readonly<Record<ErrorStyle, readonly z.ZodType[]>> = {
  baton: [errorSchema, problemSchema],
  actions: [actionErrorSchema, problemSchema],
  fastapi: [fastapiErrorSchema, fastapiValidationSchema, problemSchema],
  'fastapi-state': [fastapiErrorSchema, fastapiValidationSchema, problemSchema],
};

const DESCRIPTION: Readonly<Record<ProblemCode, string>> = {
  BAD_REQUEST: 'The request is malformed or a field is invalid; `details` names the fields.',
  UNAUTHENTICATED: 'The credential is missing, unknown, revoked or expired.',
  FORBIDDEN: 'The credential does not allow this.',
  NOT_FOUND: 'There is no such thing in the project of the credential.',
  METHOD_NOT_ALLOWED: 'The path does not have this method.',
  CONFLICT: 'The present state does not allow this.',
  GONE: 'It is over.',
  PAYLOAD_TOO_LARGE: 'The body is larger than accepted; nothing was stored.',
  UNSUPPORTED_MEDIA_TYPE: 'The body is not plain application/json in UTF-8.',
  UNPROCESSABLE: 'The request is well-formed but cannot be followed.',
  RATE_LIMITED: 'Too many requests.',
  INTERNAL: 'The server failed; the request id finds the reason in its log.',
  UNAVAILABLE: 'The server cannot serve this now.',
};

const ALL_CODES: readonly ProblemCode[] = [...ERROR_CODES, 'METHOD_NOT_ALLOWED', 'UNSUPPORTED_MEDIA_TYPE'];

/** The error answers of one row: those its shape implies, and those it names. */
export function documentedProblems(route: Route): Record<string, object> {
  const responses: Record<string, object> = {};
  for (const code of problemCodes(route)) {
    const shared = { $ref: `#/components/responses/${responseName(code, route.errorStyle)}` };
    const sentence =
      route.errors[code] ?? (code === 'BAD_REQUEST' && isFastapi(route.errorStyle) ? route.errors.UNPROCESSABLE : undefined);
    // A description beside $ref overrides the shared one (OpenAPI 3.1 reference objects).
    responses[problemStatus(code, route.errorStyle)] = sentence === undefined ? shared : { ...shared, description: sentence };
  }
  return responses;
}

/** The shared error answers that the rows refer to, by name. */
export function errorResponses(routes: readonly Route[], printer: SchemaPrinter): Record<string, object> {
  const responses: Record<string, object> = {};
  for (const style of ['baton', 'fastapi', 'fastapi-state', 'actions'] as const) {
    const used = new Set(routes.filter((route) => route.errorStyle === style).flatMap(problemCodes));
    for (const code of ALL_CODES) {
      if (used.has(code)) responses[responseName(code, style)] = errorResponse(code, style, printer);
    }
  }
  return responses;
}

function problemCodes(route: Route): ProblemCode[] {
  const implied: ProblemCode[] = ['BAD_REQUEST', 'INTERNAL', 'UNAVAILABLE'];
  if (route.auth !== 'none') implied.push('UNAUTHENTICATED', 'FORBIDDEN');
  if (route.params !== undefined) implied.push('NOT_FOUND');
  if (route.body !== undefined) implied.push('PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE');
  if (route.stream !== undefined && route.stream.whenOver !== 'no-content') implied.push('GONE');
  const codes = ALL_CODES.filter((code) => implied.includes(code) || code in route.errors);
  // FastAPI has one answer, 422, for both.
  return isFastapi(route.errorStyle) ? codes.filter((code) => code !== 'UNPROCESSABLE') : codes;
}

function errorResponse(code: ProblemCode, style: ErrorStyle, printer: SchemaPrinter): object {
  const retry = code === 'RATE_LIMITED' || code === 'UNAVAILABLE';
  return {
    description: DESCRIPTION[code],
    headers: {
      'X-Request-Id': { $ref: '#/components/headers/RequestId' },
      ...(retry && { 'Retry-After': { $ref: '#/components/headers/RetryAfter' } }),
    },
    content: {
      'application/json': { schema: printer.output(bodySchema(code, style)) },
      'application/problem+json': { schema: printer.output(problemSchema) },
    },
  };
}

function bodySchema(code: ProblemCode, style: ErrorStyle): z.ZodType {
  if (style === 'baton') return errorSchema;
  if (style === 'actions') return actionErrorSchema;
  return code === 'BAD_REQUEST' ? fastapiValidationSchema : fastapiErrorSchema;
}

const SUFFIX: Readonly<Record<ErrorStyle, string>> = {
  baton: '',
  fastapi: 'Detail',
  'fastapi-state': 'Detail',
  actions: 'Label',
};

/** `BadRequest`, for FastAPI's wording `BadRequestDetail`, and for that of actions `BadRequestLabel`. */
function responseName(code: ProblemCode, style: ErrorStyle): string {
  return PROBLEM_STATUS[code].title.replace(/\W/g, '') + SUFFIX[style];
}
