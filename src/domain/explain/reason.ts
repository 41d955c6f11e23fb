import type { OwnAction } from '../runs/run-actions.ts';

/** What kind of thing keeps a run from going on, or what it is doing. */
export type RunReasonKind =
  | 'limit'
  | 'dependency'
  | 'delay'
  | 'retry'
  | 'pause'
  | 'wait_event'
  | 'wait_children'
  | 'circuit_open'
  | 'queue'
  | 'no_worker'
  | 'job_disabled'
  | 'execution_window'
  | 'rate_limit'
  | 'running'
  | 'final';

/** Something that people can do: to a run, or to what it waits for. */
export type RunAction =
  | OwnAction
  | 'send_event'
  | 'cancel_holder'
  | 'reset_circuit'
  | 'enable_job'
  | 'raise_limit'
  | 'trigger_job';

/** One reason why a run is where it is. */
export interface RunReason {
  readonly kind: RunReasonKind;
  readonly text: string;
  readonly since?: Date | null;
  readonly until?: Date | null;
  /** How many go before it, and one. */
  readonly position?: number;
  readonly runId?: string | null;
  readonly jobId?: string | null;
  readonly eventKey?: string | null;
  readonly circuitId?: string | null;
  readonly action?: RunAction;
}

/** Why a run is where it is: the first reason is the one that counts. */
export interface RunExplanation {
  readonly summary: string;
  readonly reasons: readonly RunReason[];
}

/** A number of things, in words. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
