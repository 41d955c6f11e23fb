/** Where runs and tasks stand, in the words of the documented API. */
export const STATUSES = ['PENDING', 'RUNNING', 'COMPLETED', 'FAILED', 'PAUSED', 'CANCELED'] as const;

/** A member of {@link STATUSES}. */
export type Status = (typeof STATUSES)[number];

/** What the documented API says of a run that waits for somebody. */
export const PAUSED_MESSAGE = 'Workflow execution paused for human intervention.';

/** What it says of a task that could not start because of another one. */
const UPSTREAM_FAILURE = 'Upstream failure';

/** Where a run stands: one that waits for a person is paused, one that took too long has failed. */
export function runStatusOf(run: { readonly status: string; readonly waitsForPerson: boolean }): Status {
  if (run.waitsForPerson) return 'PAUSED';
  return run.status === 'TIMED_OUT' ? 'FAILED' : known(run.status);
}

/** The `WorkflowRunFilter` that means the runs of a status. */
export const FILTER_OF: Readonly<Record<Status, object>> = {
  PENDING: { status: ['PENDING'] },
  RUNNING: { status: ['RUNNING'], waitsForPerson: false },
  PAUSED: { waitsForPerson: true },
  COMPLETED: { status: ['COMPLETED'] },
  FAILED: { status: ['FAILED', 'TIMED_OUT'] },
  CANCELED: { status: ['CANCELED'] },
};

interface StepLike {
  readonly kind: string;
  readonly status: string;
  readonly skipReason: string | null;
  readonly attempt: number;
  readonly error: string | null;
}

/** Where a task stands: an approval that waits is paused, what waits for an event or a time is running, what was left out is canceled. */
export function taskStatusOf({ kind, status }: Pick<StepLike, 'kind' | 'status'>): Status {
  if (status === 'WAITING') return kind === 'APPROVAL' ? 'PAUSED' : 'RUNNING';
  return status === 'SKIPPED' ? 'CANCELED' : known(status);
}

/** Why a task failed, or never started because another one did. */
export function taskErrorOf({ status, skipReason, attempt, error }: StepLike, run: { readonly status: string }): string | null {
  if (error !== null) return error;
  const neverStarted = status === 'CANCELED' && attempt === 0 && run.status === 'FAILED';
  return skipReason === 'UPSTREAM_FAILED' || neverStarted ? UPSTREAM_FAILURE : null;
}

/** What started a run: `interactive` is a request for one, `batch` a batch and what belongs to it, `partial` not the whole workflow. */
export function runTypeOf(run: {
  readonly batchTotal: number | null;
  readonly partialStep: string | null;
  readonly triggeredBy: string;
}): string {
  if (run.batchTotal !== null) return 'batch';
  if (run.partialStep !== null) return 'partial';
  return run.triggeredBy === 'manual' ? 'interactive' : run.triggeredBy;
}

/** A value as an object; what is none is the field `value` of one. */
export function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : { value };
}

/** A value as objects by name, as the documented API has inputs and outputs; null stays null. */
export function asObjects(value: unknown): Record<string, Record<string, unknown>> | null {
  if (value === null) return null;
  return Object.fromEntries(Object.entries(asObject(value)).map(([name, part]) => [name, asObject(part)]));
}

/** Seconds from one moment to another, or so far, then in whole ones. */
export function secondsBetween(from: string, to: string | null): number {
  if (to !== null) return Math.max(0, Date.parse(to) - Date.parse(from)) / 1_000;
  return Math.max(0, Math.floor((Date.now() - Date.parse(from)) / 1_000));
}

function known(status: string): Status {
  return STATUSES.find((one) => one === status) ?? 'RUNNING';
}
