import { isFinal, nextState, type RunEvent, type RunStatus } from '../../src/core/run-state.ts';

/** A run as far as the model knows it. */
export interface ModelRun {
  status: RunStatus;
  attempt: number;
  epoch: number;
  /** Waits out the delay before its next attempt. */
  held: boolean;
  readonly maxAttempts: number;
  key: string | null;
  readonly expires: boolean;
  /** The event it sleeps for. */
  waitsFor: string | null;
  checkpoints: number;
  /** What an executor that lost the answer to its last report may say again: the report, under the claim that made it. */
  ending: { readonly epoch: number; readonly report: string } | null;
}

/** What the newest wait for an event came to. */
export interface ModelEvent {
  status: 'waiting' | 'received' | 'timed_out' | 'canceled';
  payload: number | null;
}

/** The whole of what a sequence of operations works on. Small on purpose: it says what users are promised, not how it is done. */
export interface Model {
  readonly runs: ModelRun[];
  /** Every claim there ever was, the stale ones, too: which run, and its epoch then. */
  readonly claims: { readonly run: number; readonly epoch: number }[];
  readonly events: Map<string, ModelEvent>;
}

/** Makes an empty {@link Model}. */
export function emptyModel(): Model {
  return { runs: [], claims: [], events: new Map() };
}

/** How an operation is answered: done, or the code of the refusal. */
export type Answer = 'done' | 'hit' | 'CONFLICT' | 'NOT_FOUND' | 'BAD_REQUEST';

/** Moves a run by an event of the state machine; false when its status refuses. */
export function move(run: ModelRun, event: RunEvent): boolean {
  const next = nextState(run.status, event);
  if (next === null) return false;
  run.status = next;
  return true;
}

/** The wait of a run that leaves `waiting` for anything but the queue is over. */
function dropWait(model: Model, run: ModelRun): void {
  const event = run.waitsFor === null ? undefined : model.events.get(run.waitsFor);
  if (event?.status === 'waiting') event.status = 'canceled';
  run.waitsFor = null;
}

/** Stores a run, or finds the live one that holds the key. */
export function trigger(
  model: Model,
  input: { readonly key: string | null; readonly delayed: boolean; readonly expires: boolean; readonly maxAttempts: number },
): { readonly answer: Answer; readonly run: number } {
  const holder = input.key === null ? -1 : model.runs.findIndex((run) => run.key === input.key && !isFinal(run.status));
  if (holder >= 0) return { answer: 'hit', run: holder };
  model.runs.push({
    status: input.delayed ? 'delayed' : 'queued',
    attempt: 1,
    epoch: 0,
    held: false,
    maxAttempts: input.maxAttempts,
    key: input.key,
    expires: input.expires,
    waitsFor: null,
    checkpoints: 0,
    ending: null,
  });
  return { answer: 'done', run: model.runs.length - 1 };
}

/** Claims everything that is due. */
export function claim(model: Model): void {
  model.runs.forEach((run, index) => {
    if (run.status !== 'queued' || run.held) return;
    run.status = 'executing';
    run.epoch++;
    model.claims.push({ run: index, epoch: run.epoch });
  });
}

/** Another attempt while there are any left, else the given ending. */
function endAttempt(run: ModelRun, last: 'bury' | 'crash' | 'time_out'): boolean {
  if (run.attempt >= run.maxAttempts) return move(run, last);
  if (!move(run, 'retry')) return false;
  run.attempt++;
  run.held = true;
  return true;
}

/** What an executor says under a claim. */
export type Report = 'complete' | 'fail' | 'retry' | 'beat' | 'checkpoint' | 'log';

/** Plays a report of the executor that holds `claim`, or held it once. */
export function report(model: Model, claimIndex: number, kind: Report, word: string): Answer {
  const { run, epoch } = claimOf(model, claimIndex);
  const said = `${kind === 'retry' ? 'fail' : kind} ${word}`;
  const isFresh = run.epoch === epoch;
  if (run.ending?.epoch === epoch && isFresh && run.ending.report === said && isFinal(run.status)) return 'done';
  if (!isFresh) return 'CONFLICT';
  switch (kind) {
    case 'complete':
    case 'fail': {
      const wasWaiting = run.status === 'waiting';
      if (!move(run, kind)) return 'CONFLICT';
      if (wasWaiting) dropWait(model, run);
      run.ending = { epoch, report: said };
      return 'done';
    }
    case 'retry':
      return run.status === 'executing' && endAttempt(run, 'bury') ? 'done' : 'CONFLICT';
    case 'beat':
    case 'log':
    case 'checkpoint':
      if (run.status !== 'executing' && run.status !== 'waiting') return 'CONFLICT';
      if (kind === 'checkpoint') run.checkpoints++;
      return 'done';
  }
}

