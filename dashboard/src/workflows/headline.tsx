import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { formatNumber } from '../ui/format.ts';
import { Badge, StatusBadge, statusWords } from '../ui/status-badge.tsx';
import { Elapsed, Time } from '../ui/time.tsx';
import type { WorkflowRun } from './run-documents.ts';

/** When, how long, by whom, and the executions it belongs with. */
export function Headline({ run }: { readonly run: WorkflowRun }) {
  return (
    <div className="flex flex-wrap gap-x-6 gap-y-1 text-muted">
      <span className="font-mono text-xs leading-5">{run.id}</span>
      <span>
        Created <Time at={run.createdAt} /> by {run.triggeredBy}
      </span>
      {run.startedAt ? (
        <span>
          {run.finishedAt ? 'Took' : 'Running for'} <Elapsed from={run.startedAt} to={run.finishedAt} />
        </span>
      ) : null}
      <span>
        Version {run.workflowVersion} of{' '}
        <Link to="/workflows/$workflowId" params={{ workflowId: run.workflow.id }} className="text-accent underline">
          the workflow
        </Link>
      </span>
      {run.batchTotal === null ? null : (
        <span className="tabular-nums">
          {formatNumber(run.batchStarted ?? 0)} of {formatNumber(run.batchTotal)} items started
        </span>
      )}
      {run.partialStep ? <span>Only as far as {run.partialStep}</span> : null}
      {run.pausedAt ? (
        <span className="text-warn">
          Paused <Time at={run.pausedAt} />
        </span>
      ) : run.deadlineAt && !run.finishedAt ? (
        <span>
          Times out <Time at={run.deadlineAt} />
        </span>
      ) : null}
      {run.scheduleId ? (
        <Link to="/schedules/$scheduleId" params={{ scheduleId: run.scheduleId }} className="text-accent underline">
          Its schedule
        </Link>
      ) : null}
      {Object.entries(run.tags).map(([name, value]) => (
        <Badge key={name}>
          {name}: {value}
        </Badge>
      ))}
      {run.parentRunId ? (
        <span>
          Part of <RunLink id={run.parentRunId}>another workflow run</RunLink>
        </span>
      ) : null}
      {run.retryOf ? (
        <span>
          Retry{run.retryMode ? ` (${statusWords(run.retryMode)}${run.retryFrom ? ` ${run.retryFrom}` : ''})` : ''} of{' '}
          <RunLink id={run.retryOf}>an earlier one</RunLink>
        </span>
      ) : null}
      {run.retries.edges.map(({ node }) => (
        <span key={node.id}>
          Retried by <RunLink id={node.id}>a later one</RunLink> <StatusBadge status={node.status} />
        </span>
      ))}
    </div>
  );
}

function RunLink({ id, children }: { readonly id: string; readonly children: ReactNode }) {
  return (
    <Link to="/workflow-runs/$workflowRunId" params={{ workflowRunId: id }} className="text-accent underline">
      {children}
    </Link>
  );
}
