import { Link } from '@tanstack/react-router';
import { ChevronRight } from 'lucide-react';
import { useState } from 'react';
import { useClient, useQuery } from 'urql';
import { graphql } from '../api/graphql.ts';
import { toProblem } from '../api/problem.ts';
import { useCan } from '../app/viewer.tsx';
import { Button, IconButton } from '../ui/button.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { StatusBadge } from '../ui/status-badge.tsx';
import { Elapsed } from '../ui/time.tsx';
import { ChildFields, type ChildRun, ChildrenQuery } from './child-documents.ts';
import type { LiveRun } from './use-run.ts';

const FamilyQuery = graphql(
  `
    query RunFamily($id: ID!, $seesJobs: Boolean!) {
      run(id: $id) {
        parent {
          ...ChildRunFields
        }
        lineage {
          ...ChildRunFields
        }
      }
    }
  `,
  [ChildFields],
);

/** Where the run comes from and what came of it: the run that spawned it, those it spawned, and those that continue each other. */
export function FamilyTab({ live, childRuns }: { readonly live: LiveRun; readonly childRuns: readonly ChildRun[] }) {
  const seesJobs = useCan('JOBS_READ');
  const { run, children } = live;
  const [{ data, error }, load] = useQuery({
    query: FamilyQuery,
    variables: { id: run.id, seesJobs },
    requestPolicy: 'network-only',
  });
  if (error) return <ProblemNotice problem={toProblem(error)} onRetry={() => load()} />;
  if (!data) return <Skeleton lines={4} label="Loading the family of the run" />;
  const { parent, lineage } = data.run;
  return (
    <div className="grid grid-cols-1 gap-5">
      {parent ? (
        <section className="grid grid-cols-1 gap-1">
          <h3 className="font-semibold">Spawned by</h3>
          <ul className="rounded-lg border bg-surface p-2">
            <li>
              <Relative run={parent} />
            </li>
          </ul>
        </section>
      ) : null}
      <section className="grid grid-cols-1 gap-1">
        <h3 className="font-semibold">Children</h3>
        {childRuns.length === 0 ? (
          <p className="text-muted">It has spawned no runs{run.spawnKey ? ' itself' : ''}.</p>
        ) : (
          <div className="rounded-lg border bg-surface p-2">
            <Children
              rows={childRuns}
              parentId={run.id}
              more={children.pageInfo.hasNextPage ? children.pageInfo.endCursor : null}
            />
          </div>
        )}
      </section>
      {lineage.length > 1 ? (
        <section className="grid grid-cols-1 gap-1">
          <h3 className="font-semibold">Lineage: runs that continue each other</h3>
          <ol className="grid rounded-lg border bg-surface p-2">
            {lineage.map((relative) => (
              <li
                key={relative.id}
                aria-current={relative.id === run.id ? 'true' : undefined}
                className="rounded aria-[current]:bg-accent-soft"
              >
                <Relative run={relative} />
              </li>
            ))}
          </ol>
        </section>
      ) : null}
    </div>
  );
}

interface ChildrenProps {
  readonly rows: readonly ChildRun[];
  readonly parentId: string;
  /** The cursor behind which there are more; null when there are none. */
  readonly more: string | null;
}

function Children({ rows, parentId, more }: ChildrenProps) {
  const client = useClient();
  const seesJobs = useCan('JOBS_READ');
  const [later, setLater] = useState<readonly ChildRun[]>([]);
  const [after, setAfter] = useState(more);
  const [problem, setProblem] = useState<string | null>(null);
  async function loadMore(): Promise<void> {
    const answer = await client
      .query(ChildrenQuery, { id: parentId, after, seesJobs }, { requestPolicy: 'network-only' })
      .toPromise();
    setProblem(answer.error ? toProblem(answer.error).text : null);
    if (!answer.data) return;
    const { edges, pageInfo } = answer.data.run.children;
    setLater((before) => [...before, ...edges.map(({ node }) => node)]);
    setAfter(pageInfo.hasNextPage ? pageInfo.endCursor : null);
  }
  return (
    <>
      <ul className="grid">
        {[...rows, ...later].map((child) => (
          <Child key={child.id} run={child} />
        ))}
      </ul>
      {problem ? (
        <p role="alert" className="text-bad">
          {problem}
        </p>
      ) : null}
      {after === null ? null : <Button onClick={() => void loadMore()}>Show more children</Button>}
    </>
  );
}

/** A child; opened, it shows its own children, which are asked for only then. */
function Child({ run }: { readonly run: ChildRun }) {
  const [isOpen, setOpen] = useState(false);
  const seesJobs = useCan('JOBS_READ');
  const [{ data, error }] = useQuery({
    query: ChildrenQuery,
    variables: { id: run.id, seesJobs },
    pause: !isOpen,
    requestPolicy: 'network-only',
  });
  const page = data?.run.children;
  return (
    <li>
      <div className="flex items-center gap-1">
        <IconButton
          label={`${isOpen ? 'Hide' : 'Show'} the children of ${run.job?.slug ?? run.id}`}
          aria-expanded={isOpen}
          icon={ChevronRight}
          className="size-6 aria-expanded:rotate-90"
          onClick={() => setOpen(!isOpen)}
        />
        <Relative run={run} />
      </div>
      {isOpen ? (
        <div className="ml-6 border-l pl-2">
          {error ? <p className="text-bad">{toProblem(error).text}</p> : null}
          {!page && !error ? <p className="px-2 text-muted">Loading…</p> : null}
          {page?.edges.length === 0 ? <p className="px-2 text-muted">No children</p> : null}
          {page && page.edges.length > 0 ? (
            <Children
              rows={page.edges.map(({ node }) => node)}
              parentId={run.id}
              more={page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null}
            />
          ) : null}
        </div>
      ) : null}
    </li>
  );
}

function Relative({ run }: { readonly run: ChildRun }) {
  return (
    <span className="flex min-w-0 flex-1 flex-wrap items-center gap-x-3 gap-y-1 px-1 py-1">
      <StatusBadge status={run.status} />
      <Link to="/runs/$runId" params={{ runId: run.id }} className="font-medium text-accent hover:underline">
        {run.job?.slug ?? run.jobId}
      </Link>
      {run.spawnKey ? <span className="font-mono text-xs text-muted">{run.spawnKey}</span> : null}
      <span className="hidden font-mono text-xs text-muted sm:inline">{run.id}</span>
      {run.startedAt ? (
        <span className="text-muted">
          <Elapsed from={run.startedAt} to={run.finishedAt} />
        </span>
      ) : null}
    </span>
  );
}
