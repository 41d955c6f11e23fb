import { type WorkflowPause as Pause, readPauses } from '../../src/domain/workflows/pauses.ts';
import { type PAUSE_ACTIONS, ResolveWorkflowPauseInput, resolveWorkflowPause } from '../../src/domain/workflows/resolve-pause.ts';
import { builder } from '../builder.ts';
import type { GraphQLContext } from '../context.ts';
import { enumValues, memberOrNull } from '../enum-values.ts';
import { describedBy, leavingOutNulls } from '../input.ts';
import { DECISIONS, StepDecisionEnum } from './enums.ts';
import { ALSO_OF_MUTATIONS } from './scopes.ts';
import { WorkflowRun } from './type.ts';

const PauseActionEnum = builder.enumType('WorkflowPauseAction', {
  description: 'What a person says to a workflow run that stands still.',
  values: enumValues<(typeof PAUSE_ACTIONS)[number]>({
    approve: 'It goes on.',
    decline: 'The approval fails; a paused one without an approval is canceled.',
    override: 'The approval completes with what is given, whoever should decide it.',
  }),
});

const WorkflowPause = builder.objectRef<Pause>('WorkflowPause').implement({
  description: 'A time in which a workflow run stood still for a person.',
  fields: (t) => ({
    id: t.id({
      description: 'The workflow run and the number of the event that began it.',
      resolve: ({ workflowRunId, seq }) => `${workflowRunId}:${seq}`,
    }),
    step: t.exposeString('step', { nullable: true, description: 'The approval that waited; null when the whole was paused.' }),
    message: t.exposeString('message', { description: 'What was asked, or why it was paused.' }),
    pausedAt: t.expose('pausedAt', { type: 'DateTime', description: 'When it began.' }),
    resumedAt: t.expose('resumedAt', { type: 'DateTime', nullable: true, description: 'When it ended; null while it lasts.' }),
    resumedBy: t.exposeString('resumedBy', { nullable: true, description: 'Who ended it, where somebody did.' }),
    decision: t.field({
      type: StepDecisionEnum,
      nullable: true,
      description: 'What was decided about the approval; null when it ended otherwise, and for a pause of the whole.',
      resolve: ({ decision }) => memberOrNull(DECISIONS, decision),
    }),
    reason: t.exposeString('reason', { nullable: true, description: 'Why.' }),
    output: t.expose('output', {
      type: 'JSON',
      nullable: true,
      description: 'What the approval completed with; null unless it did, for an earlier try, and for more than 16 kB.',
    }),
  }),
});

interface Waiting {
  readonly ids: Set<string>;
  readonly pauses: Promise<ReadonlyMap<string, Pause[]>>;
}

/** What each request asks about in this turn of the event loop: the pauses of a list of workflow runs are one statement. */
const gathering = new WeakMap<GraphQLContext, Waiting | null>();

async function pausesOf(id: string, context: GraphQLContext): Promise<Pause[]> {
  const waiting = gathering.get(context) ?? gather(context);
  waiting.ids.add(id);
  return (await waiting.pauses).get(id) ?? [];
}

function gather(context: GraphQLContext): Waiting {
  const ids = new Set<string>();
  const pauses = new Promise<void>((resolve) => setImmediate(resolve)).then(async () => {
    gathering.set(context, null);
    return Map.groupBy(await readPauses([...ids], context.runs), ({ workflowRunId }) => workflowRunId);
  });
  const waiting = { ids, pauses };
  gathering.set(context, waiting);
  return waiting;
}

builder.prismaObjectFields(WorkflowRun, (t) => ({
  pauses: t.field({
    type: [WorkflowPause],
    description:
      'When it stood still for a person: approvals that waited, and pauses of the whole, the oldest first, at most 1,000. Requires `workflows:read`, or another scope of workflows.',
    complexity: { field: 10, multiplier: 10 },
    authScopes: ALSO_OF_MUTATIONS,
    resolve: ({ id }, _args, context) => pausesOf(id, context),
  }),
}));

const resolved = describedBy(ResolveWorkflowPauseInput);
const ResolveWorkflowPause = builder
  .inputType('ResolveWorkflowPauseInput', {
    description: 'Which workflow run that stands still, and what is to become of it.',
    fields: (t) => ({
      id: t.id({ required: true, ...resolved.id }),
      action: t.field({ type: PauseActionEnum, required: true, ...resolved.action }),
      step: t.string(resolved.step),
      output: t.field({ type: 'JSON', ...resolved.output }),
      approver: t.string(resolved.approver),
      reason: t.string(resolved.reason),
    }),
  })
  .validate(leavingOutNulls(ResolveWorkflowPauseInput));

builder.mutationField('resolveWorkflowPause', (t) =>
  t.field({
    type: WorkflowRun,
    description:
      'Decides the approval that a workflow run waits for, and resumes it if it is paused; CONFLICT when it does not stand still for a person. Requires `workflows:write`.',
    args: { input: t.arg({ type: ResolveWorkflowPause, required: true, description: 'Which one, and the decision.' }) },
    authScopes: { scope: 'workflows:write' },
    resolve: async (_root, { input }, { actor, workflows }) => {
      await resolveWorkflowPause(actor, input, workflows);
      return { id: input.id };
    },
  }),
);
