import type { ExecutionResult } from 'graphql';
import type { Delivery } from '../../graphql/delivery.ts';
import type { StreamPass } from '../streams/stream-gate.ts';

/** What a GraphQL request came to: one result, or those of a subscription. */
export type OperationResult = ExecutionResult | AsyncIterable<ExecutionResult>;

/**
 * How a request wants its result: as the body of the answer, or an event stream of its own where it accepts one ('distinct'), or over a
 * single connection that was opened before ('single').
 */
export type ResultMode =
  | { readonly kind: 'distinct'; readonly accept: Acceptance }
  | { readonly kind: 'single'; readonly reserve: (operationId: unknown) => void };

/** What a request says about event streams in its `Accept` header. */
export interface Acceptance {
  /** It takes an event stream, perhaps among other things. */
  readonly stream: boolean;
  /** It takes JSON, perhaps among other things. */
  readonly json: boolean;
}

/** A {@link Delivery} as its transport sees it. */
interface DeliveryState extends Delivery {
  /** The cursor of the last event that was resolved. */
  readonly cursor: () => string | null;
  readonly isConcluded: () => boolean;
}

/** One GraphQL request, between the transport that carries it and the resolvers that answer it. */
export interface GraphQLExchange extends DeliveryState {
  readonly mode: ResultMode;
  /** The place of its stream, once it has been let in. */
  pass: StreamPass | null;
  /** Whether anything was executed: what is refused before is answered as HTTP knows it. */
  wasExecuted: boolean;
  /** What came of it, when that is to be sent as events. */
  handedOver: OperationResult | null;
}

interface DeliveryOptions {
  readonly lastEventId: string | null;
  /** Takes how many seconds after it became known an event was handed over. */
  readonly observeLag: (seconds: number) => void;
}

/** Makes the {@link Delivery} of one request, and what its transport reads from it. */
export function makeDelivery({ lastEventId, observeLag }: DeliveryOptions): DeliveryState {
  const openedAt = Date.now();
  let cursor: string | null = null;
  let concluded = false;
  return {
    lastEventId,
    deliver(event) {
      cursor = event.cursor;
      // What was there before the stream was opened is history, and late on purpose.
      const since = event.since?.getTime() ?? 0;
      if (since >= openedAt) observeLag(Math.max(0, Date.now() - since) / 1_000);
    },
    concludes() {
      concluded = true;
    },
    cursor: () => cursor,
    isConcluded: () => concluded,
  };
}

/** Makes the {@link GraphQLExchange} of one request. */
export function makeExchange(options: DeliveryOptions & { readonly mode: ResultMode }): GraphQLExchange {
  return { ...makeDelivery(options), mode: options.mode, pass: null, wasExecuted: false, handedOver: null };
}

const JSON_TYPES = ['application/json', 'application/graphql-response+json', 'application/*', '*/*'];
const STREAM_TYPES = ['text/event-stream', 'text/*', '*/*'];

/** Reads an `Accept` header; without one everything is accepted. */
export function readAcceptance(header: string | undefined): Acceptance {
  const types = (header ?? '*/*').split(',').map((range) => (range.split(';', 1)[0] ?? '').trim().toLowerCase());
  return {
    stream: types.some((type) => STREAM_TYPES.includes(type)),
    json: types.some((type) => JSON_TYPES.includes(type)),
  };
}

/** True for the results of a subscription. */
export function isResultStream(result: OperationResult): result is AsyncIterable<ExecutionResult> {
  return Symbol.asyncIterator in result;
}
