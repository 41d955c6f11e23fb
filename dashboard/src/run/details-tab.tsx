import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useQuery } from 'urql';
import { toProblem } from '../api/problem.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { formatExact } from '../ui/format.ts';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { Facts, Panel } from '../ui/screen.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { StatusBadge, statusWords } from '../ui/status-badge.tsx';
import { Time } from '../ui/time.tsx';
import { RunDeliveriesQuery } from './report-documents.ts';
import type { RunHead } from './run-documents.ts';

/** Everything else there is to know: ids, versions, moments, limits, who executes it, and whom its end was told. */
export function DetailsTab({ run }: { readonly run: RunHead }) {
  const { lease } = run;
  return (
    <div className="grid grid-cols-1 gap-4 lg:grid-cols-2">
      <Panel title="Identity">
        <Facts
          facts={present([
            ['Run', <Id key="id" id={run.id} />],
            ['Job', <Id key="id" id={run.jobId} />],
            ['Version of the job', `${run.jobVersion} (${run.jobVersionId})`],
            ['Payload hash', <Id key="id" id={run.payloadHash} />],
            ['Batch', run.batchId && <BatchLink id={run.batchId} />],
            ['Spawned by', run.parentRunId && <RunLink id={run.parentRunId} />],
            ['Spawn key', run.spawnKey],
            ['Continues', run.continuationOf && <RunLink id={run.continuationOf} />],
            ['Workflow step', run.workflowStep && <StepLink step={run.workflowStep} />],
            ['Idempotency key', run.idempotencyKey],
            ['Concurrency key', run.concurrencyKey],
            ['Dependency key', run.dependencyKey],
            ['Triggered by', `${run.triggeredBy}, ${run.createdBy}`],
          ])}
        />
      </Panel>
      <Panel title="Moments">
        <Facts
          facts={present([
            ['Created', formatExact(run.createdAt)],
            ['To start at', run.scheduledAt && formatExact(run.scheduledAt)],
            ['Last queued', run.queuedAt && formatExact(run.queuedAt)],
            ['Last started', run.startedAt && formatExact(run.startedAt)],
            ['Last sign of life', run.heartbeatAt && formatExact(run.heartbeatAt)],
            ['Next attempt', run.nextRetryAt && formatExact(run.nextRetryAt)],
            ['Ended', run.finishedAt && formatExact(run.finishedAt)],
            ['Expires unless started', run.expiresAt && formatExact(run.expiresAt)],
          ])}
        />
      </Panel>
      <Panel title="Execution">
        <Facts
          facts={present([
            ['Where', run.executionMode === 'MANAGED' ? 'a process that Baton starts' : 'an endpoint of yours'],
            ['Machine', run.machinePreset && statusWords(run.machinePreset)],
            ['Priority', run.priority],
            ['Timeout of an attempt', `${run.timeoutSecs} s`],
            ['Debug mode', run.debugMode ? 'on' : 'off'],
            ['Held by', run.hold],
            ['Error class', run.errorClass && statusWords(run.errorClass)],
            ['Server', lease && (lease.holder ?? 'the executor reports by itself')],
            ['Lease until', lease && formatExact(lease.leaseUntil)],
            ['Deadline', lease && formatExact(lease.deadlineAt)],
            ['Slots taken', lease && lease.limitKeys.length > 0 && lease.limitKeys.join(', ')],
          ])}
        />
      </Panel>
      <Panel title="Metadata">
        {Object.keys(run.metadata).length === 0 ? (
          <p className="text-muted">It has none.</p>
        ) : (
          <Facts facts={Object.entries(run.metadata)} />
        )}
      </Panel>
      <div className="lg:col-span-2">
        <Panel title="Webhook deliveries">
          <Deliveries run={run} />
        </Panel>
      </div>
    </div>
  );
}

function Deliveries({ run }: { readonly run: RunHead }) {
  const [{ data, error }, load] = useQuery({
    query: RunDeliveriesQuery,
    variables: { id: run.id },
    requestPolicy: 'network-only',
  });
  if (error) return <ProblemNotice problem={toProblem(error)} onRetry={() => load()} />;
  if (!data) return <Skeleton lines={2} label="Loading the deliveries" />;
  const deliveries = data.webhookDeliveries.edges;
  if (deliveries.length === 0)
    return <p className="text-muted">Nobody was told. Give the job a webhook, or subscribe to endings in the project.</p>;
  return (
    <ul className="grid grid-cols-1 gap-2">
      {deliveries.map(({ node }) => (
        <li key={node.id} className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <StatusBadge status={node.status} />
          <span>{statusWords(node.eventType)}</span>
          <span className="min-w-0 truncate font-mono text-xs">{node.webhookUrl}</span>
          <span className="text-muted">
            {node.attempts} {node.attempts === 1 ? 'attempt' : 'attempts'}
            {node.responseStatus === null ? '' : `, answered ${node.responseStatus}`}
          </span>
          {node.error ? <span className="text-bad">{node.error}</span> : null}
          <span className="text-muted">
            <Time at={node.createdAt} />
          </span>
        </li>
      ))}
    </ul>
  );
}

/** Leaves out what does not apply. */
function present(facts: readonly (readonly [string, ReactNode])[]): readonly (readonly [string, ReactNode])[] {
  return facts.filter(([, value]) => value !== null && value !== undefined && value !== false && value !== '');
}

function Id({ id }: { readonly id: string }) {
  return (
    <span className="inline-flex max-w-full items-center gap-1">
      <span className="min-w-0 font-mono text-xs break-all">{id}</span>
      <CopyButton text={id} />
    </span>
  );
}

function RunLink({ id }: { readonly id: string }) {
  return (
    <Link to="/runs/$runId" params={{ runId: id }} className="font-mono text-xs break-all text-accent hover:underline">
      {id}
    </Link>
  );
}

function BatchLink({ id }: { readonly id: string }) {
  return (
    <Link to="/batches/$batchId" params={{ batchId: id }} className="font-mono text-xs break-all text-accent hover:underline">
      {id}
    </Link>
  );
}

function StepLink({ step }: { readonly step: NonNullable<RunHead['workflowStep']> }) {
  return (
    <Link
      to="/workflow-runs/$workflowRunId"
      params={{ workflowRunId: step.workflowRunId }}
      className="text-accent hover:underline"
    >
      {step.ref}
    </Link>
  );
}
