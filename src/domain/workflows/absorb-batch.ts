import type { Draft } from './draft.ts';

/** Takes into the draft of a batch what became of its items: starts the next ones as others end, and ends the batch with the last of them. */
export function absorbBatch(draft: Draft): void {
  const { batch } = draft.loaded;
  // Paused: what is under way ends, and nothing new starts.
  if (!batch || draft.status !== 'running') return;
  const { total, parallel, started, begun, active, completed } = batch;
  // Items whose runs are just being stored are as good as active: they end, and then somebody looks again.
  const underWay = started - (begun - active);
  const next = Math.min(total, started + Math.max(0, parallel - underWay));
  if (next > started) {
    draft.startItems(next);
    return;
  }
  if (started < total || underWay > 0) return;
  const failed = total - completed;
  const output = { total, completed, failed };
  if (failed === 0) draft.move('completed', 'completed', { output });
  else {
    const error = `${failed} of ${total} items failed`;
    draft.move('failed', error, { error, output });
  }
}
