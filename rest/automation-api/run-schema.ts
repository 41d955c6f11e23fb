import { z } from 'zod';
import { dateTime } from '../date-time.ts';
import { gql } from '../route.ts';

/** Where an automation run stands, in the words of the documented API. */
const RUN_STATUSES = ['pending', 'running', 'paused', 'completed', 'failed', 'cancelled'] as const;
type RunStatus = (typeof RUN_STATUSES)[number];

/** What each status of a workflow run is called here. */
const WORD_OF: Readonly<Record<string, RunStatus>> = {
  PENDING: 'pending',
  RUNNING: 'running',
  PAUSED: 'paused',
  COMPLETED: 'completed',
  FAILED: 'failed',
  TIMED_OUT: 'failed',
  CANCELED: 'cancelled',
};

/** How automations are put together; kept as a tag, which their runs start with. */
export const ORCHESTRATOR_TYPES = ['local', 'dag'] as const;
/** The tag that keeps it. */
export const ORCHESTRATOR_TAG = 'orchestratorType';

/** The orchestrator type that tags keep; what was not made as an automation is a graph. */
export function orchestratorOf(tags: Readonly<Record<string, string>>): (typeof ORCHESTRATOR_TYPES)[number] {
  return tags[ORCHESTRATOR_TAG] === 'local' ? 'local' : 'dag';
}

/** How automations are started: by hand, by schedules, by calls from elsewhere. */
export const TRIGGER_TYPES = ['manual', 'schedule', 'webhook'] as const;
/** The tag that keeps it. */
export const TRIGGER_TAG = 'triggerType';

/** The trigger type that tags keep; what was not made as an automation is started by hand. */
export function triggerTypeOf(tags: Readonly<Record<string, string>>): (typeof TRIGGER_TYPES)[number] {
  return TRIGGER_TYPES.find((type) => type === tags[TRIGGER_TAG]) ?? 'manual';
}

/** What triggered a workflow run by itself, in the words of the documented API. */
const TRIGGER_TYPE: Readonly<Record<string, string>> = { workflow: 'automation' };
/** Who did: the kinds of creators that `createdBy` begins with. */
const SOURCE_TYPE: Readonly<Record<string, string>> = { key: 'user' };

/** Every documented field of a run; null stands for nothing. */
export const automationRunSchema = z
  .object({
    automationId: z.string().describe('The automation.'),
    automationVersionId: z.string().describe('The version of it that the run keeps to.'),
    completedAt: dateTime.nullable().describe('When it ended.'),
    concurrencyKey: z.string().nullable().describe('Always null: automation runs do not exclude each other.'),
    createdAt: dateTime.describe('When it was started.'),
    durationSeconds: z.number().nullable().describe('Seconds from its start to its end; null until it has ended.'),
    error: z
      .object({
        type: z.string().describe('`failed`, `timed_out` or `canceled`.'),
        message: z.string().describe('Why.'),
        stepKey: z.string().nullable().describe('The step whose failure ended it.'),
      })
      .nullable()
      .describe('Why it did not complete.'),
    externalJobId: z.string().nullable().describe('Always null: nobody outside executes automations.'),
    id: z.string().describe('The run.'),
    orchestratorType: z.enum(ORCHESTRATOR_TYPES).describe('That of its automation.'),
    startedAt: dateTime.nullable().describe('When its first step could start.'),
    status: z.enum(RUN_STATUSES).describe('Where it stands; one that took too long has failed.'),
    tenantId: z.string().describe('The project it belongs to.'),
    triggerSourceId: z
      .string()
      .nullable()
      .describe('Who started it: the key, or the schedule as long as it remembers the moment.'),
    triggerSourceType: z
      .string()
      .describe('What that is: `user` for an API key, `schedule`, or `step` for a step of another run.'),
    triggerType: z
      .string()
      .describe(
        'What started it: `schedule` for the clock, `automation` for a step of another one, `webhook` for a call to an automation that is meant to be called, else `manual`; so is a retry.',
      ),
    updatedAt: dateTime.describe('When anything about it last changed.'),
    versionNumber: z.int().describe('The number of the version.'),
  })
  .meta({ id: 'AutomationRun', description: 'One execution of an automation, which is a workflow run.' });

/** A list with the number of all there are. */
export function pageSchema<S extends z.ZodType>(item: S, id: string) {
  return z
    .object({
      items: z.array(item).describe('Those asked for, newest first.'),
      total: z.int().describe('How many there are in all; 100,000 for so many or more, which are not counted.'),
    })
    .meta({ id, description: 'A part of a list.' });
}

/** Selects what {@link automationRunOf} reads. */
export const AUTOMATION_RUN = gql`fragment AutomationRunFields on WorkflowRun {
  id projectId workflowId workflowVersion workflowVersionId status error failedStep tags triggeredBy createdBy scheduleId startedAt finishedAt
  createdAt updatedAt
}`;

/** What {@link AUTOMATION_RUN} yields. */
export interface AutomationRunFields {
  readonly id: string;
  readonly projectId: string;
  readonly workflowId: string;
  readonly workflowVersion: number;
  readonly workflowVersionId: string;
  readonly status: string;
  readonly error: string | null;
  readonly failedStep: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly triggeredBy: string;
  readonly createdBy: string;
  readonly scheduleId: string | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** A workflow run as the documented API prints it. */
export function automationRunOf(run: AutomationRunFields): z.input<typeof automationRunSchema> {
  return {
    automationId: run.workflowId,
    automationVersionId: run.workflowVersionId,
    completedAt: run.finishedAt,
    concurrencyKey: null,
    createdAt: run.createdAt,
    durationSeconds: secondsBetween(run.startedAt, run.finishedAt),
    error: run.error === null ? null : { type: run.status.toLowerCase(), message: run.error, stepKey: run.failedStep },
    externalJobId: null,
    id: run.id,
    orchestratorType: orchestratorOf(run.tags),
    startedAt: run.startedAt,
    status: WORD_OF[run.status] ?? 'running',
    tenantId: run.projectId,
    ...startOf(run),
    updatedAt: run.updatedAt,
    versionNumber: run.workflowVersion,
  };
}

/** What started a run. */
function startOf({ triggeredBy, createdBy, scheduleId, tags }: AutomationRunFields) {
  if (triggeredBy === 'cron') return { triggerType: 'schedule', triggerSourceType: 'schedule', triggerSourceId: scheduleId };
  const [source = '', ...id] = createdBy.split(':');
  // A schedule that somebody has fired by hand calls no one.
  const isCall = triggeredBy === 'manual' && scheduleId === null && triggerTypeOf(tags) === 'webhook';
  return {
    triggerType: isCall ? 'webhook' : (TRIGGER_TYPE[triggeredBy] ?? 'manual'),
    triggerSourceType: SOURCE_TYPE[source] ?? source,
    triggerSourceId: id.length > 0 ? id.join(':') : null,
  };
}

/** The status that runs are filtered by; parsed, it is every GraphQL name that is printed so. */
export const runStatusParam = z
  .enum(RUN_STATUSES)
  .transform((word) => Object.keys(WORD_OF).filter((name) => WORD_OF[name] === word))
  .describe('Only runs with this status.');

/** Seconds from one moment to another; null while either is missing, so that an answer does not depend on when it was asked for. */
export function secondsBetween(from: string | null, to: string | null): number | null {
  return from === null || to === null ? null : Math.max(0, Date.parse(to) - Date.parse(from)) / 1_000;
}
