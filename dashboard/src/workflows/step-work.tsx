import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { StatusBadge } from '../ui/status-badge.tsx';
import { Elapsed, Time } from '../ui/time.tsx';
import type { Step } from './run-documents.ts';

/** What works or has worked for a step: a run for each attempt or item, workflow runs, and what it waited for. */
export function StepWork({ step: { id, runs, waits, workflowRuns } }: { readonly step: Step }) {
  return (
    <>
      <List title="Runs">
        {runs?.edges.map(({ node }) => (
          <Entry key={node.id} status={node.status}>
            <Link to="/runs/$runId" params={{ runId: node.id }} className="font-mono text-xs break-all text-accent underline">
              {node.id}
            </Link>
            {node.startedAt ? <Elapsed from={node.startedAt} to={node.finishedAt} /> : null}
            {node.error ? <span className="w-full break-words text-bad">{node.error}</span> : null}
          </Entry>
        ))}
      </List>
      {runs?.pageInfo.hasNextPage ? (
        <Link to="/runs" search={{ q: `step:${id}` }} className="text-accent underline">
          See all runs of the step
        </Link>
      ) : null}
      <List title="Workflow runs">
        {workflowRuns.map((run) => (
          <Entry key={run.id} status={run.status}>
            <Link
              to="/workflow-runs/$workflowRunId"
              params={{ workflowRunId: run.id }}
              className="font-mono text-xs break-all text-accent underline"
            >
              {run.id}
            </Link>
          </Entry>
        ))}
      </List>
      <List title="Waits">
        {waits?.edges.map(({ node }) => (
          <Entry key={node.id} status={node.status}>
            <code className="font-mono text-xs break-all">{node.eventKey}</code>
            <span className="text-muted">
              since <Time at={node.requestedAt} />, {node.status === 'WAITING' ? 'until ' : 'at most until '}
              <Time at={node.expiresAt} />
              {node.sentBy ? `, sent by ${node.sentBy}` : ''}
            </span>
          </Entry>
        ))}
      </List>
    </>
  );
}

function List({ title, children }: { readonly title: string; readonly children: readonly ReactNode[] | undefined }) {
  if (children === undefined || children.length === 0) return null;
  return (
    <div className="grid gap-1">
      <h3 className="font-medium">{title}</h3>
      <ul className="grid gap-1">{children}</ul>
    </div>
  );
}

function Entry({ status, children }: { readonly status: string; readonly children: ReactNode }) {
  return (
    <li className="flex flex-wrap items-center gap-2">
      <StatusBadge status={status} />
      {children}
    </li>
  );
}
