import type { Outcome } from './outcome.ts';

/** What a circuit can be; one that was never broken has no row at all. */
export const CIRCUIT_STATES = ['closed', 'open', 'half_open'] as const;

/** A member of {@link CIRCUIT_STATES}. */
export type CircuitState = (typeof CIRCUIT_STATES)[number];

/** When a circuit opens and for how long (reference semantics §2.5). */
export interface CircuitPolicy {
  /** Dispatches in a row that found nobody at the endpoint. */
  readonly failures: number;
  /** Milliseconds until one run may try it again. */
  readonly openMs: number;
}

/** The policy of every server. */
export const CIRCUIT_POLICY: CircuitPolicy = { failures: 5, openMs: 60_000 };

/** How often a run is put back before it is given up. */
export const MAX_SNOOZES = 50;

/** Metadata of a run that says how often it was put back. */
export const SNOOZE_COUNT = 'snooze_count';

/** Endpoints are told apart by so many characters; the rest is cut. */
const MAX_ENDPOINT_LENGTH = 1_024;

/** What a URL is called where its circuit is shown and kept: without its query, which may hold a secret. */
export function circuitEndpoint(url: string): string {
  const parsed = URL.parse(url);
  return (parsed ? parsed.origin + parsed.pathname : url.replace(/\?.*$/s, '')).slice(0, MAX_ENDPOINT_LENGTH);
}

/** What a dispatch says about its endpoint: somebody served it, nobody did, or nothing can be told. */
export type Verdict = 'served' | 'unserved' | 'unknown';

/** Answers of what stands before an endpoint, as opposed to a 500, by which the code behind it says that this one run went wrong. */
const GATEWAY_STATUSES: ReadonlySet<number | undefined> = new Set([502, 503, 504]);

/**
 * Judges the endpoint by how a dispatch ended. A run that takes longer than it may, or that its own code fails, says nothing against the
 * endpoint: one bad payload must not keep all other runs away from it.
 */
export function verdictOf(outcome: Outcome): Verdict {
  if (outcome.kind === 'timed_out' || outcome.kind === 'aborted') return 'unknown';
  if (outcome.kind !== 'failed') return 'served';
  return outcome.errorClass === 'transient' || GATEWAY_STATUSES.has(outcome.status) ? 'unserved' : 'served';
}

/** True for a failure that another endpoint may not have: the network, a 5xx, a 429. */
export function isWorthFallback(outcome: Outcome): boolean {
  return outcome.kind === 'failed' && FALLBACK_CLASSES.has(outcome.errorClass);
}

const FALLBACK_CLASSES: ReadonlySet<string> = new Set(['transient', 'server', 'rate_limited']);
