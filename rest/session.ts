import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { AppError } from '../src/core/errors.ts';
import { readError, type TranslateError } from './execute.ts';
import { HttpRefusal, INTERNAL_PROBLEM } from './problem.ts';
import { ClientGone, discardBody, readJsonBody } from './request-body.ts';
import { fieldErrors, invalid } from './request-input.ts';
import { type Exchange, JSON_HEADERS, requestIdOf, sendAnswer, sendProblem } from './response.ts';

const PATH = '/session';
const MAX_BODY_BYTES = 4_096;
const MAX_SECRET_LENGTH = 256;

const secret = z.string().min(1).max(MAX_SECRET_LENGTH);

/** What opens a session: one of the two. */
const SignInBody = z
  .strictObject({ api_key: secret.optional(), token: secret.optional() })
  .refine(({ api_key, token }) => (api_key === undefined) !== (token === undefined), {
    error: 'needs either api_key or token',
  });

/** Who a session belongs to. */
export interface SessionViewer {
  readonly projectId: string;
  readonly keyId: string;
  readonly scopes: Iterable<string>;
}

/** What the session's door is built from; everything of it throws an AppError to refuse, and sets the cookie of the answer itself. */
export interface SessionHandlerOptions {
  /** Opens a session. */
  readonly open: (
    req: IncomingMessage,
    res: ServerResponse,
    signIn: { readonly apiKey: string } | { readonly token: string },
  ) => Promise<SessionViewer>;
  /** Whose session it is; null when there is none. */
  readonly resume: (req: IncomingMessage, res: ServerResponse) => Promise<SessionViewer | null>;
  /** Ends the session. */
  readonly end: (req: IncomingMessage, res: ServerResponse) => void;
  readonly translateError: TranslateError;
  readonly log: { readonly error: (fields: object, message: string) => void };
}

/**
 * Makes the door of the dashboard's session: `POST /session` with an API key or a one-time token signs in, `GET` says who is signed in (401:
 * nobody), `DELETE` signs out. Answers false for every other path.
 */
export function makeSessionHandler(
  options: SessionHandlerOptions,
): (req: IncomingMessage, res: ServerResponse) => false | Promise<void> {
  async function answer(exchange: Exchange): Promise<void> {
    const { req, res } = exchange;
    switch (req.method) {
      case 'POST': {
        const viewer = await options.open(req, res, signInOf(await readJsonBody(req, MAX_BODY_BYTES)));
        return sendViewer(exchange, viewer);
      }
      case 'GET':
      case 'HEAD': {
        const viewer = await options.resume(req, res);
        if (viewer === null) throw new AppError('UNAUTHENTICATED', 'nobody is signed in');
        return sendViewer(exchange, viewer);
      }
      case 'DELETE':
        options.end(req, res);
        return sendAnswer(exchange, 204, { headers: [], body: null });
      default:
        throw new HttpRefusal('METHOD_NOT_ALLOWED', 'this path does not have that method', ['GET', 'HEAD', 'POST', 'DELETE']);
    }
  }

  function refuse(error: unknown, exchange: Exchange): void {
    if (error instanceof ClientGone) return;
    const { problem, unplanned } = readError(error, options.translateError);
    for (const err of unplanned) options.log.error({ err, requestId: exchange.requestId }, 'a session request failed');
    sendProblem(exchange, problem ?? INTERNAL_PROBLEM);
    discardBody(exchange.req, MAX_BODY_BYTES);
  }

  return (req, res) => {
    if (req.url?.split('?', 1)[0] !== PATH) return false;
    const exchange: Exchange = { req, res, style: 'baton', operationId: null, requestId: requestIdOf(req) };
    return answer(exchange).catch((error: unknown) => refuse(error, exchange));
  };
}

function signInOf(body: unknown): { readonly apiKey: string } | { readonly token: string } {
  const parsed = SignInBody.safeParse(body ?? {});
  if (!parsed.success) throw invalid(parsed.error.issues.flatMap((issue) => fieldErrors(issue, 'body')));
  const { api_key, token = '' } = parsed.data;
  return api_key === undefined ? { token } : { apiKey: api_key };
}

function sendViewer(exchange: Exchange, { projectId, keyId, scopes }: SessionViewer): void {
  const body = JSON.stringify({ project_id: projectId, key_id: keyId, scopes: [...scopes] });
  sendAnswer(exchange, 200, { headers: JSON_HEADERS, body });
}
