import { Link } from '@tanstack/react-router';
import { useQuery } from 'urql';
import { toProblem } from '../api/problem.ts';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { Panel } from '../ui/screen.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { StatusBadge } from '../ui/status-badge.tsx';
import { Time } from '../ui/time.tsx';
import { JobConnectionsQuery } from './job-document.ts';

const CONDITION = { COMPLETED: 'has completed', FAILED: 'has failed', ANY: 'has ended in any way' };

/** What starts the job by itself, and what its runs wait for. */
export function ConnectionsPanel({ jobId }: { readonly jobId: string }) {
  const variables = { id: jobId, schedules: { job: jobId } };
  const [{ data, error }, retry] = useQuery({ query: JobConnectionsQuery, variables });
  if (error) return <ProblemNotice problem={toProblem(error)} onRetry={() => retry({ requestPolicy: 'network-only' })} />;
  if (!data) return <Skeleton lines={4} label="Loading schedules and dependencies" />;
  const schedules = data.schedules.edges.map(({ node }) => node);
  return (
    <div className="grid items-start gap-3 lg:grid-cols-2">
      <Panel title="Schedules that start it">
        {schedules.length === 0 ? (
          <p className="text-muted">None: its runs are triggered by hand or by programs.</p>
        ) : (
          <ul className="grid gap-3">
            {schedules.map((schedule) => (
              <li key={schedule.id} className="grid gap-0.5">
                <span className="flex flex-wrap items-center gap-2 font-medium">
                  {schedule.name} <StatusBadge status={schedule.status} />
                </span>
                <span className="text-muted">
                  {schedule.cron === null ? 'once' : <code className="font-mono text-xs">{schedule.cron}</code>} (
                  {schedule.timezone})
                  {schedule.nextFireAt ? (
                    <>
                      , next <Time at={schedule.nextFireAt} />
                    </>
                  ) : null}
                  {schedule.lastFiredAt ? (
                    <>
                      , last <Time at={schedule.lastFiredAt} />
                    </>
                  ) : null}
                </span>
              </li>
            ))}
          </ul>
        )}
      </Panel>
      <Panel title="Jobs its runs wait for">
        {data.job.dependencies.length === 0 ? (
          <p className="text-muted">None: its runs start as soon as there is room.</p>
        ) : (
          <ul className="grid gap-1.5">
            {data.job.dependencies.map(({ id, condition, dependsOn }) => (
              <li key={id}>
                <Link to="/jobs/$jobId" params={{ jobId: dependsOn.id }} className="font-medium text-accent underline">
                  {dependsOn.name}
                </Link>{' '}
                {CONDITION[condition]}
              </li>
            ))}
          </ul>
        )}
      </Panel>
    </div>
  );
}
