import { makeChildren } from './children.ts';
import { makeChunkSender } from './chunk-sender.ts';
import type { Clock } from './clock.ts';
import type { JobContext } from './context.ts';
import { describeError, storable } from './describe-error.ts';
import type { Dispatch } from './dispatch.ts';
import { type AbortReason, BatonError, isTransient, PermanentError, RunAbortedError } from './errors.ts';
import { makeEventWaits } from './event-waits.ts';
import { beatUntil } from './heartbeat.ts';
import { asRecord, type Fetch } from './http.ts';
import type { Job } from './job.ts';
import { makeOutbox } from './outbox.ts';
import { makeRecords, readLastCheckpoint } from './records.ts';
import { logLine, makeReporting } from './reporting.ts';
import { makeRunApi } from './run-api.ts';
import { validate } from './standard-schema.ts';
import { tokenLifetimeMs } from './token-lifetime.ts';

/** How long notes still unsent when the handler ends may hold up the report of its ending. */
const FLUSH_MS = 30_000;
/** Timers of JavaScript take no more, and fire at once when given more. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** An attempt under way. */
export interface Attempt {
  /** Resolves when the handler has ended and its ending is reported, or nobody wants to know it any more; never rejects. */
  readonly done: Promise<void>;
  /** Asks the handler to stop. */
  abort(reason: AbortReason): void;
  /** Reports the attempt as failed, to be tried again, without waiting any longer for its handler. */
  handBack(): void;
}

/** What attempts need of the executor. */
export interface AttemptDeps {
  readonly batonUrl: string;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly heartbeatIntervalMs: number;
  /** Told of what goes wrong beside the handler: a report that could not be delivered. */
  readonly onError: (error: unknown) => void;
}

/** How an attempt ended, as far as Baton is told. */
type Ending =
  | { readonly kind: 'completed'; readonly json: string }
  | { readonly kind: 'failed'; readonly error: string; readonly retry: boolean };

