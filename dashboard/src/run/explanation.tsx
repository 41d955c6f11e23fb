import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useCan, useViewer } from '../app/viewer.tsx';
import { Button } from '../ui/button.tsx';
import { formatExact, formatNumber } from '../ui/format.ts';
import { Elapsed, Time } from '../ui/time.tsx';
import { ActionDialog, RUN_ACTIONS, type RunAction } from './action-dialog.tsx';
import { FreeingDialog } from './freeing-dialog.tsx';
import type { RunHead, RunReason } from './run-documents.ts';
import { isFinal } from './run-status.ts';

/** What does away with a reason, in words. */
const VERBS: Readonly<Record<NonNullable<RunReason['action']>, string>> = {
  CANCEL: 'Cancel the run',
  CANCEL_HOLDER: 'Cancel what it waits for',
  ENABLE_JOB: 'Enable the job',
  PAUSE: 'Pause',
  RAISE_LIMIT: 'Raise the limit',
  REPLAY: 'Replay',
  REPLAY_DEAD_LETTER: 'Replay',
  RESCHEDULE: 'Start at another time',
  RESET_CIRCUIT: 'Close the circuit',
  RESTART: 'Restart',
  RESUME: 'Resume',
  SEND_EVENT: 'Send the event',
  SET_DEBUG: 'Switch debug mode',
  TRIGGER_JOB: 'Go to the job',
};

interface ExplanationProps {
  readonly run: RunHead;
  readonly onDone: () => Promise<void>;
}

/** Says in words why the run is where it is, and offers what would change that. */
export function Explanation({ run, onDone }: ExplanationProps) {
  const { summary, reasons } = run.explanation;
  const isBad = ['FAILED', 'TIMED_OUT', 'CRASHED', 'SYSTEM_FAILED', 'DEAD_LETTER'].includes(run.status);
  const tone = isBad ? 'border-bad bg-bad-soft text-bad' : 'border-line bg-surface';
  const isTold = (reason: RunReason) => summary.toLowerCase().includes(reason.text.toLowerCase());
  const [first] = reasons;
  return (
    <section
      aria-label="Why it is where it is"
      className={`flex flex-wrap items-center gap-x-3 gap-y-2 rounded-xl border px-4 py-2 ${tone}`}
    >
      <p className="min-w-0 py-1.5 font-medium break-words" aria-live="polite">
        {summary}
      </p>
      {first && reasons.length === 1 && isTold(first) ? (
        <Reason run={run} reason={first} isTold onDone={onDone} />
      ) : (
        <ul className="grid w-full gap-2">
          {reasons.map((reason) => (
            <li
              key={`${reason.kind} ${reason.jobId} ${reason.runId} ${reason.eventKey}`}
              className="flex flex-wrap items-center gap-x-3 gap-y-1.5"
            >
              <Reason run={run} reason={reason} isTold={isTold(reason)} onDone={onDone} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

interface ReasonProps extends ExplanationProps {
  readonly reason: RunReason;
  /** The summary has its words already. */
  readonly isTold: boolean;
}

function Reason({ run, reason, isTold, onDone }: ReasonProps) {
  const [isOpen, setOpen] = useState(false);
  const close = () => setOpen(false);
  const { action, until, since, position, runId, text } = reason;
  const own = RUN_ACTIONS.find((name): name is RunAction => name === action);
  const may = useMayFree(run, reason);
  return (
    <>
      {isTold ? null : <span className="min-w-0 break-words">{text}</span>}
      <span className="flex flex-wrap gap-x-3 opacity-90">
        {since ? isFinal(run.status) ? <Time at={since} /> : <For since={since} /> : null}
        {until ? (
          <span>
            ends <Time at={until} />
          </span>
        ) : null}
        {position === null ? null : <span>place {position > 10_000 ? 'beyond 10,000' : formatNumber(position)}</span>}
        {runId ? (
          <Link to="/runs/$runId" params={{ runId }} className="underline">
            {reason.kind === 'DEPENDENCY' ? 'the last run of it' : 'the run in question'}
          </Link>
        ) : null}
      </span>
      {action === null || !may ? null : action === 'TRIGGER_JOB' ? (
        <Link to="/jobs/$jobId" params={{ jobId: reason.jobId ?? '' }} className="underline">
          {VERBS[action]}
        </Link>
      ) : (
        <Button onClick={() => setOpen(true)}>{VERBS[action]}</Button>
      )}
      {own ? (
        <ActionDialog action={isOpen ? own : null} run={run} onClose={close} onDone={onDone} />
      ) : (
        <FreeingDialog open={isOpen} run={run} reason={reason} onClose={close} onDone={onDone} />
      )}
    </>
  );
}

function For({ since }: { readonly since: string }) {
  return (
    <span title={`since ${formatExact(since)}`}>
      for <Elapsed from={since} to={null} />
    </span>
  );
}

/** Whether the viewer may do what a reason asks for: on the run itself the server has said so, elsewhere the key decides. */
function useMayFree({ allowedActions, hold }: RunHead, { action }: RunReason): boolean {
  const mayWriteJobs = useCan('JOBS_WRITE');
  const mayWriteRuns = useCan('RUNS_WRITE');
  const { scopes } = useViewer();
  const maySeeJobs = useCan('JOBS_READ');
  if (action === null) return false;
  if (action === 'SEND_EVENT' || action === 'CANCEL_HOLDER') return mayWriteRuns;
  if (action === 'TRIGGER_JOB') return maySeeJobs;
  if (action === 'RAISE_LIMIT' && hold?.startsWith('limit:project:')) return scopes.includes('INSTANCE_ADMIN');
  if (action === 'ENABLE_JOB' || action === 'RESET_CIRCUIT' || action === 'RAISE_LIMIT') return mayWriteJobs;
  return allowedActions.includes(action);
}
