import type { ExecutionResult } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { GraphQLContext } from '../../graphql/context.ts';
import type { StreamGate } from '../streams/stream-gate.ts';
import { type GraphQLExchange, isResultStream, type OperationResult } from './exchange.ts';
import { refusalOf, toPayload } from './payload.ts';
import { toRefusal } from './refusal.ts';

/** What the plugin needs of the server's part of the context. */
export interface HasExchange {
  readonly exchange: GraphQLExchange;
}

/**
 * Takes results out of Yoga's hands that are sent as events: Yoga parses, validates and executes, the streams are ours. Its own event
 * stream has no ids, and what it does when a reader is slow is not ours to say. Comes after the plugin that words errors.
 */
export function handOver(gate: StreamGate): Plugin<GraphQLContext & HasExchange, HasExchange> {
  return {
    onParams({ params, context, setResult }) {
      const { mode } = context.exchange;
      if (mode.kind !== 'single') return;
      try {
        mode.reserve(params.extensions?.['operationId']);
      } catch (error) {
        setResult({ errors: [toRefusal(error)] });
      }
    },
    onExecute({ args }) {
      args.contextValue.exchange.wasExecuted = true;
    },
    onSubscribe({ args, setResultAndStopExecution }) {
      const { exchange, actor } = args.contextValue;
      exchange.wasExecuted = true;
      if (exchange.mode.kind === 'single' || !exchange.mode.accept.stream) return;
      try {
        exchange.pass = gate.admit('graphql', actor);
      } catch (error) {
        setResultAndStopExecution({ errors: [toRefusal(error)] });
      }
    },
    onResultProcess({ result, setResultProcessor, serverContext: { exchange } }) {
      if (Array.isArray(result)) return;
      const whole = result as OperationResult;
      const { mode } = exchange;
      const isStream = isResultStream(whole);
      if (mode.kind === 'single') {
        if (exchange.wasExecuted) setResultProcessor(take, 'text/event-stream');
        else if (!isStream) setResultProcessor(answerWith(refusalOf(whole) ?? { status: 400 }), 'application/json');
        return;
      }
      if (isStream && !mode.accept.stream) {
        void whole[Symbol.asyncIterator]().return?.();
        setResultProcessor(answerWith({ status: 406 }, NOT_ACCEPTABLE), 'application/json');
        return;
      }
      if (!isStream && (mode.accept.json || !mode.accept.stream)) return;
      const refusal = isStream ? null : refusalOf(whole);
      if (!refusal) setResultProcessor(take, 'text/event-stream');
      else setResultProcessor(answerWith(refusal), 'application/json');

      function take(taken: unknown, { Response }: { readonly Response: typeof globalThis.Response }): Response {
        exchange.handedOver = taken as OperationResult;
        return new Response(null, { status: 200 });
      }
    },
  };
}

/** Answers with JSON: the result itself when no other body is given. */
function answerWith(init: ResponseInit, body?: object) {
  return (result: unknown, { Response }: { readonly Response: typeof globalThis.Response }): Response =>
    Response.json(body ?? toPayload(result as ExecutionResult), init);
}

const NOT_ACCEPTABLE = {
  errors: [
    { message: 'a subscription is answered with events: send "accept: text/event-stream"', extensions: { code: 'BAD_REQUEST' } },
  ],
};
