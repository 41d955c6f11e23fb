import type { ServerResponse } from 'node:http';
import { type ExecutionResult, GraphQLError } from 'graphql';

/** Begins an event stream. Nothing may store it, and no proxy may hold it back. */
export function openEventStream(res: ServerResponse): void {
  res.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    'x-content-type-options': 'nosniff',
  });
  res.flushHeaders();
}

/** The last thing told to a stream whose key was revoked. */
export const REVOKED: ExecutionResult = {
  errors: [new GraphQLError('the api key of this stream is no longer valid', { extensions: { code: 'UNAUTHENTICATED' } })],
};

/** Whether a result of a subscription is none of its events but says that their source failed, which may be better the next time. */
export function isBroken(result: ExecutionResult): boolean {
  if ('data' in result) return false;
  return (
    result.errors?.some(({ extensions }) => extensions['code'] === 'UNAVAILABLE' || extensions['code'] === 'INTERNAL') ?? true
  );
}
