import type { Socket } from 'node:net';

/** Keeps the order in which requests arrived on a connection. */
export interface ArrivalOrder {
  /** Called when a request arrives; what it returns resolves when all before it on its connection have taken their turn, or left. */
  enter(socket: Socket): Turn;
}

/** The place of one request. */
export interface Turn {
  /** Resolves when it is its turn. */
  readonly come: Promise<void>;
  /** Lets the next one come; to be called however the request goes. */
  leave(): void;
}

/**
 * Makes an {@link ArrivalOrder}. A client may send requests on a connection without waiting for answers (HTTP/1.1 pipelining); who
 * calls, and with what, is found out for each in its own time, so that without this the second could overtake the first.
 */
export function makeArrivalOrder(): ArrivalOrder {
  const lastOf = new WeakMap<Socket, Promise<void>>();
  return {
    enter(socket) {
      const come = lastOf.get(socket) ?? Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      lastOf.set(
        socket,
        come.then(() => promise),
      );
      return { come, leave: resolve };
    },
  };
}
