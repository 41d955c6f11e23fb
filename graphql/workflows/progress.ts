import { stepsBehindApprovals, waitsForPerson } from '../../src/domain/workflows/held-steps.ts';
import { MAX_VALUES_BYTES, readStepValues, type StepValue as Value } from '../../src/domain/workflows/step-values.ts';
import { builder } from '../builder.ts';
import { definitionOf } from './definition.ts';
import { ALSO_OF_MUTATIONS } from './scopes.ts';
import { WorkflowRun } from './type.ts';

/** How steps stand; every field that wants to know asks alike, so that they are read once for all fields and all rows of a list. */
const standing = { steps: { orderBy: { position: 'asc' }, select: { position: true, kind: true, status: true } } } as const;

const StepValue = builder.objectRef<Value>('StepValue').implement({
  description: 'What went into a step of a workflow run, and what came out of it.',
  fields: (t) => ({
    ref: t.exposeString('ref', { description: 'The step.' }),
    input: t.expose('input', {
      type: 'JSON',
      nullable: true,
      description: 'What it was started with; null before, or left out.',
    }),
    output: t.expose('output', { type: 'JSON', nullable: true, description: 'What it returned; null before, or left out.' }),
    isTruncated: t.exposeBoolean('isTruncated', { description: 'Whether its values did not fit any more, and are left out.' }),
  }),
});

builder.prismaObjectFields(WorkflowRun, (t) => ({
  percentComplete: t.float({
    description:
      'How much of it has completed, in percent: steps, or the items of a batch. Below 100 for one that left out steps. Requires `workflows:read`, or another scope of workflows.',
    authScopes: ALSO_OF_MUTATIONS,
    select: { id: true, batchTotal: true, ...standing },
    resolve: async ({ id, batchTotal, steps }, _args, { prisma }) => {
      if (batchTotal !== null) {
        const completed = await prisma.workflowRun.count({
          where: { parentRunId: id, batchIndex: { not: null }, status: 'completed' },
        });
        return (completed / batchTotal) * 100;
      }
      if (steps.length === 0) return 0;
      return (steps.filter(({ status }) => status === 'completed').length / steps.length) * 100;
    },
  }),
  waitsForPerson: t.boolean({
    description:
      'Whether it stands still until a person does something: it is paused, or an approval waits for a decision. Requires `workflows:read`, or another scope of workflows.',
    authScopes: ALSO_OF_MUTATIONS,
    select: { status: true, ...standing },
    resolve: ({ status, steps }) => status === 'paused' || (status === 'running' && steps.some(waitsForPerson)),
  }),
  stepsBehindApprovals: t.stringList({
    description:
      'The steps that cannot start before somebody decides an approval that waits, in the order of the definition. Requires `workflows:read`, or another scope of workflows.',
    authScopes: ALSO_OF_MUTATIONS,
    select: { definition: { select: { definition: true } }, ...standing },
    resolve: ({ definition, steps }) => stepsBehindApprovals(definitionOf(definition.definition).steps, steps),
  }),
  stepValues: t.field({
    type: [StepValue],
    description:
      'Inputs and outputs of its steps, in the order of the definition: of each one that still fits. Requires `workflows:read`, or another scope of workflows.',
    args: {
      maxBytes: t.arg.int({
        defaultValue: MAX_VALUES_BYTES,
        description: `Bytes of JSON that they come to together, at most ${MAX_VALUES_BYTES.toLocaleString('en')}.`,
      }),
    },
    complexity: { field: 50, multiplier: 100 },
    authScopes: ALSO_OF_MUTATIONS,
    resolve: ({ id }, { maxBytes }, { runs }) => readStepValues({ workflowRunId: id, maxBytes: maxBytes ?? undefined }, runs),
  }),
  batchTotal: t.exposeInt('batchTotal', { nullable: true }),
  batchParallel: t.exposeInt('batchParallel', { nullable: true }),
  batchStarted: t.exposeInt('batchStarted', { nullable: true }),
  batchIndex: t.exposeInt('batchIndex', { nullable: true }),
  partialStep: t.exposeString('partialStep', { nullable: true }),
}));
