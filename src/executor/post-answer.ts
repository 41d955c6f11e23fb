import { MAX_DELIVERY_PAUSE_MS } from '../core/delivery-schedule.ts';
import type { PostAnswer } from '../core/signed-post.ts';
import { classify, firstOf } from './classify-response.ts';
import type { Ending } from './exchange.ts';
import { BlockedAddressError } from './guarded-connector.ts';
import { excerpt } from './response-body.ts';
import { parseRetryAfter } from './retry-after.ts';

/** What becomes of a message is the receiver's business; this is for taking note of it. */
export const POST_TIMEOUT_MS = 15_000;
/** How much is read of what a receiver answers: enough to recognize it by. */
export const POST_EXCERPT_BYTES = 1_024;

/** Turns the ending of the exchange that sent a message into what became of it. The status alone decides, whatever its body does. */
export function postAnswer(ending: Ending, { host, nowMs }: { readonly host: string; readonly nowMs: number }): PostAnswer {
  const { head } = ending;
  const status = head?.status ?? null;
  const isPlain = (firstOf(head?.headers['content-encoding']) ?? 'identity').trim().toLowerCase() === 'identity';
  const retryAfter = firstOf(head?.headers['retry-after']);
  return {
    fault: faultOf(ending, { host, nowMs }),
    status,
    excerpt: isPlain ? excerpt(ending.body) : '',
    retryAfterMs: retryAfter === undefined ? null : parseRetryAfter(retryAfter, nowMs, MAX_DELIVERY_PAUSE_MS),
    blocked: ending.error instanceof BlockedAddressError,
  };
}

/** What became of a message that was not sent. */
export function unsentAnswer(fault: string, { blocked }: Pick<PostAnswer, 'blocked'>): PostAnswer {
  return { fault, status: null, excerpt: '', retryAfterMs: null, blocked };
}

function faultOf(ending: Ending, { host, nowMs }: { readonly host: string; readonly nowMs: number }): string | null {
  const status = ending.head?.status ?? 0;
  if (status >= 200 && status < 300) return null;
  // What the receiver has to say is kept beside, not in the middle of a sentence of ours.
  const outcome = classify({ ...ending, body: NO_BODY }, { host, maxResultBytes: 0, nowMs });
  if (outcome.kind === 'failed') return outcome.message;
  return outcome.kind === 'timed_out' ? `${host} did not answer within ${POST_TIMEOUT_MS} ms` : `${host} was not waited for`;
}

const NO_BODY = Buffer.alloc(0);
