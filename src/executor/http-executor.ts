import type { LookupFunction } from 'node:net';
import { checkEndpointUrl, type EndpointPolicy } from '../core/endpoint-guard.ts';
import type { Attempt, DispatchTrace, Executor, Outcome } from '../core/outcome.ts';
import type { PostSigned } from '../core/signed-post.ts';
import { captureExchange } from './capture.ts';
import { bodyLimit, classify } from './classify-response.ts';
import { makeConnectionPool } from './connection-pool.ts';
import { dispatchHeaders, messageHeaders } from './dispatch-headers.ts';
import { type Ending, exchange } from './exchange.ts';
import { makeGuardedConnector } from './guarded-connector.ts';
import { remember } from './remember.ts';
import { readSigningSecret } from './webhook-signature.ts';

const MIB = 1_024 * 1_024;

/** What an HTTP executor is made from. */
export interface HttpExecutorOptions {
  readonly policy: EndpointPolicy;
  /** Longest result in bytes; default 1 MiB. */
  readonly maxResultBytes?: number;
  /** The `User-Agent` of every dispatch. */
  readonly userAgent: string;
  /** Resolves host names; default the system's resolver. */
  readonly lookup?: LookupFunction;
}

/** An {@link Executor} that keeps connections open between attempts. */
export interface HttpExecutor extends Executor {
  /** Sends a message under the rules of dispatches: once, guarded, and in time. */
  readonly post: PostSigned;
  /** Ends all connections; attempts in flight and later ones are `aborted`. */
  close(): Promise<void>;
}

/**
 * Runs user code by POSTing the payload to the job's endpoint. Sends an attempt at most once, follows no redirect, inflates nothing,
 * reads at most `maxResultBytes`, and is done within the attempt's timeout whatever the other side does. An endpoint that the policy
 * forbids is not called, whether its URL says so or its name resolves so.
 */
export function makeHttpExecutor(options: HttpExecutorOptions): HttpExecutor {
  const { policy, maxResultBytes = MIB, userAgent, lookup } = options;
  const pool = makeConnectionPool(makeGuardedConnector(policy, lookup));
  const endpointOf = remember((url) => readEndpoint(url, policy));
  const keyOf = remember(readSigningSecret);
  let closed = false;

  return {
    async execute(attempt: Attempt, signal: AbortSignal): Promise<Outcome> {
      if (closed || signal.aborted) return { kind: 'aborted' };
      const endpoint = endpointOf(attempt.endpointUrl);
      if (endpoint.fault !== null) return { kind: 'failed', errorClass: 'client', message: endpoint.fault, trace: NOTHING_SENT };
      const headers = dispatchHeaders(attempt, { userAgent, signingKey: keyOf(attempt.signingSecret), nowMs: Date.now() });
      const request = { path: endpoint.path, headers, body: attempt.payload };
      const ending = await exchange(pool.borrow(endpoint.origin), request, {
        timeoutMs: attempt.timeoutMs,
        signal,
        bodyLimit: (head) => bodyLimit(head, maxResultBytes),
      });
      if (closed && ending.how === 'broken') return { kind: 'aborted' };
      const outcome = classify(ending, { host: endpoint.host, maxResultBytes, nowMs: Date.now() });
      return attempt.capture ? { ...outcome, exchange: captureExchange({ host: endpoint.host, request }, ending) } : outcome;
    },
    async post(message, signal) {
      if (closed) return 'this server is shutting down';
      const endpoint = endpointOf(message.url);
      if (endpoint.fault !== null) return endpoint.fault;
      const headers = messageHeaders(message, { userAgent, signingKey: keyOf(message.signingSecret), nowMs: Date.now() });
      const ending = await exchange(
        pool.borrow(endpoint.origin),
        { path: endpoint.path, headers, body: message.body },
        { timeoutMs: POST_TIMEOUT_MS, signal, bodyLimit: () => 0 },
      );
      return faultOf(ending, endpoint.host);
    },
    async close() {
      closed = true;
      await pool.close();
    },
  };
}

/** What becomes of a message is the receiver's business; this is for taking note of it. */
const POST_TIMEOUT_MS = 10_000;

function faultOf(ending: Ending, host: string): string | null {
  const status = ending.head?.status ?? 0;
  if (status >= 200 && status < 300) return null;
  const outcome = classify(ending, { host, maxResultBytes: 0, nowMs: Date.now() });
  if (outcome.kind === 'failed') return outcome.message;
  return outcome.kind === 'timed_out' ? `${host} did not answer within ${POST_TIMEOUT_MS} ms` : `${host} was not waited for`;
}

const NOTHING_SENT: DispatchTrace = { connect_ms: 0, ttfb_ms: 0, transfer_ms: 0, dispatch_ms: 0 };

type Endpoint =
  | { readonly fault: null; readonly origin: string; readonly host: string; readonly path: string }
  | { readonly fault: string };

/** Checks and splits an endpoint URL. */
function readEndpoint(url: string, policy: EndpointPolicy): Endpoint {
  const fault = checkEndpointUrl(url, policy);
  if (fault !== null) return { fault };
  const { origin, host, pathname, search } = new URL(url);
  return { fault: null, origin, host, path: pathname + search };
}
