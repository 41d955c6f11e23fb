import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import pg from 'pg';

/** Published by Node, with the request, before a server hears of it; what follows runs in the context that stands then. */
const REQUEST_START = 'http.server.request.start';

/** A statement and the request that caused it. */
export interface HttpStatement {
  /** Method and path. */
  readonly request: string;
  readonly text: string;
}

/**
 * Answers every statement that requests to the servers of this process cause while `work` is under way, those of event streams that were
 * opened meanwhile included; what the servers do by themselves is left out. Statements for several requests count for the first of them.
 */
export async function httpStatements(work: () => Promise<void>): Promise<HttpStatement[]> {
  const statements: HttpStatement[] = [];
  const current = new AsyncLocalStorage<string>();
  const enter = (message: unknown): void => {
    const { request } = message as { request: { method: string; url: string } };
    current.enterWith(`${request.method} ${request.url.split('?', 1)[0]}`);
  };
  const { query } = pg.Client.prototype;
  // One signature for all of its overloads, none of which matters here.
  const counting = function (this: pg.Client, ...args: unknown[]): unknown {
    const request = current.getStore();
    const [statement] = args;
    const text = typeof statement === 'object' && statement !== null ? Reflect.get(statement, 'text') : statement;
    if (request !== undefined && typeof text === 'string') statements.push({ request, text });
    return Reflect.apply(query, this, args);
  };
  pg.Client.prototype.query = counting as typeof query;
  subscribe(REQUEST_START, enter);
  try {
    await work();
  } finally {
    unsubscribe(REQUEST_START, enter);
    pg.Client.prototype.query = query;
  }
  return statements;
}