/** Puts the run of a claim to sleep until an event arrives. */
export function waitFor(model: Model, claimIndex: number, key: string): Answer {
  const { run, epoch } = claimOf(model, claimIndex);
  if (run.epoch !== epoch || run.status !== 'executing' || model.events.get(key)?.status === 'waiting') return 'CONFLICT';
  run.status = 'waiting';
  run.waitsFor = key;
  model.events.set(key, { status: 'waiting', payload: null });
  return 'done';
}

/** Sends an event; the same payload again is the same sending. */
export function send(model: Model, key: string, payload: number): Answer {
  const event = model.events.get(key);
  if (!event) return 'NOT_FOUND';
  if (event.status !== 'waiting') return event.status === 'received' && event.payload === payload ? 'done' : 'CONFLICT';
  event.status = 'received';
  event.payload = payload;
  for (const run of model.runs) {
    if (run.status !== 'waiting' || run.waitsFor !== key) continue;
    move(run, 'wake');
    run.waitsFor = null;
  }
  return 'done';
}

/** What people do to a run. */
export type Operation = 'cancel' | 'dlqReplay' | 'replay' | 'toFuture' | 'toPast' | 'resetKey' | 'pause' | 'resume' | 'restart';

/** Plays what somebody does to a run. */
export function operate(model: Model, index: number, operation: Operation): Answer {
  const run = runOf(model, index);
  const isUnstarted = run.epoch === 0 && (run.status === 'delayed' || run.status === 'queued');
  switch (operation) {
    case 'cancel':
      if (!move(run, 'cancel')) return 'BAD_REQUEST';
      dropWait(model, run);
      run.held = false;
      return 'done';
    case 'dlqReplay':
      // Its key may belong to a later run by now, and there is one live run per key.
      if (run.status !== 'dead_letter' || isKeyTaken(model, run)) return 'CONFLICT';
      move(run, 'dlq_replay');
      run.attempt = 1;
      run.epoch++;
      return 'done';
    case 'replay': {
      const isReplayable = ['failed', 'timed_out', 'crashed', 'system_failed'].includes(run.status);
      if (!isReplayable) return 'BAD_REQUEST';
      trigger(model, { key: null, delayed: false, expires: false, maxAttempts: run.maxAttempts });
      return 'done';
    }
    case 'toFuture':
    case 'toPast':
      if (!isUnstarted) return 'NOT_FOUND';
      run.status = operation === 'toFuture' ? 'delayed' : 'queued';
      return 'done';
    case 'pause':
    case 'restart':
      if (operation === 'pause' && run.status === 'paused') return 'done';
      if (!move(run, operation)) return 'BAD_REQUEST';
      // Whoever held the run has no power over it any more.
      run.epoch++;
      return 'done';
    case 'resume':
      return move(run, 'resume') ? 'done' : 'BAD_REQUEST';
    case 'resetKey':
      if (['dequeued', 'executing', 'waiting', 'paused'].includes(run.status)) return 'NOT_FOUND';
      run.key = null;
      return 'done';
  }
}

function isKeyTaken(model: Model, run: ModelRun): boolean {
  return run.key !== null && model.runs.some((other) => other !== run && other.key === run.key && !isFinal(other.status));
}

/** What becomes due when time passes, or when whoever should act has died. */
export type Due = 'delays' | 'retries' | 'leases' | 'deadlines' | 'events' | 'ttl';

/** Plays the moment at which everything of a kind is due. */
export function fallDue(model: Model, due: Due): void {
  for (const run of model.runs) {
    if (due === 'delays' && run.status === 'delayed') run.status = 'queued';
    if (due === 'retries') run.held = false;
    if (due === 'leases' && run.status === 'executing') endAttempt(run, 'crash');
    if (due === 'deadlines' && run.status === 'executing') endAttempt(run, 'time_out');
    if (due === 'ttl' && run.expires && run.epoch === 0) move(run, 'expire');
    if (due === 'events' && run.status === 'waiting' && run.waitsFor !== null) {
      const event = model.events.get(run.waitsFor);
      if (event) event.status = 'timed_out';
      run.status = 'timed_out';
      run.waitsFor = null;
    }
  }
}

function runOf(model: Model, index: number): ModelRun {
  const run = model.runs[index % model.runs.length];
  if (!run) throw new Error('the model has no run to operate on');
  return run;
}

function claimOf(model: Model, index: number): { readonly run: ModelRun; readonly epoch: number } {
  const held = model.claims[index % model.claims.length];
  if (!held) throw new Error('the model has no claim to report under');
  return { run: runOf(model, held.run), epoch: held.epoch };
}
