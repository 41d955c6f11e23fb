import { type BatchSummary, summarizeBatches } from '../../src/domain/batches/summary.ts';
import type { GraphQLContext } from '../context.ts';

interface Waiting {
  readonly ids: Set<string>;
  readonly summaries: Promise<ReadonlyMap<string, BatchSummary>>;
}

/** What each request asks about in this turn of the event loop; nothing is kept longer, so nothing is answered as it was before. */
const gathering = new WeakMap<GraphQLContext, Waiting | null>();

/** How a batch stands. The batches of a list, and the fields of each, share one statement. */
export async function summaryOf(id: string, context: GraphQLContext): Promise<BatchSummary> {
  const waiting = gathering.get(context) ?? gather(context);
  waiting.ids.add(id);
  const summary = (await waiting.summaries).get(id);
  if (!summary) throw new Error(`batch ${id} has gone while it was read`);
  return summary;
}

function gather(context: GraphQLContext): Waiting {
  const ids = new Set<string>();
  const summaries = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
    gathering.set(context, null);
    return summarizeBatches(context.actor, [...ids], context.runs);
  });
  const waiting = { ids, summaries };
  gathering.set(context, waiting);
  return waiting;
}
