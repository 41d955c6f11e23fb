import { z } from 'zod';
import { type Actor, actorName, requireScope } from '../../auth/actor.ts';
import { AppError, notFound } from '../../core/errors.ts';
import { JsonInput, key } from '../../core/schemas.ts';
import { isFinalWorkflow } from '../../core/workflow-state.ts';
import { boundedJson } from '../runs/json-size.ts';
import { MAX_OUTPUT_BYTES } from './complete-step.ts';
import type { WorkflowDeps } from './deps.ts';
import type { Draft } from './draft.ts';
import { waitsForPerson } from './held-steps.ts';
import { changeOwn, Reason } from './operations.ts';
import { approve, type Deciding, decidingOf, decline, override, requireDecidable, type Target } from './step-operations.ts';

/** What a person can say to a workflow run that stands still. */
export const PAUSE_ACTIONS = ['approve', 'decline', 'override'] as const;

/** Input of a resolution. */
export const ResolveWorkflowPauseInput = z.strictObject({
  id: z.string().describe('The workflow run.'),
  action: z
    .enum(PAUSE_ACTIONS)
    .describe(
      '`APPROVE`: it goes on. `DECLINE`: the approval fails. `OVERRIDE`: the approval completes with `output`, whoever should decide it.',
    ),
  step: key(128).optional().describe('The approval that is meant; of several that wait the first one when left out.'),
  output: JsonInput.optional().describe(
    'For `APPROVE` and `OVERRIDE`: what counts as the output of the approval, any JSON up to 5 MB.',
  ),
  approver: key(256).optional().describe('Who decides, by name; must be one of the approvers of the step if it names any.'),
  reason: Reason.optional().describe('Why, for the story.'),
});

type Resolution = z.output<typeof ResolveWorkflowPauseInput>;

/**
 * Lets a workflow run go on that stands still for a person: decides the approval that waits, and resumes it if it is paused. Without an
 * approval, a paused one is resumed by `approve` and canceled by `decline`. NOT_FOUND for an unknown one, CONFLICT for one that does not
 * stand still or has nothing to override, FORBIDDEN for a name that is no approver.
 */
export async function resolveWorkflowPause(actor: Actor, input: Resolution, deps: Pick<WorkflowDeps, 'advancer'>): Promise<void> {
  requireScope(actor, 'workflows:write');
  const { output = null } = input;
  boundedJson('the output', output, { maxBytes: MAX_OUTPUT_BYTES, advice: 'store it elsewhere and give where' });
  await changeOwn(actor, input.id, deps, (draft) => {
    const target = waitingIn(draft, input.step);
    if (target) decide(target, input, decidingOf(actor, input));
    else if (draft.status !== 'paused' || input.step !== undefined || input.action === 'override') {
      throw new AppError('CONFLICT', `workflow run does not wait for a decision: it is ${draft.status}`);
    }
    if (draft.status !== 'paused') return;
    const said = input.reason === undefined ? '' : `: ${input.reason}`;
    const by = { actor: actorName(actor) };
    if (target || input.action === 'approve') draft.move('running', `resumed by user${said}`, by);
    else draft.move('canceled', `declined by user${said}`, { error: 'declined by user', ...by });
  });
}

function waitingIn(draft: Draft, ref: string | undefined): Target | null {
  if (isFinalWorkflow(draft.status)) return null;
  if (ref !== undefined && !draft.version.graph.positionOf.has(ref)) throw notFound('step');
  const { steps } = draft.version.definition;
  const position = draft.steps.findIndex(
    ({ status }, index) =>
      waitsForPerson({ kind: steps[index]?.kind ?? '', status }) && (ref === undefined || steps[index]?.ref === ref),
  );
  const now = draft.steps[position];
  const definition = steps[position];
  return now && definition ? { draft, position, now, definition } : null;
}

function decide(target: Target, { action, output, approver }: Resolution, deciding: Deciding): void {
  if (action === 'override') {
    override(target, deciding, output ?? null);
    return;
  }
  requireDecidable(target, { ref: target.definition.ref, approver });
  if (action === 'approve') approve(target, deciding, output);
  else decline(target, deciding);
}
