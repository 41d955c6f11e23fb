import { circuitEndpoint, isWorthFallback, verdictOf } from '../core/circuit.ts';
import { AppError } from '../core/errors.ts';
import type { Attempt, DispatchTrace, Executor, Outcome } from '../core/outcome.ts';
import { isConnectionError } from '../db/errors.ts';
import type { Circuits } from '../domain/circuits/circuits.ts';
import type { ClaimedRun } from '../domain/runs/claimed-run.ts';
import { keepExchange } from '../domain/runs/keep-exchange.ts';
import type { Report, Reports } from '../domain/runs/report.ts';
import type { Route } from './choose-route.ts';

/** What sending needs. */
export interface SendDeps {
  readonly executor: Executor;
  readonly circuits: Circuits;
  readonly reports: Reports;
}

/** An attempt without the endpoint, which the route says. */
type Cargo = Omit<Attempt, 'endpointUrl'>;

/**
 * Sends an attempt where its route leads, and once more to the fallback when nobody served it there (reference semantics §2.5), within
 * the time that the attempt has in all. The circuits of both endpoints hear how it went.
 */
export async function sendAttempt(
  run: ClaimedRun,
  { route, cargo, signal }: { readonly route: Route; readonly cargo: Cargo; readonly signal: AbortSignal },
  deps: SendDeps,
): Promise<Outcome> {
  const started = performance.now();
  if (route.detour !== null) await note(run, detourNote(route, route.detour.endpoint), deps);
  const first = await send(cargo, route, signal, deps);
  const fallback = isWorthFallback(first) && !signal.aborted ? await fallbackOf(route, deps) : null;
  const leftMs = Math.floor(cargo.timeoutMs - (performance.now() - started));
  if (fallback === null || first.kind !== 'failed' || leftMs <= 0) {
    if (fallback?.probeOf) await deps.circuits.abandon(fallback.probeOf);
    return first;
  }
  await note(run, fallbackNote(first, fallback.url), deps);
  if (first.exchange) await unlessOver(() => keepExchange(run, first, deps));
  const second = await send({ ...cargo, timeoutMs: leftMs }, fallback, signal, deps);
  return joined(first, second);
}

/** Somewhere that runs are admitted to. */
type Leg = Pick<Route, 'projectId' | 'url' | 'probeOf'>;

async function send(cargo: Cargo, to: Leg, signal: AbortSignal, deps: SendDeps): Promise<Outcome> {
  const outcome = await deps.executor.execute({ ...cargo, endpointUrl: to.url }, signal);
  // A probe that we stopped ourselves has found out nothing: another run may be it.
  if (outcome.kind === 'aborted' && to.probeOf !== null) await deps.circuits.abandon(to.probeOf);
  else await deps.circuits.report(to, { verdict: verdictOf(outcome), probeOf: to.probeOf });
  return outcome;
}

async function fallbackOf({ projectId, fallbackUrl }: Route, { circuits }: SendDeps): Promise<Leg | null> {
  if (fallbackUrl === null) return null;
  const admission = await circuits.admit({ projectId, url: fallbackUrl });
  return admission.kind === 'admitted' ? { projectId, url: fallbackUrl, probeOf: admission.probeOf } : null;
}

type Failed = Extract<Outcome, { kind: 'failed' }>;

/**
 * The outcome of both together. When both failed, the failure of the endpoint counts: that the fallback refuses the run must not end one
 * that the endpoint would take again.
 */
function joined(first: Failed, second: Outcome): Outcome {
  if (second.kind === 'aborted') return second;
  const trace = summed(first.trace, second.trace);
  if (second.kind !== 'failed') return { ...second, trace };
  const { exchange: _kept, ...failure } = first;
  const message = `${first.message}; then the fallback failed: ${second.message}`;
  return { ...failure, ...(second.exchange && { exchange: second.exchange }), message, trace };
}

function summed(a: DispatchTrace, b: DispatchTrace): DispatchTrace {
  return {
    connect_ms: a.connect_ms + b.connect_ms,
    ttfb_ms: a.ttfb_ms + b.ttfb_ms,
    transfer_ms: a.transfer_ms + b.transfer_ms,
    dispatch_ms: a.dispatch_ms + b.dispatch_ms,
  };
}

type Note = Pick<Report, 'message' | 'data'>;

function detourNote({ url }: Route, open: string): Note {
  const fallback = circuitEndpoint(url);
  return { message: `circuit open: ${open} is not tried for now; sent to the fallback ${fallback}`, data: { fallback } };
}

function fallbackNote({ message, errorClass }: Failed, url: string): Note {
  const fallback = circuitEndpoint(url);
  return { message: `${message}; sent to the fallback ${fallback}`, data: { fallback, error_class: errorClass } };
}

function note(run: ClaimedRun, what: Note, { reports }: SendDeps): Promise<unknown> {
  return unlessOver(() => reports.append({ runId: run.id, epoch: run.epoch, type: 'log', level: 'warn', ...what }));
}

/** Does without a line of history when the claim is over or the database away: neither must cost the attempt. */
async function unlessOver(write: () => Promise<unknown>): Promise<void> {
  await write().catch((error: unknown) => {
    if (!isConnectionError(error) && !(error instanceof AppError)) throw error;
  });
}
