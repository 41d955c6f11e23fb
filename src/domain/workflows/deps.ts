import type { RunDeps } from '../runs/deps.ts';
import type { Advancer } from './advance.ts';
import type { Definitions } from './definitions.ts';
import type { Expressions } from './expression.ts';
import type { WorkflowInserts } from './insert-runs.ts';
import type { RunWaits } from './run-waits.ts';

/** What the functions of this folder work with; made once per process by the composition root. */
export interface WorkflowDeps
  extends Pick<RunDeps, 'engine' | 'reads' | 'jobs' | 'managedExec' | 'inserts' | 'transitions' | 'hub'> {
  readonly definitions: Definitions;
  readonly expressions: Expressions;
  readonly workflowInserts: WorkflowInserts;
  readonly advancer: Advancer;
  readonly runWaits: RunWaits;
}
