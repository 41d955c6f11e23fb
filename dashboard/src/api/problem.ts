import type { CombinedError } from '@urql/core';

/** What went wrong, for people: `text` says what and what to do; `code` is the API's ErrorCode, or NETWORK when there was no answer. */
export interface Problem {
  readonly code: string;
  readonly text: string;
  /** Names the request in the server's log. */
  readonly requestId: string | null;
  /** What is wrong with single fields of what was sent, where the server has said it. */
  readonly details?: readonly FieldProblem[];
}

/** What is wrong with one field: its path as the server writes it (`endpoint_url`, `payload.customer.id`), and why. */
export interface FieldProblem {
  readonly path: string;
  readonly message: string;
}

const UNREACHABLE: Problem = {
  code: 'NETWORK',
  text: 'The server does not answer. It is tried again as soon as it does; nothing of yours is lost.',
  requestId: null,
};

/** The first error of an answer in words. */
export function toProblem(error: Pick<CombinedError, 'graphQLErrors' | 'networkError' | 'message'>): Problem {
  const [first] = error.graphQLErrors;
  if (first === undefined) return error.networkError === undefined ? { ...UNREACHABLE, text: error.message } : UNREACHABLE;
  const { code, requestId, details } = first.extensions ?? {};
  return {
    code: typeof code === 'string' ? code : 'INTERNAL',
    text: first.message,
    requestId: typeof requestId === 'string' ? requestId : null,
    ...(Array.isArray(details) && { details: details as FieldProblem[] }),
  };
}

/** An error that carries a problem, for code that throws instead of returning. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.text);
    this.problem = problem;
  }
}
