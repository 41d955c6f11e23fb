import type { JsonObject, JsonValue } from '../../core/json.ts';
import {
  isFinalWorkflow,
  isSettled,
  type SkipReason,
  type StepStatus,
  type WorkflowRunStatus,
} from '../../core/workflow-state.ts';
import type { WorkflowVersion } from './definitions.ts';
import type { LoadedRun, LoadedStep } from './load-runs.ts';
import type { PlanStep } from './plan.ts';

/** Where the output of a step is: at hand, or in a row that the statement copies it from. */
export type OutputSource =
  | { readonly from: 'value'; readonly value: JsonValue }
  | { readonly from: 'run' | 'map' | 'child' | 'wait'; readonly id: string };

/** What somebody decided about a step. */
export interface Decision {
  readonly kind: 'approved' | 'declined' | 'skipped' | 'completed' | 'retried';
  readonly by: string;
  readonly reason: string | null;
}

/** A wait that a step begins. */
export interface StepWait {
  readonly id: string;
  readonly eventKey: string;
  readonly timeoutSecs: number;
  readonly request: JsonObject | null;
}

/** A step while it is worked on. */
export interface DraftStep extends PlanStep {
  readonly id: string;
  readonly attempt: number;
  readonly mapTotal: number | null;
  readonly mapStarted: number | null;
  readonly error: string | null;
  /** Set by this draft; what was stored before stays otherwise. */
  readonly input?: JsonValue;
  readonly source?: OutputSource;
  readonly wait?: StepWait;
  readonly wakeAt?: Date | { readonly inSecs: number };
  readonly decision?: Decision;
}

/** What happened, for the story. */
export interface DraftEvent {
  readonly type: 'run' | 'step' | 'decision' | 'progress';
  readonly step_ref: string | null;
  readonly message: string;
  readonly from_status: string | null;
  readonly to_status: string | null;
  readonly attempt: number | null;
  readonly actor: string | null;
  readonly data: JsonObject | null;
}

/** How a workflow run ends. */
export interface Ending {
  readonly error: string | null;
  readonly failedStep: string | null;
  readonly output: JsonValue | undefined;
}

type StepPatch = Partial<Omit<DraftStep, 'id'>>;

/** A workflow run with the changes that are to be stored with one statement, and what is to be done once they are. */
export interface Draft {
  readonly loaded: LoadedRun;
  readonly version: WorkflowVersion;
  readonly steps: readonly DraftStep[];
  readonly status: WorkflowRunStatus;
  readonly ending: Ending | null;
  readonly events: readonly DraftEvent[];
  /** Positions of steps that differ from what is stored. */
  readonly changed: ReadonlySet<number>;
  /** Ids of steps whose work is to be stopped. */
  readonly stops: ReadonlySet<string>;
  /** Positions of jobs, maps and sub-workflows that have work to begin, a map with the first of its new items. */
  readonly begins: ReadonlyMap<number, number>;
  /** Of a batch: how many items it has started with this draft; null when that stays as it is. */
  readonly batchStarted: number | null;
  isChanged(): boolean;
  /** Changes a step; a new status is told in the story. */
  change(
    position: number,
    patch: StepPatch,
    told?: { readonly message?: string; readonly actor?: string; readonly data?: JsonObject },
  ): void;
  /** Has the work of a running step stopped, whatever becomes of the step. */
  stop(position: number): void;
  /** Has work begin that belongs to a step, for a map from an item on. */
  begin(position: number, fromItem?: number): void;
  /** Of a batch: starts items, so that so many are started. */
  startItems(started: number): void;
  /** Moves the whole. A final status cancels what has not ended. */
  move(status: WorkflowRunStatus, message: string, of?: Partial<Ending> & { readonly actor?: string }): void;
}

