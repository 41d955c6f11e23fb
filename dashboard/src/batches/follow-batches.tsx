import { useLive } from '../api/use-live.ts';
import { type Batch, BatchChanged } from './documents.ts';

/** So many are followed at once, the newest: nobody watches more bars. */
const MOST = 10;

interface FollowBatchesProps {
  readonly batches: readonly Batch[];
  readonly onChanged: (batch: Batch) => void;
}

/** Keeps the newest batches that are under way as they stand. Shows nothing. */
export function FollowBatches({ batches, onChanged }: FollowBatchesProps) {
  return batches
    .filter(({ isFinished }) => !isFinished)
    .slice(0, MOST)
    .map(({ id }) => <FollowBatch key={id} id={id} onChanged={onChanged} />);
}

function FollowBatch({ id, onChanged }: { readonly id: string; readonly onChanged: (batch: Batch) => void }) {
  useLive(id, {
    document: BatchChanged,
    variables: () => ({ id }),
    // It begins with the batch as it stands, so that a connection made anew needs no cursor.
    cursor: () => null,
    onData: ({ batchChanged }) => onChanged(batchChanged),
  });
  return null;
}
