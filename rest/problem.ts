import { AppError, ERROR_CODES, type ErrorCode, type FieldError } from '../src/core/errors.ts';

/** Every way a REST request can fail: the domain's codes, and the two that only HTTP knows. */
export type ProblemCode = ErrorCode | 'METHOD_NOT_ALLOWED' | 'UNSUPPORTED_MEDIA_TYPE';

/**
 * How a route words its errors: Baton's `{"error", "request_id"}` (reference 000), FastAPI's `{"detail"}` (reference 004), the same with 400
 * for what the present state does not allow (`fastapi-state`, reference 002), or the labels of reference 003.
 */
export type ErrorStyle = 'baton' | 'fastapi' | 'fastapi-state' | 'actions';

/** Whether a route words its errors as FastAPI does. */
export function isFastapi(style: ErrorStyle): boolean {
  return style === 'fastapi' || style === 'fastapi-state';
}

/** Which part of the request a field stands in. */
export type InputPart = 'path' | 'query' | 'header' | 'body';

/** A field error that also says where in the request it is and, in a word, of which kind; FastAPI's body prints both. */
export interface LocatedFieldError extends FieldError {
  readonly in: InputPart;
  readonly type: string;
}

/** An error as it leaves the server; nothing in it is secret. */
export interface Problem {
  readonly code: ProblemCode;
  readonly message: string;
  readonly details: readonly FieldError[];
  /** Seconds after which the same request may succeed. */
  readonly retryAfterSecs: number | undefined;
  /** For a limit per time: how much is allowed within its window. */
  readonly limit?: number | undefined;
  /** For METHOD_NOT_ALLOWED: the methods that the path does have. */
  readonly allow: readonly string[];
}

/** A refusal that only HTTP has a word for; thrown by the adapter, never by the domain. */
export class HttpRefusal extends Error {
  override readonly name = 'HttpRefusal';
  readonly code: Exclude<ProblemCode, ErrorCode>;
  readonly allow: readonly string[];

  constructor(code: Exclude<ProblemCode, ErrorCode>, message: string, allow: readonly string[] = []) {
    super(message);
    this.code = code;
    this.allow = allow;
  }
}

/** A ready answer: status, headers beyond the common ones, body text. */
export interface ProblemAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What decides how a problem is worded for one request. */
export interface ProblemAudience {
  readonly style: ErrorStyle;
  /** The request's `Accept` header. */
  readonly accept: string | undefined;
  readonly requestId: string;
}

/** HTTP status and reason phrase of every problem; no other file of the REST face names an error status. */
export const PROBLEM_STATUS: Readonly<Record<ProblemCode, { readonly status: number; readonly title: string }>> = {
  BAD_REQUEST: { status: 400, title: 'Bad Request' },
  UNAUTHENTICATED: { status: 401, title: 'Unauthorized' },
  FORBIDDEN: { status: 403, title: 'Forbidden' },
  NOT_FOUND: { status: 404, title: 'Not Found' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'Method Not Allowed' },
  CONFLICT: { status: 409, title: 'Conflict' },
  GONE: { status: 410, title: 'Gone' },
  PAYLOAD_TOO_LARGE: { status: 413, title: 'Content Too Large' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'Unsupported Media Type' },
  UNPROCESSABLE: { status: 422, title: 'Unprocessable Content' },
  RATE_LIMITED: { status: 429, title: 'Too Many Requests' },
  INTERNAL: { status: 500, title: 'Internal Server Error' },
  UNAVAILABLE: { status: 503, title: 'Service Unavailable' },
};

/** Seconds in `Retry-After` when the error itself names none. */
const DEFAULT_RETRY_AFTER_SECS = 1;

/**
 * The status of a problem in a style. FastAPI calls input that its validation refused unprocessable where Baton calls it bad.
 */
export function problemStatus(code: ProblemCode, style: ErrorStyle): number {
  // A run that was waited for and has failed: "failed dependency", as reference 003 answers it.
  if (style === 'actions' && code === 'UNPROCESSABLE') return 424;
  if (isFastapi(style) && code === 'BAD_REQUEST') return PROBLEM_STATUS.UNPROCESSABLE.status;
  if (style === 'fastapi-state' && code === 'CONFLICT') return PROBLEM_STATUS.BAD_REQUEST.status;
  return PROBLEM_STATUS[code].status;
}

/** The problem an error stands for, or null when it is one nobody planned for and its text must not leave the server. */
export function problemOf(error: unknown): Problem | null {
  if (error instanceof HttpRefusal) {
    return { code: error.code, message: error.message, details: [], retryAfterSecs: undefined, allow: error.allow };
  }
  if (!(error instanceof AppError) || error.code === 'INTERNAL') return null;
  const { code, message, details, retryAfterSecs, limit } = error;
  return { code, message, details, retryAfterSecs, limit, allow: [] };
}

/** What the outside sees of an unplanned error. */
export const INTERNAL_PROBLEM: Problem = {
  code: 'INTERNAL',
  message: 'internal error',
  details: [],
  retryAfterSecs: undefined,
  allow: [],
};

