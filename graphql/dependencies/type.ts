import { DEPENDENCY_CONDITIONS, type DependencyCondition } from '../../src/domain/dependencies/met-statement.ts';
import type {
  RunDependency as RunDependencyRow,
  RunDependencies as RunDependencyRows,
} from '../../src/domain/dependencies/run-dependencies.ts';
import { builder } from '../builder.ts';
import { enumValues, memberOf } from '../enum-values.ts';
import { Job } from '../jobs/type.ts';
import { Run } from '../runs/type.ts';

/** How a job must have ended. */
export const DependencyConditionEnum = builder.enumType('DependencyCondition', {
  description: 'How the latest ended run of a job must have ended.',
  values: enumValues<DependencyCondition>({
    completed: 'It has completed.',
    failed: 'It has failed, timed out, crashed, expired or become a dead letter.',
    any: 'In any way, canceled ones included.',
  }),
});

/** A job whose runs wait for another job. */
export const JobDependency = builder.prismaObject('JobDependency', {
  fields: (t) => ({
    id: t.exposeID('id'),
    jobId: t.exposeID('jobId'),
    dependsOnJobId: t.exposeID('dependsOnJobId'),
    condition: t.field({
      type: DependencyConditionEnum,
      description: 'How the latest ended run of that job must have ended.',
      resolve: ({ condition }) => memberOf(DEPENDENCY_CONDITIONS, condition),
    }),
    createdBy: t.exposeString('createdBy'),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    job: t.relation('job', {
      type: Job,
      description: 'The job whose runs wait. Requires `jobs:read`.',
      authScopes: { scope: 'jobs:read' },
    }),
    dependsOn: t.relation('dependsOn', {
      type: Job,
      description: 'The job that they wait for. Requires `jobs:read`.',
      authScopes: { scope: 'jobs:read' },
    }),
  }),
});

const RunDependency = builder.objectRef<RunDependencyRow>('RunDependency').implement({
  description: 'Something that the job of a run depends on, as that run sees it.',
  fields: (t) => ({
    dependency: t.field({
      type: JobDependency,
      description: 'What depends on what.',
      resolve: ({ dependency }) => dependency,
    }),
    run: t.field({
      type: Run,
      nullable: true,
      description:
        'The run that counts: the latest ended one of that job with the same idempotency key, else the same dependency key, else any. Null when there is none. Requires `runs:read`.',
      authScopes: { scope: 'runs:read' },
      resolve: ({ runId }) => (runId === null ? null : { id: runId }),
    }),
    satisfied: t.exposeBoolean('satisfied', { description: 'Whether the run has to wait for it no longer.' }),
  }),
});

/** What a run depends on. */
export const RunDependencies = builder.objectRef<RunDependencyRows>('RunDependencies').implement({
  description: 'What a run depends on.',
  fields: (t) => ({
    all: t.field({
      type: [RunDependency],
      description: 'One for each job that the job of the run depends on, in the order they were made.',
      resolve: ({ all }) => all,
    }),
    satisfied: t.exposeBoolean('satisfied', {
      description:
        'Whether the run has to wait for none of them: as of now while it has not been let go, true afterwards whatever happens.',
    }),
  }),
});
