import { RUN_STATUSES } from '../../src/core/run-state.ts';
import { explainRun } from '../../src/domain/explain/explain-run.ts';
import type {
  RunExplanation as Explanation,
  RunReason as Reason,
  RunAction,
  RunReasonKind,
} from '../../src/domain/explain/reason.ts';
import { EXECUTION_MODES } from '../../src/domain/jobs/job.ts';
import { allowedActions } from '../../src/domain/runs/run-actions.ts';
import { builder } from '../builder.ts';
import { enumValues, memberOf } from '../enum-values.ts';
import { definitionOf, OF_VERSION, Run } from './type.ts';

const RunReasonKindEnum = builder.enumType('RunReasonKind', {
  description: 'What kind of thing keeps a run where it is.',
  values: enumValues<RunReasonKind>({
    limit: 'A limit of its job, its concurrency key or its project is full.',
    dependency: 'A run of another job has to end first.',
    delay: 'It is to start later.',
    retry: 'Its next attempt is due later.',
    pause: 'A person has stopped it.',
    wait_event: 'It waits for an event from outside.',
    wait_children: 'It waits for runs that it has spawned.',
    circuit_open: 'Its endpoint could not be reached several times in a row.',
    queue: 'It is due, and others go before it.',
    no_worker: 'No server process claims runs.',
    job_disabled: 'Its job is disabled.',
    execution_window: 'Runs of its job start at certain times alone.',
    rate_limit: 'Its executor has asked for less.',
    running: 'Nothing: it is being executed.',
    final: 'It has ended.',
  }),
});

const RunActionEnum = builder.enumType('RunAction', {
  description: 'Something that people can do to a run, or to what it waits for, each by a mutation.',
  values: enumValues<RunAction>({
    cancel: 'Cancel the run: `cancelRun`.',
    replay: 'Do its work again as a new run: `replayRun`.',
    replay_dead_letter: 'Put it back into the queue: `replayDeadLetter`.',
    reschedule: 'Start it at another time: `rescheduleRun`.',
    pause: 'Stop its process: `pauseRun`.',
    resume: 'Let it go on: `resumeRun`.',
    restart: 'Start its process anew: `restartRun`.',
    set_debug: 'Keep what is sent to its executor and what that answers, or no longer: `setDebugMode`.',
    send_event: 'Send the event `eventKey`: `sendEvent`.',
    cancel_holder: 'Cancel the run `runId`, which it waits for: `cancelRun`.',
    reset_circuit: 'Close the circuit `circuitId`: `resetCircuitBreaker`.',
    enable_job: 'Enable the job `jobId`: `setJobsEnabled`.',
    raise_limit: 'Raise the limit: `updateJob`, or `updateProject` for one of the project.',
    trigger_job: 'Trigger the job `jobId`: `triggerRun`.',
  }),
});

const RunReason = builder.objectRef<Reason>('RunReason').implement({
  description: 'One reason why a run is where it is.',
  fields: (t) => ({
    kind: t.field({ type: RunReasonKindEnum, description: 'What kind of reason.', resolve: ({ kind }) => kind }),
    text: t.exposeString('text', { description: 'The reason in words, with figures.' }),
    since: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'Since when; null when that is not known.',
      resolve: ({ since }) => since,
    }),
    until: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it is over at the latest, if nobody does anything; null when it has no end of its own.',
      resolve: ({ until }) => until,
    }),
    position: t.exposeInt('position', {
      nullable: true,
      description: 'Its place among those that wait for the same, from 1; 10,001 stands for any beyond 10,000.',
    }),
    runId: t.exposeID('runId', {
      nullable: true,
      description: 'The run it waits for, or that has had what it needs for longest.',
    }),
    jobId: t.exposeID('jobId', { nullable: true, description: 'The job that the reason is about.' }),
    eventKey: t.exposeString('eventKey', { nullable: true, description: 'The event it waits for.' }),
    circuitId: t.exposeID('circuitId', { nullable: true, description: 'The circuit it waits for.' }),
    action: t.field({
      type: RunActionEnum,
      nullable: true,
      description: 'What frees it; null when only time does, or nothing is to be freed.',
      resolve: ({ action }) => action,
    }),
  }),
});

const RunExplanation = builder.objectRef<Explanation>('RunExplanation').implement({
  description: 'Why a run is where it is.',
  fields: (t) => ({
    summary: t.exposeString('summary', { description: 'All of it in one sentence.' }),
    reasons: t.field({
      type: [RunReason],
      description: 'The reasons, the one that counts first; none when it is about to go on.',
      resolve: ({ reasons }) => reasons,
    }),
  }),
});

builder.prismaObjectFields(Run, (t) => ({
  explanation: t.field({
    type: RunExplanation,
    description:
      'Why it is where it is, what has to happen for it to go on, and what can be done about it. Requires `runs:read`.',
    authScopes: { scope: 'runs:read' },
    complexity: 50,
    resolve: ({ id }, _args, { actor, runs }) => explainRun(actor, id, runs),
  }),
  allowedActions: t.field({
    type: [RunActionEnum],
    description: 'What the caller can do to it as it is now; nothing without `runs:write`.',
    select: {
      ...OF_VERSION,
      status: true,
      epoch: true,
      job: { select: { ...OF_VERSION.job.select, enabled: true, deletedAt: true } },
    },
    resolve: async (run, _args, context) => {
      const { executionMode } = await definitionOf(run, context);
      const { actor, runs } = context;
      const jobMode = memberOf(EXECUTION_MODES, run.job.executionMode);
      return allowedActions(actor, {
        status: memberOf(RUN_STATUSES, run.status),
        epoch: run.epoch,
        isManaged: executionMode === 'managed',
        takesNew: run.job.enabled && run.job.deletedAt === null && (jobMode !== 'managed' || runs.managedExec),
      });
    },
  }),
}));
