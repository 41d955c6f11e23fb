import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { withValue } from '../runs/filter/edit-filter.ts';
import { quote } from '../runs/filter/token.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { formatCost, formatNumber } from '../ui/format.ts';
import { Badge } from '../ui/status-badge.tsx';
import { Elapsed, Time } from '../ui/time.tsx';
import type { RunHead } from './run-documents.ts';

/** The figures of a run at a glance. Each keeps its place while the run goes on. */
export function RunFigures({ run, startedFirst }: { readonly run: RunHead; readonly startedFirst: string | null }) {
  const most = run.maxAttemptsOverride ?? run.job?.maxAttempts ?? null;
  return (
    <div className="grid gap-3 rounded-xl border bg-surface px-4 py-3">
      <dl className="grid grid-cols-2 gap-x-6 gap-y-3 sm:grid-cols-4 xl:grid-cols-8">
        <Figure name="Job">
          {run.job ? (
            <Link to="/jobs/$jobId" params={{ jobId: run.job.id }} title={run.job.name} className="text-accent hover:underline">
              {run.job.slug}
            </Link>
          ) : (
            run.jobId
          )}
        </Figure>
        <Figure name="Attempt">
          {run.attempt}
          {most === null ? '' : ` of ${most}`}
        </Figure>
        <Figure name="Waited to start">
          <QueueWait run={run} startedFirst={startedFirst} />
        </Figure>
        <Figure name="Duration">{startedFirst ? <Elapsed from={startedFirst} to={run.finishedAt} /> : '–'}</Figure>
        <Figure name="Cost">{formatCost(run.cost.microusd)}</Figure>
        <Figure name="Tokens">{formatNumber(run.cost.tokens)}</Figure>
        <Figure name="Triggered by">
          <Trigger run={run} />
        </Figure>
        <Figure name="Created">
          <Time at={run.createdAt} />
        </Figure>
      </dl>
      <div className="flex flex-wrap items-center gap-2 text-xs">
        <span className="inline-flex min-w-0 items-center gap-1 font-mono text-muted">
          <span className="break-all">{run.id}</span>
          <CopyButton text={run.id} label="Copy the id" />
        </span>
        {run.debugMode ? <Badge tone="warn">debug mode</Badge> : null}
        {Object.entries(run.tags).map(([name, value]) => (
          <Link
            key={name}
            to="/runs"
            search={{ q: withValue('', `tag.${quote(name, { isPart: true })}`, quote(value)) }}
            className="max-w-full truncate rounded-full bg-idle-soft px-2 py-0.5 text-idle hover:underline"
          >
            {name}: {value}
          </Link>
        ))}
      </div>
    </div>
  );
}

function Figure({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-xs text-muted">{name}</dt>
      <dd className="truncate font-medium tabular-nums">{children}</dd>
    </div>
  );
}

/** From the moment it was to start at until its first start, or its end without one. */
function QueueWait({ run, startedFirst }: { readonly run: RunHead; readonly startedFirst: string | null }) {
  const due = run.scheduledAt !== null && run.scheduledAt > run.createdAt ? run.scheduledAt : run.createdAt;
  return <Elapsed from={due} to={startedFirst ?? run.finishedAt} />;
}

function Trigger({ run }: { readonly run: RunHead }) {
  const what = run.triggeredBy.replaceAll('_', ' ');
  if (run.parentRunId)
    return (
      <Link to="/runs/$runId" params={{ runId: run.parentRunId }} className="text-accent hover:underline">
        {what}
      </Link>
    );
  return <span title={`by ${run.createdBy}`}>{what}</span>;
}
