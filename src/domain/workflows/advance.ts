import { notFound } from '../../core/errors.ts';
import { isDataError } from '../../db/errors.ts';
import { advanceDraft } from './advance-draft.ts';
import { applyDrafts } from './apply-drafts.ts';
import type { WorkflowDeps } from './deps.ts';
import { type Draft, makeDraft } from './draft.ts';
import { type LoadedRun, loadRuns } from './load-runs.ts';

/** Workflow runs that one statement reads and one writes. */
const MAX_GROUP = 50;
/** Groups under way at once: one may wait for an expression. */
const LANES = 4;

/** What somebody does to a workflow run: changes the draft, or throws before it has. */
export type Change<T> = (draft: Draft) => T;

/** Takes workflow runs on. */
export interface Advancer {
  /**
   * Something about these has changed: each is looked at, at least once from now on, in the background. However often one is named while
   * it waits or is under way, it is looked at once more: a thousand steps that end at once are a few looks.
   */
  touch(workflowRunIds: readonly string[]): void;
  /** Changes a workflow run and takes it on, in one transition; rejects with what `change` throws, NOT_FOUND for an unknown one. */
  change<T>(workflowRunId: string, change: Change<T>): Promise<T>;
  /** Resolves when nothing waits or is under way. */
  idle(): Promise<void>;
}

interface AdvancerDeps extends Pick<WorkflowDeps, 'engine' | 'expressions' | 'definitions'> {
  /** Told of drafts that were stored, to do what follows from them; it must not reject. */
  readonly onStored: (drafts: readonly Draft[]) => void;
  /** There are webhooks to be sent. */
  readonly onFired: () => void;
  /** Looking failed; what was to be seen is seen by the reaper. */
  readonly onError: (error: unknown) => void;
}

interface Waiting {
  readonly changes: PendingChange[];
}

interface Worked {
  readonly draft: Draft;
  readonly accepted: readonly PendingChange[];
}

interface PendingChange {
  /** Applies the change; false when it was refused. */
  readonly run: (draft: Draft) => boolean;
  readonly done: () => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Makes the {@link Advancer} of a process. Invariant: no workflow run is in two groups at once. Another process may change one meanwhile:
 * the statement that stores then leaves it alone, and it is read and worked out anew, the changes asked for included.
 */
export function makeAdvancer(deps: AdvancerDeps): Advancer {
  const waiting = new Map<string, Waiting>();
  const busy = new Set<string>();
  const underWay = new Set<Promise<void>>();
  let isPumpDue = false;

  function enqueue(id: string, changes: readonly PendingChange[]): void {
    const entry = waiting.get(id);
    if (entry) entry.changes.push(...changes);
    else waiting.set(id, { changes: [...changes] });
    pumpSoon();
  }

  /** After this turn of the event loop, so that what one turn brings is one group. */
  function pumpSoon(): void {
    if (isPumpDue) return;
    isPumpDue = true;
    setImmediate(() => {
      isPumpDue = false;
      pump();
    });
  }

  function pump(): void {
    while (underWay.size < LANES) {
      const group = new Map<string, Waiting>();
      for (const [id, entry] of waiting) {
        if (busy.has(id)) continue;
        group.set(id, entry);
        if (group.size === MAX_GROUP) break;
      }
      if (group.size === 0) return;
      for (const id of group.keys()) {
        waiting.delete(id);
        busy.add(id);
      }
      const work = process(group).finally(() => {
        for (const id of group.keys()) busy.delete(id);
        underWay.delete(work);
        pumpSoon();
      });
      underWay.add(work);
    }
  }

  async function process(group: Map<string, Waiting>): Promise<void> {
    try {
      const loaded = await loadRuns([...group.keys()], deps.engine);
      const found = new Set(loaded.map(({ id }) => id));
      for (const [id, { changes }] of group)
        if (!found.has(id)) for (const change of changes) change.fail(notFound('workflow run'));
      const worked = await Promise.all(loaded.map((run) => work(run, group.get(run.id)?.changes ?? [])));
      const drafts = worked.flatMap((one) => (one ? [one] : []));
      for (const { draft, accepted } of drafts) if (!draft.isChanged()) for (const change of accepted) change.done();
      const changed = drafts.filter(({ draft }) => draft.isChanged());
      if (changed.length === 0) return;
      const { stored, fired } = await applyDrafts(
        changed.map(({ draft }) => draft),
        deps.engine,
      );
      changed.forEach(({ draft, accepted }, index) => {
        if (stored[index]) for (const change of accepted) change.done();
        else enqueue(draft.loaded.id, accepted);
      });
      deps.onStored(changed.flatMap(({ draft }, index) => (stored[index] ? [draft] : [])));
      if (fired) deps.onFired();
    } catch (error) {
      // Nothing was stored. A value that Postgres refuses is one run's alone, and must not take the others of its group with it.
      if (group.size > 1 && isDataError(error)) for (const [id, entry] of group) await process(new Map([[id, entry]]));
      else
        giveUp(
          [...group.values()].flatMap(({ changes }) => changes),
          error,
        );
    }
  }

  async function work(run: LoadedRun, changes: readonly PendingChange[]): Promise<Worked | null> {
    try {
      const draft = makeDraft(run, await deps.definitions.get(run.workflowId, run.workflowVersion));
      const accepted = changes.filter((change) => change.run(draft));
      await advanceDraft(draft, deps);
      return { draft, accepted };
    } catch (error) {
      giveUp(changes, error);
      return null;
    }
  }

  function giveUp(changes: readonly PendingChange[], error: unknown): void {
    for (const change of changes) change.fail(error);
    deps.onError(error);
  }

  return {
    touch(ids) {
      for (const id of ids) enqueue(id, []);
    },
    change<T>(id: string, change: Change<T>) {
      return new Promise<T>((resolve, reject) => {
        let answer: { readonly value: T } | null = null;
        let isRefused = false;
        const pending: PendingChange = {
          run(draft) {
            if (isRefused) return false;
            try {
              answer = { value: change(draft) };
              return true;
            } catch (error) {
              isRefused = true;
              reject(error);
              return false;
            }
          },
          done: () => answer && resolve(answer.value),
          fail: reject,
        };
        enqueue(id, [pending]);
      });
    },
    async idle() {
      while (underWay.size > 0 || waiting.size > 0) {
        pump();
        await Promise.all(underWay);
      }
    },
  };
}
