import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import { drained } from '../src/streams/drained.ts';
import { documented, type Exchange, JSON_HEADERS, openAnswer } from './response.ts';
import type { Route } from './route.ts';

/** Rows of a long list that are checked and written in one turn of the event loop. */
const TURN = 500;

/** A reader that takes nothing for so long is cut off: the whole list is in memory for it. */
const STALLED_MS = 60_000;

/** An answer with a long list, in the shape of its row. */
interface LongAnswer {
  readonly route: Route;
  readonly status: number;
  readonly data: unknown;
}

/**
 * Sends an answer with a long list as JSON, a part of the list at a time: other requests are answered in between, and no more of the text
 * is in memory than the reader has yet to take. The list comes last, whatever the order of the fields.
 */
export async function sendLongAnswer(exchange: Exchange, { route, status, data }: LongAnswer): Promise<void> {
  const { res } = exchange;
  const { longList: field = '' } = route;
  const { [field]: rows, ...others } = Object(data);
  if (!Array.isArray(rows)) throw new Error(`route ${route.operationId} has no list ${field} in its answer`);
  const row = rowSchema(route, field);
  const { [field]: _, ...head } = Object(documented(route, { ...others, [field]: [] }));
  openAnswer(exchange, status, JSON_HEADERS);
  res.setTimeout(STALLED_MS, () => res.destroy());
  res.write(`${JSON.stringify(head).slice(0, -1)},${JSON.stringify(field)}:[`);
  for (let from = 0; from < rows.length && !res.destroyed; from += TURN) {
    const texts = rows.slice(from, from + TURN).map((value) => JSON.stringify(row.parse(value)));
    if (!res.write(`${from === 0 ? '' : ','}${texts.join(',')}`)) await drained(res);
    await nextTurn();
  }
  res.end(']}');
}

/** The schema of the rows of the list; that there is one was seen when the row was defined. */
function rowSchema({ operationId, response }: Pick<Route, 'operationId' | 'response'>, field: string): z.ZodType {
  const list: unknown = response instanceof z.ZodObject ? response.shape[field] : undefined;
  if (!(list instanceof z.ZodArray)) throw new Error(`route ${operationId}: its response has no list ${field}`);
  // What zod hands out here is typed as its core's schema, of which every schema is one.
  return list.element as z.ZodType;
}