/** Words a problem for one request. */
export function renderProblem(problem: Problem, audience: ProblemAudience): ProblemAnswer {
  const status = problemStatus(problem.code, audience.style);
  const asProblemJson = prefersProblemJson(audience.accept);
  const body = asProblemJson ? problemJson(problem, status, audience.requestId) : plainBody(problem, audience);
  return {
    status,
    headers: {
      'content-type': asProblemJson ? 'application/problem+json' : 'application/json; charset=utf-8',
      ...problemHeaders(problem, audience.style),
    },
    body: JSON.stringify(body),
  };
}

/** True for a member of the closed set of codes that `extensions.code` of a GraphQL error may carry. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return ERROR_CODES.some((code) => code === value);
}

/** True when `Accept` names problem+json and wants it at least as much as JSON. */
export function prefersProblemJson(accept: string | undefined): boolean {
  if (accept === undefined || !accept.includes('problem+json')) return false;
  const quality = qualities(accept);
  const json = quality.get('application/json') ?? quality.get('application/*') ?? quality.get('*/*') ?? 0;
  const problem = quality.get('application/problem+json') ?? 0;
  return problem > 0 && problem >= json;
}

function qualities(accept: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const range of accept.split(',')) {
    const [type = '', ...params] = range.split(';').map((part) => part.trim().toLowerCase());
    const q = params.find((param) => param.startsWith('q='));
    found.set(type, q === undefined ? 1 : Number(q.slice(2)) || 0);
  }
  return found;
}

function problemHeaders(problem: Problem, style: ErrorStyle): Record<string, string> {
  const headers: Record<string, string> = {};
  if (problem.code === 'UNAUTHENTICATED') headers['www-authenticate'] = 'Bearer realm="baton"';
  if (problem.code === 'METHOD_NOT_ALLOWED') headers.allow = problem.allow.join(', ');
  if (problem.code === 'RATE_LIMITED' || problem.code === 'UNAVAILABLE') {
    headers['retry-after'] = String(Math.max(1, Math.ceil(problem.retryAfterSecs ?? DEFAULT_RETRY_AFTER_SECS)));
  }
  if (problem.code === 'RATE_LIMITED' && style === 'actions') headers['x-ratelimit-type'] = 'runs';
  if (problem.limit !== undefined) {
    headers['x-ratelimit-limit'] = String(problem.limit);
    headers['x-ratelimit-remaining'] = '0';
  }
  return headers;
}

function problemJson(problem: Problem, status: number, requestId: string): object {
  return {
    type: 'about:blank',
    title: PROBLEM_STATUS[problem.code].title,
    status,
    detail: problem.message,
    ...batonBody(problem, requestId),
  };
}

function plainBody(problem: Problem, audience: ProblemAudience): object {
  if (audience.style === 'actions') return actionsBody(problem, audience.requestId);
  return isFastapi(audience.style) ? fastapiBody(problem) : batonBody(problem, audience.requestId);
}

/** What reference 003 calls a problem; whatever has no name there is told by its status, or is the general one. */
const ERROR_LABEL: Partial<Record<ProblemCode, string>> = {
  BAD_REQUEST: 'BAD_INPUT',
  PAYLOAD_TOO_LARGE: 'BAD_INPUT',
  UNSUPPORTED_MEDIA_TYPE: 'BAD_INPUT',
  UNAUTHENTICATED: 'NO_ACCESS',
  FORBIDDEN: 'NO_ACCESS',
  NOT_FOUND: 'STATUS_404',
  RATE_LIMITED: 'LIMIT_REACHED',
};

/** `BAD_PARAMETERS` is said of what stands in the query, or in `parameters`; `params` names the fields at fault, and what of them. */
function actionsBody(problem: Problem, requestId: string): object {
  const { code, message, details } = problem;
  const isOfParameters = details.some(
    (detail) => (isLocated(detail) && detail.in === 'query') || /^parameters(\.|$)/.test(detail.path),
  );
  return {
    error_label: code === 'BAD_REQUEST' && isOfParameters ? 'BAD_PARAMETERS' : (ERROR_LABEL[code] ?? 'GENERIC_ERROR'),
    message,
    error_ref: requestId,
    status_code: problemStatus(code, 'actions'),
    params: Object.fromEntries(details.map((detail) => [detail.path, detail.message])),
  };
}

function batonBody(problem: Problem, requestId: string): object {
  const body = { error: problem.message, request_id: requestId };
  if (problem.details.length === 0) return body;
  return { ...body, details: problem.details.map(({ path, message }) => ({ path, message })) };
}

function fastapiBody(problem: Problem): object {
  if (problem.code !== 'BAD_REQUEST' && problem.code !== 'UNPROCESSABLE') return { detail: problem.message };
  const details = problem.details.length > 0 ? problem.details : [{ path: '', message: problem.message }];
  return { detail: details.map(fastapiDetail) };
}

function fastapiDetail(detail: FieldError): object {
  const location: Pick<LocatedFieldError, 'in' | 'type'> = isLocated(detail) ? detail : { in: 'body', type: 'value_error' };
  return { loc: [location.in, ...(detail.path === '' ? [] : detail.path.split('.'))], msg: detail.message, type: location.type };
}

function isLocated(detail: FieldError): detail is LocatedFieldError {
  return 'in' in detail && 'type' in detail;
}
