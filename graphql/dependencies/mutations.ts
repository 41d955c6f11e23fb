import { AddDependencyInput, addDependency } from '../../src/domain/dependencies/add-dependency.ts';
import { removeDependency } from '../../src/domain/dependencies/remove-dependency.ts';
import { builder } from '../builder.ts';
import { describedBy, leavingOutNulls } from '../input.ts';
import { DependencyConditionEnum, JobDependency } from './type.ts';

const added = describedBy(AddDependencyInput);
const AddJobDependency = builder
  .inputType('AddJobDependencyInput', {
    description: 'What a job is to wait for.',
    fields: (t) => ({
      dependsOnJobId: t.id({ required: true, ...added.dependsOnJobId }),
      condition: t.field({ type: DependencyConditionEnum, ...added.condition }),
    }),
  })
  .validate(leavingOutNulls(AddDependencyInput));

builder.mutationFields((t) => {
  const authScopes = { scope: 'jobs:write' } as const;
  return {
    addJobDependency: t.field({
      type: JobDependency,
      description:
        'Makes runs of a job wait for another job; holds for runs triggered from now on, in every server within a second. BAD_REQUEST when they would wait for each other, CONFLICT when it is so already. Requires `jobs:write`.',
      args: {
        job: t.arg.id({ required: true, description: 'Id or slug of the job whose runs are to wait.' }),
        input: t.arg({ type: AddJobDependency, required: true, description: 'What they are to wait for.' }),
      },
      authScopes,
      resolve: (_root, { job, input }, { actor, jobs }) => addDependency(actor, { job, ...input }, jobs),
    }),
    removeJobDependency: t.field({
      type: JobDependency,
      description:
        'Lets runs of a job wait for another job no longer; runs that waited for nothing else go on. Requires `jobs:write`.',
      args: {
        id: t.arg.id({ required: true, description: 'The dependency.' }),
        job: t.arg.id({ description: 'Id or slug of the job whose runs wait: NOT_FOUND when it is another one.' }),
      },
      authScopes,
      resolve: (_root, { id, job }, { actor, jobs, runs }) =>
        removeDependency(actor, { id, jobId: job ?? undefined }, { ...jobs, dependencies: runs.dependencies }),
    }),
  };
});
