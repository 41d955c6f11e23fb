import { completeStep, MAX_OUTPUT_BYTES } from './complete-step.ts';
import type { WorkflowDeps } from './deps.ts';
import { type Draft, fail } from './draft.ts';
import type { LoadedStep } from './load-runs.ts';

type AbsorbDeps = Pick<WorkflowDeps, 'engine' | 'expressions'>;

/** Takes into the draft what became of the work of its steps: runs and workflows that ended, events that came, times that are over. */
export async function absorb(draft: Draft, deps: AbsorbDeps): Promise<void> {
  for (const [position, found] of draft.loaded.steps.entries()) {
    const step = draft.steps[position];
    // What somebody did to the step in this very draft comes first.
    if (!step || step.status !== found.status || step.attempt !== found.attempt) continue;
    if (found.run) await absorbRun(draft, position, found.run, deps);
    else if (found.items) await absorbItems(draft, position, found, deps);
    else if (found.child) await absorbChild(draft, position, found.child, deps);
    else if (found.status === 'waiting') await absorbWait(draft, position, found, deps);
  }
}

async function absorbRun(draft: Draft, position: number, run: NonNullable<LoadedStep['run']>, deps: AbsorbDeps): Promise<void> {
  if (run.status === 'completed') await completeStep(draft, position, { from: 'run', id: run.id }, deps);
  else fail(draft, position, run.error ?? `its run has ended as ${run.status}`);
}

async function absorbChild(
  draft: Draft,
  position: number,
  child: NonNullable<LoadedStep['child']>,
  deps: AbsorbDeps,
): Promise<void> {
  if (child.status === 'completed') await completeStep(draft, position, { from: 'child', id: child.id }, deps);
  else fail(draft, position, child.error ?? `its workflow has ended as ${child.status}`);
}

/** Starts the next items as others end, and ends the step with the last of them. */
async function absorbItems(draft: Draft, position: number, found: LoadedStep, deps: AbsorbDeps): Promise<void> {
  const { items, mapTotal, mapStarted } = found;
  // Items whose runs are just being stored are as good as active: they end, and then somebody looks again.
  if (!items?.isBegun || mapTotal === null || mapStarted === null) return;
  const step = draft.version.definition.steps[position];
  const hasFailed = items.failed > 0 && !step?.toleratesFailedItems;
  if (!hasFailed && mapStarted < mapTotal) {
    const room = (step?.concurrency ?? mapTotal) - items.active;
    // Paused: what is under way ends, and nothing new starts.
    if (room <= 0 || draft.status !== 'running') return;
    const next = Math.min(mapTotal, mapStarted + room);
    draft.change(position, { mapStarted: next });
    draft.begin(position, mapStarted);
    return;
  }
  if (items.active > 0 || items.begun < mapStarted) return;
  if (hasFailed) {
    fail(
      draft,
      position,
      `${items.failed} of ${mapTotal} items failed${mapStarted < mapTotal ? `, ${mapTotal - mapStarted} were not started` : ''}`,
    );
  } else if (items.bytes > MAX_OUTPUT_BYTES) {
    fail(draft, position, `the results of its items have more than ${MAX_OUTPUT_BYTES} bytes: return less for each`);
  } else await completeStep(draft, position, { from: 'map', id: found.id }, deps);
}

async function absorbWait(draft: Draft, position: number, found: LoadedStep, deps: AbsorbDeps): Promise<void> {
  const kind = draft.version.definition.steps[position]?.kind;
  if (kind === 'sleep') {
    if (found.isDue) await completeStep(draft, position, { from: 'value', value: null }, deps);
    return;
  }
  const { wait } = found;
  // The statement that put the step to wait left it without one: somebody else has the key.
  if (!wait) fail(draft, position, 'event key already in use');
  else if (wait.status === 'timed_out')
    fail(draft, position, kind === 'approval' ? 'nobody approved it in time' : 'event trigger timed out');
  else if (wait.status === 'canceled') fail(draft, position, 'event trigger canceled');
  else if (wait.status === 'received') {
    if (kind !== 'approval') await completeStep(draft, position, { from: 'wait', id: wait.id }, deps);
    else {
      const decision = { by: wait.sentBy ?? 'unknown', reason: wait.reason } as const;
      if (wait.isApproved) {
        const source = { from: 'wait', id: wait.id } as const;
        await completeStep(draft, position, source, deps, { decision: { ...decision, kind: 'approved' } });
      } else {
        const error = wait.reason ? `declined: ${wait.reason}` : 'declined';
        draft.change(position, { status: 'failed', error, decision: { ...decision, kind: 'declined' } }, { message: error });
      }
    }
  }
}
