import type { Evidence } from './subject.ts';

/**
 * Compares what was acknowledged, what the executor received and what the database holds, and describes every difference: an empty
 * list when each acknowledged run was dispatched once, ended once, as completed, with its own result, and nothing else exists.
 * Results are compared by number: grouped statements that pair rows in text order go wrong just where numbers get a digit more.
 */
export function findLosses({ acknowledged, receipts, stored }: Evidence): string[] {
  const numberOf = new Map(acknowledged.map(({ runId, n }) => [runId, n]));
  const received = Map.groupBy(receipts, ([runId]) => runId);
  const storedById = new Map(stored.map((run) => [run.id, run]));
  const complaints: [complaint: string, runIds: string[]][] = [
    ['acknowledged twice', acknowledged.filter(({ runId, n }) => numberOf.get(runId) !== n).map(({ runId }) => runId)],
    [
      'acknowledged but not in the database',
      acknowledged.filter(({ runId }) => !storedById.has(runId)).map(({ runId }) => runId),
    ],
    ['in the database but never acknowledged', stored.filter(({ id }) => !numberOf.has(id)).map(({ id }) => id)],
    ['not completed', stored.filter(({ status }) => status !== 'completed').map(({ id }) => id)],
    ['stored with the result of another run, or none', stored.filter(({ id, n }) => numberOf.get(id) !== n).map(({ id }) => id)],
    ['not ended exactly once', stored.filter(({ endings }) => (endings ?? 1) !== 1).map(({ id }) => id)],
    ['not received by the executor', acknowledged.filter(({ runId }) => !received.has(runId)).map(({ runId }) => runId)],
    [
      'received by the executor more than once',
      Array.from(received)
        .filter(([, same]) => same.length > 1)
        .map(([runId]) => runId),
    ],
    [
      'received with the payload of another run',
      receipts.filter(([runId, n]) => numberOf.get(runId) !== n).map(([runId]) => runId),
    ],
  ];
  return complaints
    .filter(([, runIds]) => runIds.length > 0)
    .map(([complaint, runIds]) => `${runIds.length} of ${acknowledged.length} runs ${complaint}, for example ${runIds[0]}`);
}
