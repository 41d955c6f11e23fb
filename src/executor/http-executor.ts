import type { LookupFunction } from 'node:net';
import { checkEndpointUrl, type EndpointPolicy } from '../core/endpoint-guard.ts';
import type { Attempt, DispatchTrace, Executor, Outcome } from '../core/outcome.ts';
import type { PostSigned } from '../core/signed-post.ts';
import { captureExchange } from './capture.ts';
import { bodyLimit, classify } from './classify-response.ts';
import { makeConnectionPool } from './connection-pool.ts';
import { dispatchHeaders, messageHeaders } from './dispatch-headers.ts';
import { exchange } from './exchange.ts';
import { makeGuardedConnector } from './guarded-connector.ts';
import { POST_EXCERPT_BYTES, POST_TIMEOUT_MS, postAnswer, unsentAnswer } from './post-answer.ts';
import { withoutSecrets } from './redact.ts';
import { remember } from './remember.ts';
import { readSigningSecret, readWebhookSecret } from './webhook-signature.ts';

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
  const keysOf = remember(readWebhookSecret);
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
      const outcome = withoutSecrets(attempt, classify(ending, { host: endpoint.host, maxResultBytes, nowMs: Date.now() }));
      return attempt.capture ? { ...outcome, exchange: captureExchange({ host: endpoint.host, request }, ending) } : outcome;
    },
    async post(message, signal) {
      if (closed) return unsentAnswer('this server is shutting down', { blocked: false });
      const endpoint = endpointOf(message.url);
      if (endpoint.fault !== null) return unsentAnswer(endpoint.fault, { blocked: true });
      const headers = messageHeaders(message, { userAgent, keys: keysOf(message.signingSecret), nowMs: Date.now() });
      const ending = await exchange(
        pool.borrow(endpoint.origin),
        { path: endpoint.path, headers, body: message.body },
        { timeoutMs: POST_TIMEOUT_MS, signal, bodyLimit: () => POST_EXCERPT_BYTES },
      );
      return postAnswer(ending, { host: endpoint.host, nowMs: Date.now() });
    },
    async close() {
      closed = true;
      await pool.close();
    },
  };
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
