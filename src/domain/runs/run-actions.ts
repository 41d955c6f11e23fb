import type { Actor } from '../../auth/actor.ts';
import { allows } from '../../auth/scopes.ts';
import { edgeOf, RUN_STATUSES, type RunStatus } from '../../core/run-state.ts';

/** When something can be done to a run. */
interface Rule {
  readonly from: readonly RunStatus[];
  /** Only before its first start. */
  readonly unstarted?: true;
  /** Only to a run that is a process of ours. */
  readonly managed?: true;
  /** Only while its job would take a new run. */
  readonly anew?: true;
}

/** What people can do to a run: the one source for what is offered, selected by a filter, and refused. */
const RULES = {
  cancel: { from: edgeOf('cancel').from },
  // A dead letter is replayed as itself; what was canceled, or expired, or completed, ended as somebody wanted.
  replay: { from: ['failed', 'timed_out', 'crashed', 'system_failed'], anew: true },
  replay_dead_letter: { from: edgeOf('dlq_replay').from },
  reschedule: { from: edgeOf('hold').from, unstarted: true },
  pause: { from: edgeOf('pause').from, managed: true },
  resume: { from: edgeOf('resume').from },
  restart: { from: edgeOf('restart').from, managed: true },
  set_debug: { from: RUN_STATUSES },
} as const satisfies Record<string, Rule>;

/** Something that can be done to a run. */
export type OwnAction = keyof typeof RULES;

// Object.keys is typed for objects that may have more keys than their type says; this literal has exactly these.
const OWN_ACTIONS = Object.keys(RULES) as OwnAction[];

/** A run, as far as what can be done to it depends on it. */
export interface ActionableRun {
  readonly status: RunStatus;
  /** Counts claims: 0 is a run that nobody has started. */
  readonly epoch: number;
  /** Its version of the job is executed as a process of ours. */
  readonly isManaged: boolean;
  /** Its job, as it is now, takes new runs. */
  readonly takesNew: boolean;
}

/** The statuses in which something can be done to a run. */
export function statusesFor(action: OwnAction): readonly RunStatus[] {
  return RULES[action].from;
}

/** Whether something can be done to a run in this status, as far as the status decides. */
export function isAllowedIn(action: OwnAction, status: RunStatus): boolean {
  return statusesFor(action).includes(status);
}

/** What an actor can do to a run as it is; none without `runs:write`. */
export function allowedActions(actor: Actor, run: ActionableRun): OwnAction[] {
  if (actor.kind !== 'key' || !allows(actor.scopes, 'runs:write')) return [];
  return OWN_ACTIONS.filter((action) => {
    const rule: Rule = RULES[action];
    if (rule.unstarted && run.epoch > 0) return false;
    if (rule.managed && !run.isManaged) return false;
    if (rule.anew && !run.takesNew) return false;
    return isAllowedIn(action, run.status);
  });
}
