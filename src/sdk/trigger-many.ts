import { type TriggeredRun, type TriggerOptions, triggerJson } from './client-runs.ts';
import { BatonError } from './errors.ts';
import { asRecord } from './http.ts';
import type { JobRef, PayloadInput } from './job.ts';
import type { Rest } from './rest.ts';
import type { RunStatus } from './run-status.ts';

/** Characters of items that are sent together. */
const PART = 65_536;
/** What 100,000 items may take to be sent, stored and answered. */
const TIMEOUT_MS = 600_000;

/** One run of a batch. */
export interface TriggerItem<J extends JobRef | string = string> extends TriggerOptions {
  readonly payload: PayloadInput<J>;
}

/** How many runs are triggered. */
export interface TriggerManyOptions {
  /**
   * Names the batch: the same items under it again are answered by the batch that is there, and what a crash has left out is stored. Made
   * up when it is left out.
   */
  readonly batchKey?: string;
  readonly signal?: AbortSignal;
}

/** What became of one item: its run, or why there is none. */
export type TriggeredItem<Result = unknown> =
  | { readonly run: TriggeredRun<Result>; readonly error: null }
  | { readonly run: null; readonly error: string };

/** What became of a batch. */
export interface TriggeredBatch<Result = unknown> {
  /** Names it in `batch_id` of its runs, and in `batch` and `batchChanged` of GraphQL. */
  readonly batchId: string;
  readonly batchKey: string;
  readonly total: number;
  /** How many new runs it has made. */
  readonly created: number;
  /** One for each item, in the order given. */
  readonly items: readonly TriggeredItem<Result>[];
}

interface Request<J extends JobRef | string> {
  readonly job: J;
  readonly items: Iterable<TriggerItem<J>> | AsyncIterable<TriggerItem<J>>;
  readonly options: TriggerManyOptions;
}

/** Triggers many runs of a job in one call; see `JobsClient.triggerMany`. */
export async function triggerMany<J extends JobRef | string, Result>(
  rest: Rest,
  { job, items, options }: Request<J>,
): Promise<TriggeredBatch<Result>> {
  const batchKey = options.batchKey ?? crypto.randomUUID();
  const request = {
    method: 'POST',
    path: `/v1/jobs/${encodeURIComponent(typeof job === 'string' ? job : job.slug)}/trigger/bulk`,
    headers: { 'content-type': 'application/x-ndjson', 'idempotency-key': batchKey },
    body: () => linesOf(items),
    signal: options.signal,
    timeoutMs: TIMEOUT_MS,
  } as const;
  // A stream that was sent once is gone.
  const answer = asRecord(await (Array.isArray(items) ? rest.repeatable(request) : rest.once(request)));
  const { batch_id: batchId, results, total, created } = answer;
  if (typeof batchId !== 'string' || !Array.isArray(results)) {
    throw new BatonError('Baton did not name the batch', { status: 200, code: 'INVALID_RESPONSE' });
  }
  return { batchId, batchKey, total: Number(total), created: Number(created), items: results.map(toItem<Result>) };
}

type AnyItem = TriggerOptions & { readonly payload: unknown };

/** The items as newline-delimited JSON, no more of them ahead of the connection than one part. */
function linesOf(items: Iterable<AnyItem> | AsyncIterable<AnyItem>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  async function* parts(): AsyncGenerator<Uint8Array> {
    let part = '';
    for await (const { payload, ...options } of items) {
      part += `${triggerJson(payload, options)}\n`;
      if (part.length < PART) continue;
      yield encoder.encode(part);
      part = '';
    }
    if (part !== '') yield encoder.encode(part);
  }
  const source = parts();
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await source.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await source.return(undefined);
    },
  });
}

function toItem<Result>(row: unknown): TriggeredItem<Result> {
  const { id, status, idempotency_hit: hit, error } = asRecord(row);
  if (typeof id !== 'string') return { run: null, error: String(error) };
  // A status newer than this SDK is still a status.
  return { run: { id, status: status as RunStatus, idempotencyHit: hit === true }, error: null };
}
