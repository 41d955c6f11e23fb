import { z } from 'zod';
import { dateTime } from '../date-time.ts';
import { defineRoute, gql, type Route } from '../route.ts';
import { secondsBetween } from './run-schema.ts';
import { runParams } from './runs.ts';

const stepSchema = z
  .object({
    actionRunId: z.string().nullable().describe('The step of this run; null until it has started.'),
    completedAt: dateTime.nullable().describe('When it was over.'),
    decisionId: z.string().nullable().describe('Of an approval: the event trigger that waits for the decision.'),
    dependsOn: z.array(z.string()).describe('The steps that must be over before it starts.'),
    durationSeconds: z.number().nullable().describe('Seconds from its start to its end; null until it is over.'),
    error: z
      .object({ message: z.string().describe('Why.') })
      .nullable()
      .describe('Why it failed.'),
    key: z.string().describe('Its name within the automation.'),
    name: z.string().describe('What people call it.'),
    result: z
      .record(z.string(), z.unknown())
      .nullable()
      .describe('What it returned; what is no object is the field `value` of one.'),
    resultTruncated: z.boolean().describe('Whether the result is larger than 16 kB, and left out.'),
    startedAt: dateTime.nullable().describe('When it was last started.'),
    status: z
      .string()
      .describe('`pending`, `running`, `awaiting_approval`, `completed`, `failed`, `rejected`, `skipped` or `cancelled`.'),
  })
  .meta({ id: 'AutomationRunStep', description: 'One step of an automation run.' });

const stepsSchema = z
  .object({
    automationRunId: z.string().describe('The run.'),
    completedCount: z.int().describe('Steps that have completed.'),
    failedCount: z.int().describe('Steps that have failed.'),
    pendingCount: z.int().describe('Steps that have not started.'),
    runningCount: z.int().describe('Steps that are worked on, or wait.'),
    steps: z.array(stepSchema).describe('Its steps, in the order of the automation.'),
  })
  .meta({ id: 'AutomationRunSteps', description: 'The steps of an automation run.' });

interface Node {
  readonly id: string;
  readonly ref: string;
  readonly kind: string;
  readonly status: string;
  readonly attempt: number;
  readonly error: string | null;
  readonly decision: string | null;
  readonly waitId: string | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
}

interface RunWithSteps {
  readonly id: string;
  readonly stepCounts: Readonly<Record<'completed' | 'failed' | 'pending' | 'running' | 'waiting', number>>;
  readonly version: { readonly steps: readonly { readonly name: string; readonly dependsOn: string[] }[] };
  readonly stepResults: readonly { readonly result: unknown; readonly isTruncated: boolean }[];
  readonly graph: { readonly nodes: readonly Node[] };
}

/** `/api/v1/automation-runs/{run_id}/steps`. */
export const automationRunStepRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'getAutomationRunSteps',
    method: 'GET',
    path: '/api/v1/automation-runs/{run_id}/steps',
    tag: 'Automation runs',
    summary: 'Get the steps of a run',
    description: 'Answers all steps of a run, and how many stand where. Requires the scope `workflows:read`.',
    auth: 'key',
    errorStyle: 'fastapi',
    params: runParams,
    document: gql`query getAutomationRunSteps($id: ID!) {
      run: workflowRun(id: $id) {
        id
        stepCounts { completed failed pending running waiting }
        version { steps { name dependsOn } }
        stepResults { result isTruncated }
        graph { nodes { id ref kind status attempt error decision waitId startedAt finishedAt } }
      }
    }`,
    variables: ({ params }) => ({ id: params.run_id }),
    response: stepsSchema,
    project: ({ run }: { run: RunWithSteps }) => ({
      automationRunId: run.id,
      completedCount: run.stepCounts.completed,
      failedCount: run.stepCounts.failed,
      pendingCount: run.stepCounts.pending,
      runningCount: run.stepCounts.running + run.stepCounts.waiting,
      // All three lists are in the order of the definition.
      steps: run.graph.nodes.map((node, position) => ({
        actionRunId: node.attempt > 0 ? node.id : null,
        completedAt: node.finishedAt,
        decisionId: node.kind === 'APPROVAL' ? node.waitId : null,
        dependsOn: run.version.steps[position]?.dependsOn ?? [],
        durationSeconds: secondsBetween(node.startedAt, node.finishedAt),
        error: node.error === null ? null : { message: node.error },
        key: node.ref,
        name: run.version.steps[position]?.name ?? node.ref,
        result: asObject(run.stepResults[position]?.result ?? null),
        resultTruncated: run.stepResults[position]?.isTruncated ?? false,
        startedAt: node.startedAt,
        status: wordOf(node),
      })),
    }),
  }),
];

function wordOf({ kind, status, decision }: Node): string {
  if (status === 'WAITING') return kind === 'APPROVAL' ? 'awaiting_approval' : 'running';
  if (status === 'FAILED' && decision === 'DECLINED') return 'rejected';
  return status === 'CANCELED' ? 'cancelled' : status.toLowerCase();
}

function asObject(result: unknown): Record<string, unknown> | null {
  if (result === null) return null;
  return typeof result === 'object' && !Array.isArray(result) ? { ...result } : { value: result };
}