/** Runs `job` on a dispatch: sends heartbeats while the handler runs, then reports how it ended. */
export function startAttempt(job: Job, dispatch: Dispatch, deps: AttemptDeps): Attempt {
  // `stop` asks the handler to end; `lost` ends all talk about the run; `over` ends the heartbeats.
  const [stop, lost, over] = [new AbortController(), new AbortController(), new AbortController()];
  let handBack = (): void => {};
  const handedBack = new Promise<Ending>((resolve) => {
    handBack = () => resolve({ kind: 'failed', error: 'the executor shut down before the handler ended', retry: true });
  });

  const abort = (reason: AbortReason): void => stop.abort(new RunAbortedError(reason));
  const lose = (reason: AbortReason): void => {
    lost.abort(new RunAbortedError(reason));
    abort(reason);
    over.abort();
  };
  const target = { url: deps.batonUrl, bearer: dispatch.token, fetch: deps.fetch };
  const api = makeRunApi(dispatch.runId, { target, clock: deps.clock, lost: lost.signal, onLost: lose });
  const outbox = makeOutbox((note) => api.post(note.route, note.json), deps.onError);
  const chunks = makeChunkSender({ send: (json) => api.post('stream', json), clock: deps.clock, onError: deps.onError });
  const flush = async (): Promise<void> => {
    const sent = Promise.all([outbox.flush(), chunks.flush()]);
    await Promise.race([sent, deps.clock.sleep(FLUSH_MS, over.signal).catch(() => {})]);
  };

  const context: JobContext = {
    runId: dispatch.runId,
    jobSlug: dispatch.jobSlug,
    attempt: dispatch.attempt,
    previousError: dispatch.previousError,
    payload: dispatch.payload,
    signal: stop.signal,
    lastCheckpoint: null,
    ...makeReporting(api, outbox),
    stream: chunks.push,
    ...makeRecords(api, outbox),
    ...makeChildren({ api, flush, suspend: () => lose('suspended') }),
    ...makeEventWaits({ api, flush, suspend: () => lose('suspended') }),
  };

  async function beat(): Promise<void> {
    try {
      const answer = asRecord(await api.ping('heartbeat', Math.max(deps.heartbeatIntervalMs, 1_000)));
      if (answer['cancel_requested'] === true) abort('canceled');
    } catch (error) {
      // A lost run has stopped everything already. Silence of the server is for the next beat to break.
      if (error instanceof RunAbortedError || (error instanceof BatonError && isTransient(error))) return;
      deps.onError(error);
    }
  }

  function failure(error: unknown): Ending {
    if (error instanceof Error && error.stack && !(error instanceof RunAbortedError)) {
      outbox.push({ route: 'log', json: logLine('error', describeError(error), { stack: storable(error.stack) }) });
    }
    // Whoever canceled the run does not want it tried again.
    const canceled = stop.signal.aborted && (stop.signal.reason as RunAbortedError).reason === 'canceled';
    return { kind: 'failed', error: describeError(error), retry: !(error instanceof PermanentError) && !canceled };
  }

  async function work(): Promise<Ending> {
    return callHandler(job, { ...context, lastCheckpoint: await readLastCheckpoint(dispatch.checkpoint, api) });
  }

  async function run(): Promise<void> {
    const lifetimeMs = tokenLifetimeMs(dispatch.token);
    const isTimed = lifetimeMs !== null && lifetimeMs <= MAX_TIMER_MS;
    const timer = isTimed ? setTimeout(() => abort('timed_out'), lifetimeMs) : undefined;
    const beating = beatUntil(over.signal, beat, { clock: deps.clock, intervalMs: deps.heartbeatIntervalMs });
    try {
      const ending = await Promise.race([work().catch(failure), handedBack]);
      await flush();
      await report(ending);
    } catch (error) {
      if (!(error instanceof RunAbortedError)) deps.onError(error);
    } finally {
      clearTimeout(timer);
      over.abort();
      const unsent = outbox.close() + chunks.close();
      if (unsent > 0 && !lost.signal.aborted)
        deps.onError(new Error(`${unsent} reports of run ${dispatch.runId} could not be sent`));
      // What the handler has left running must not report on a run that has ended.
      lost.abort(new RunAbortedError('ended'));
      await beating;
    }
  }

  async function report(ending: Ending): Promise<void> {
    if (ending.kind === 'failed') return fail(ending.error, ending.retry);
    try {
      await api.post('complete', `{"result":${ending.json}}`);
    } catch (error) {
      // The server will not have this result, however often it is sent; saying so beats leaving the run to its timeout.
      if (!(error instanceof BatonError) || isTransient(error)) throw error;
      await fail(describeError(`the result was refused: ${error.message}`), false);
    }
  }

  async function fail(error: string, retry: boolean): Promise<void> {
    await api.post('fail', JSON.stringify(retry ? { error, retry } : { error }));
  }

  return { done: run(), abort, handBack: () => handBack() };
}

/** Validates the payload, calls the handler and validates what it returns; throws whatever makes the attempt fail. */
async function callHandler(job: Job, context: JobContext): Promise<Ending> {
  const payload = await validate(job.payload, context.payload);
  if (!payload.ok) throw new PermanentError(`the payload is not valid: ${payload.message}`);
  // The handler's own payload type is what its schema yields, and the schema has just yielded it.
  const returned = await job.handler({ ...context, payload: payload.value as never });
  const result = await validate(job.result, returned);
  if (!result.ok) throw new PermanentError(`the result is not valid: ${result.message}`);
  return { kind: 'completed', json: resultJson(result.value) };
}

function resultJson(result: unknown): string {
  try {
    // A handler that returns nothing has the result null.
    return JSON.stringify(result ?? null) ?? 'null';
  } catch (cause) {
    throw new PermanentError(`the result is not JSON: ${describeError(cause)}`, { cause });
  }
}
