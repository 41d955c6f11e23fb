import type { ExecutionResult } from 'graphql';

/** One thing to send over a single connection: a result of an operation, or null when it is over. */
export interface OperationEvent {
  readonly operationId: string;
  readonly result: ExecutionResult | null;
}

interface Operation {
  readonly source: AsyncIterator<ExecutionResult>;
}

/**
 * Many operations over one connection. Each has at most one result waiting to be sent, and is asked for the next when that one has been
 * taken: a reader that stops reading costs one result for each of its operations.
 */
export interface Multiplexer extends AsyncIterator<OperationEvent> {
  /** Reserves a name for an operation that is about to begin; false when it is taken. */
  reserve(operationId: string): boolean;
  /** Begins a reserved operation; false when it was stopped meanwhile, and the source has been returned. */
  begin(operationId: string, source: AsyncIterator<ExecutionResult>): boolean;
  /** Stops an operation, whether it has begun or not; nothing more of it is sent. */
  stop(operationId: string): void;
  /** Names of the operations, begun or reserved; once it is returned, of those it had then. */
  operationIds(): readonly string[];
  /** Stops them all. */
  return(): Promise<IteratorResult<OperationEvent>>;
}

const DONE: IteratorResult<OperationEvent> = { done: true, value: undefined };

/** Makes a {@link Multiplexer} without operations; it ends only when it is returned. */
export function makeMultiplexer(): Multiplexer {
  const operations = new Map<string, Operation | null>();
  const ready: { readonly operationId: string; readonly operation: Operation; readonly result: ExecutionResult | null }[] = [];
  let wake: (() => void) | null = null;
  let isOver = false;
  let lastIds: readonly string[] | null = null;
  let taken: { readonly operationId: string; readonly operation: Operation } | null = null;

  function isCurrent(operationId: string, operation: Operation): boolean {
    return operations.get(operationId) === operation;
  }

  function put(operationId: string, operation: Operation, result: ExecutionResult | null): void {
    if (!isCurrent(operationId, operation)) return;
    ready.push({ operationId, operation, result });
    wake?.();
  }

  function advance(operationId: string, operation: Operation): void {
    operation.source.next().then(
      (next) => put(operationId, operation, next.done ? null : next.value),
      // What a source throws reaches us as a result with errors; nothing is left to be told of one that rejects.
      () => put(operationId, operation, null),
    );
  }

  function stop(operationId: string): void {
    const operation = operations.get(operationId);
    operations.delete(operationId);
    const waiting = ready.findIndex((item) => item.operation === operation);
    if (waiting >= 0) ready.splice(waiting, 1);
    void operation?.source.return?.().catch(() => undefined);
  }

  return {
    reserve(operationId) {
      if (isOver || operations.has(operationId)) return false;
      operations.set(operationId, null);
      return true;
    },
    begin(operationId, source) {
      if (operations.get(operationId) !== null) {
        void source.return?.().catch(() => undefined);
        return false;
      }
      const operation = { source };
      operations.set(operationId, operation);
      advance(operationId, operation);
      return true;
    },
    stop,
    operationIds: () => lastIds ?? [...operations.keys()],
    async next() {
      if (taken && isCurrent(taken.operationId, taken.operation)) advance(taken.operationId, taken.operation);
      taken = null;
      for (;;) {
        if (isOver) return DONE;
        const item = ready.shift();
        if (!item) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          continue;
        }
        const { operationId, operation, result } = item;
        if (result) taken = { operationId, operation };
        else operations.delete(operationId);
        return { done: false, value: { operationId, result } };
      }
    },
    async return() {
      isOver = true;
      lastIds ??= [...operations.keys()];
      for (const operationId of lastIds) stop(operationId);
      wake?.();
      return DONE;
    },
  };
}
