import type { Actor } from '../../auth/actor.ts';
import { AppError } from '../../core/errors.ts';
import type { WorkflowDeps } from './deps.ts';
import type { WorkflowTriggered } from './trigger-workflow.ts';

/** Seconds that a caller waits for a workflow run unless it says otherwise. */
export const DEFAULT_WAIT_SECS = 60;
/** And at most: sooner or later clients and proxies give up on a connection that says nothing. */
export const MAX_WAIT_SECS_OF_CALLER = 300;

/**
 * Triggers and waits until the workflow run has ended, stands still until a person does something, or `waitSecs` are over. What was
 * triggered goes on in any case. BAD_REQUEST for a time out of range, RATE_LIMITED when too many wait already; then nothing is triggered.
 */
export async function awaitTriggered(
  actor: Actor,
  {
    trigger,
    waitSecs = DEFAULT_WAIT_SECS,
  }: { readonly trigger: () => Promise<WorkflowTriggered>; readonly waitSecs?: number | undefined },
  deps: Pick<WorkflowDeps, 'runWaits'>,
): Promise<WorkflowTriggered> {
  if (waitSecs < 0 || waitSecs > MAX_WAIT_SECS_OF_CALLER)
    throw new AppError('BAD_REQUEST', `waitSecs must be 0 to ${MAX_WAIT_SECS_OF_CALLER}`);
  return deps.runWaits.waiting(actor.projectId, async (settled) => {
    const triggered = await trigger();
    await settled(triggered.id, waitSecs * 1_000);
    return triggered;
  });
}
