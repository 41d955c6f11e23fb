import type { GraphQLResolveInfo } from 'graphql';
import { RunFilterInput } from '../../src/domain/runs/filter.ts';
import { type PageInput, type PageOrder, pageRuns } from '../../src/domain/runs/page.ts';
import { builder } from '../builder.ts';
import { type Connection, connectionOf } from '../connection.ts';
import type { GraphQLContext } from '../context.ts';
import { describedBy, leavingOutNulls } from '../input.ts';
import { rowSelection } from '../selection.ts';
import { RunStatusEnum } from './enums.ts';
import { Run } from './type.ts';

const described = describedBy(RunFilterInput);

/** Which runs are meant: for lists here, and for counts, subscriptions and bulk operations to come. */
export const RunFilter = builder
  .inputType('RunFilter', {
    description: 'Which runs are meant; all conditions must hold, and one left out holds for every run.',
    fields: (t) => ({
      status: t.field({ type: [RunStatusEnum], ...described.status }),
      job: t.id(described.job),
      triggeredBy: t.string(described.triggeredBy),
      batchId: t.id(described.batchId),
      parentRunId: t.id(described.parentRunId),
      workflowStepRunId: t.id(described.workflowStepRunId),
      scheduleId: t.id(described.scheduleId),
      concurrencyKey: t.string(described.concurrencyKey),
      idempotencyKey: t.string(described.idempotencyKey),
      payloadContains: t.field({ type: 'JSONObject', ...described.payloadContains }),
      metadata: t.field({ type: 'StringMap', ...described.metadata }),
      tags: t.field({ type: 'StringMap', ...described.tags }),
      createdAfter: t.field({ type: 'DateTime', ...described.createdAfter }),
      createdBefore: t.field({ type: 'DateTime', ...described.createdBefore }),
      finishedAfter: t.field({ type: 'DateTime', ...described.finishedAfter }),
      finishedBefore: t.field({ type: 'DateTime', ...described.finishedBefore }),
      errorContains: t.string(described.errorContains),
      errorGroup: t.id(described.errorGroup),
    }),
  })
  .validate(leavingOutNulls(RunFilterInput));

/** A page of runs, the same wherever runs are listed. */
export const RunConnection = builder.connectionObject(
  { type: Run, name: 'RunConnection', description: 'A page of runs.' },
  { name: 'RunEdge', description: 'A run on a page.' },
);

/** Which runs to list. */
interface RunList {
  readonly filter: Parameters<typeof pageRuns>[1]['filter'];
  readonly page: PageInput;
  readonly order: PageOrder;
}

/**
 * Lists runs: the domain finds which ones are on the page, by SQL that Prisma has no words for, and Prisma loads what the document asks
 * of them. A run that retention deletes between the two is left out.
 */
export async function listRuns(
  list: RunList,
  context: GraphQLContext,
  info: GraphQLResolveInfo,
): Promise<Connection<{ readonly id: string }>> {
  const page = await pageRuns(context.actor, list, context.runs);
  const rows = await context.prisma.run.findMany({
    ...rowSelection(context, info),
    where: { id: { in: page.rows.map(({ id }) => id) }, projectId: context.actor.projectId },
  });
  const byId = new Map(rows.map((row) => [row.id, row]));
  const edges = page.rows.flatMap(({ id, cursor }) => {
    const node = byId.get(id);
    return node ? [{ cursor, node }] : [];
  });
  return connectionOf(edges, page);
}
