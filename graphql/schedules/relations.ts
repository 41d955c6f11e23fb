import { latestFiresOf } from '../../src/domain/schedules/latest-fires.ts';
import { FireFilterInput } from '../../src/domain/schedules/visible-schedules.ts';
import { builder } from '../builder.ts';
import { NEWEST_FIRST, pageOf, sliceOf } from '../connection.ts';
import { describedBy, leavingOutNulls } from '../input.ts';
import { Job } from '../jobs/type.ts';
import { firstOfMany } from '../of-many.ts';
import { listRuns, RunConnection } from '../runs/list.ts';
import { Run } from '../runs/type.ts';
import { rowSelection } from '../selection.ts';
import { listWorkflowRuns, WorkflowRunConnection } from '../workflows/list.ts';
import { Workflow, WorkflowRun } from '../workflows/type.ts';
import { FireOutcomeEnum } from './enums.ts';
import { Schedule, ScheduleFire } from './type.ts';

const filtered = describedBy(FireFilterInput);
const FireFilter = builder
  .inputType('ScheduleFireFilter', {
    description: 'Which moments of a schedule are meant.',
    fields: (t) => ({ outcome: t.field({ type: [FireOutcomeEnum], ...filtered.outcome }) }),
  })
  .validate(leavingOutNulls(FireFilterInput));

builder.prismaObjectFields(Schedule, (t) => ({
  job: t.relation('job', {
    type: Job,
    nullable: true,
    description: 'The job it triggers; null when it triggers a workflow. Requires `jobs:read`.',
    authScopes: { scope: 'jobs:read' },
  }),
  workflow: t.relation('workflow', {
    type: Workflow,
    nullable: true,
    description: 'The workflow it triggers; null when it triggers a job. Requires `workflows:read`.',
    authScopes: { scope: 'workflows:read' },
  }),
  fires: t.connection(
    {
      type: ScheduleFire,
      description: 'The moments it has dealt with, the latest first: those of 30 days, 1,000 at most. Requires an API key.',
      args: { filter: t.arg({ type: FireFilter, description: 'Which of them; all when left out.' }) },
      authScopes: { apiKey: true },
      resolve: async ({ id }, { filter, ...page }, context, info) => {
        const slice = sliceOf(page, NEWEST_FIRST);
        const outcome = filter?.outcome;
        const selection = rowSelection(context, info);
        if (!outcome && !slice.backwards && !slice.hasCursor) {
          const { actor, prisma, schedules } = context;
          const found = {
            idsOf: (ids: readonly string[]) => latestFiresOf(actor, ids, slice.size + 1, schedules),
            rowsOf: (ids: readonly string[]) => prisma.scheduleFire.findMany({ ...selection, where: { id: { in: [...ids] } } }),
          };
          return pageOf(await firstOfMany(id, found, context, info), slice);
        }
        const rows = await context.prisma.scheduleFire.findMany({
          ...selection,
          ...slice.within({ scheduleId: id, ...(outcome && { outcome: { in: outcome } }) }),
        });
        return pageOf(rows, slice);
      },
    },
    { name: 'ScheduleFireConnection', description: 'A page of moments of a schedule.' },
    { name: 'ScheduleFireEdge', description: 'A moment of a schedule on a page.' },
  ),
  runs: t.connection(
    {
      type: Run,
      description: 'The runs it has made of a job, newest first. Requires `runs:read`.',
      authScopes: { scope: 'runs:read' },
      resolve: ({ id }, page, context, info) =>
        listRuns({ filter: { scheduleId: id }, page, order: 'newest-first' }, context, info),
    },
    RunConnection,
  ),
  workflowRuns: t.connection(
    {
      type: WorkflowRun,
      description: 'The runs it has made of a workflow, newest first. Requires `workflows:read`.',
      authScopes: { scope: 'workflows:read' },
      resolve: ({ id }, page, context, info) => listWorkflowRuns({ filter: { scheduleId: id }, page }, context, info),
    },
    WorkflowRunConnection,
  ),
}));

builder.prismaObjectFields(ScheduleFire, (t) => ({
  run: t.relation('run', {
    type: Run,
    nullable: true,
    description: 'The run it has made, as long as that is kept. Requires `runs:read`.',
    authScopes: { scope: 'runs:read' },
  }),
  workflowRun: t.relation('workflowRun', {
    type: WorkflowRun,
    nullable: true,
    description: 'The workflow run it has made, as long as that is kept. Requires `workflows:read`.',
    authScopes: { scope: 'workflows:read' },
  }),
}));