/** Begins a {@link Draft} of a loaded run. */
export function makeDraft(loaded: LoadedRun, version: WorkflowVersion): Draft {
  const steps: DraftStep[] = loaded.steps.map(toDraftStep);
  const events: DraftEvent[] = [];
  const changed = new Set<number>();
  const stops = new Set<string>();
  const begins = new Map<number, number>();
  let status = loaded.status;
  let ending: Ending | null = null;
  let batchStarted: number | null = null;

  const draft: Draft = {
    loaded,
    version,
    steps,
    get status() {
      return status;
    },
    get ending() {
      return ending;
    },
    get batchStarted() {
      return batchStarted;
    },
    events,
    changed,
    stops,
    begins,
    isChanged: () => events.length > 0 || changed.size > 0,
    change(position, patch, { message, actor, data } = {}) {
      const step = steps[position];
      const definition = version.definition.steps[position];
      if (!step || !definition) throw new Error(`workflow run ${loaded.id} has no step ${position}`);
      const next: DraftStep = { ...step, ...patch };
      steps[position] = next;
      changed.add(position);
      if (next.status !== 'running') begins.delete(position);
      if (step.status === 'running' && isSettled(next.status) && next.status !== 'completed') stops.add(step.id);
      if (step.status === next.status && message === undefined) return;
      events.push({
        type: patch.decision ? 'decision' : step.status === next.status ? 'progress' : 'step',
        step_ref: definition.ref,
        message: message ?? next.status,
        from_status: step.status === next.status ? null : step.status,
        to_status: step.status === next.status ? null : next.status,
        attempt: next.attempt,
        actor: actor ?? patch.decision?.by ?? null,
        data: patch.decision ? { ...data, decision: patch.decision.kind, reason: patch.decision.reason } : (data ?? null),
      });
    },
    stop(position) {
      const step = steps[position];
      if (step?.status === 'running') stops.add(step.id);
    },
    begin: (position, fromItem = 0) => void begins.set(position, Math.min(fromItem, begins.get(position) ?? fromItem)),
    startItems(started) {
      const from = loaded.batch?.started ?? 0;
      batchStarted = started;
      events.push({
        type: 'progress',
        step_ref: null,
        message: `started ${started - from} more of ${loaded.batch?.total ?? started} items`,
        from_status: null,
        to_status: null,
        attempt: null,
        actor: null,
        data: { started },
      });
    },
    move(to, message, { error = null, failedStep = null, output, actor } = {}) {
      if (isFinalWorkflow(to)) {
        ending = { error, failedStep, output };
        steps.forEach((step, position) => {
          if (!isSettled(step.status)) draft.change(position, { status: 'canceled' }, { message: `canceled: ${message}` });
        });
      }
      events.push({
        type: 'run',
        step_ref: null,
        message,
        from_status: status,
        to_status: to,
        attempt: null,
        actor: actor ?? null,
        data: null,
      });
      status = to;
    },
  };
  return draft;
}

function toDraftStep(step: LoadedStep): DraftStep {
  const { id, status, attempt, skipReason, chosen, mapTotal, mapStarted } = step;
  return { id, status, attempt, skipReason, chosen, mapTotal, mapStarted, error: null };
}

/** Skips a step for a reason, in words for the story. */
export function skip(draft: Draft, position: number, reason: SkipReason): void {
  draft.change(position, { status: 'skipped', skipReason: reason }, { message: SKIPPED[reason] });
}

const SKIPPED: Readonly<Record<SkipReason, string>> = {
  condition: 'skipped: its condition does not hold',
  not_chosen: 'skipped: another way was chosen',
  upstream_skipped: 'skipped: what it depends on was skipped',
  upstream_failed: 'skipped: what it depends on has failed',
  disabled: 'skipped: disabled by the trigger',
  by_user: 'skipped by a user',
};

/** Fails a step. */
export function fail(draft: Draft, position: number, error: string): void {
  draft.change(position, { status: 'failed', error }, { message: `failed: ${error}` });
}

/** Whether a step of this status is under way. */
export function isUnderWay(status: StepStatus): boolean {
  return status === 'running' || status === 'waiting';
}
