import { createLazyRoute, Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { Ban, Pause, Pencil, Play, Zap } from 'lucide-react';
import { useCallback, useState } from 'react';
import { useQuery } from 'urql';
import { toProblem } from '../api/problem.ts';
import { Button } from '../ui/button.tsx';
import { formatNumber } from '../ui/format.ts';
import { JsonView } from '../ui/json-view.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { Facts, Panel, Screen } from '../ui/screen.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { StatusBadge, statusWords } from '../ui/status-badge.tsx';
import { Time } from '../ui/time.tsx';
import { type Schedule, ScheduleQuery } from './documents.ts';
import { FiresPanel } from './fires-panel.tsx';
import { FireTimes } from './next-fires.tsx';
import { ScheduleDialog } from './schedule-dialog.tsx';
import { useCanWrite } from './use-can-write.ts';
import { useScheduleActions } from './use-schedule-actions.tsx';

/** One schedule: when it fires next, what became of its moments, and what can be done. */
function ScheduleScreen() {
  const { scheduleId } = useParams({ from: '/schedules/$scheduleId' });
  const { outcome = '' } = useSearch({ from: '/schedules/$scheduleId' });
  const navigate = useNavigate({ from: '/schedules/$scheduleId' });
  const [{ data, error }, load] = useQuery({ query: ScheduleQuery, variables: { id: scheduleId } });
  const [version, setVersion] = useState(0);
  const [editing, setEditing] = useState<Schedule | null>(null);
  const canWrite = useCanWrite();
  const reload = useCallback(() => {
    load({ requestPolicy: 'network-only' });
    setVersion((before) => before + 1);
  }, [load]);
  const actions = useScheduleActions(reload);
  const schedule = data?.schedule;
  if (!schedule) {
    return (
      <Screen title="Schedule">
        {error ? <ProblemNotice problem={toProblem(error)} onRetry={reload} /> : <Skeleton lines={8} />}
      </Screen>
    );
  }
  const isOpen = schedule.status === 'ACTIVE' || schedule.status === 'PAUSED';
  return (
    <Screen
      title={schedule.name}
      aside={<StatusBadge status={schedule.status} />}
      actions={
        canWrite(schedule) && isOpen ? (
          <>
            <Button icon={Zap} onClick={() => actions.runNow(schedule)}>
              Run now
            </Button>
            {schedule.status === 'PAUSED' ? (
              <Button icon={Play} variant="primary" onClick={() => actions.resume(schedule)}>
                Resume
              </Button>
            ) : (
              <Button icon={Pause} onClick={() => actions.pause(schedule)}>
                Pause
              </Button>
            )}
            <Button icon={Pencil} onClick={() => setEditing(schedule)}>
              Change
            </Button>
            <Button icon={Ban} variant="danger" onClick={() => actions.cancel(schedule)}>
              Cancel
            </Button>
          </>
        ) : null
      }
    >
      <div className="grid gap-3 lg:grid-cols-2">
        <Panel title="Next moments">
          {schedule.status === 'PAUSED' ? (
            <p className="text-warn">Paused: it does not fire until it is resumed.</p>
          ) : (
            <FireTimes times={schedule.nextFireTimes} zone={schedule.timezone} />
          )}
        </Panel>
        <Panel title="Settings">
          <Facts
            facts={[
              ['Starts', <Target key="target" schedule={schedule} />],
              [
                'When',
                schedule.cron ? (
                  <code key="cron" className="font-mono text-xs">
                    {schedule.cron}
                  </code>
                ) : (
                  'once'
                ),
              ],
              ['Time zone', schedule.timezone],
              ['When the one before still runs', statusWords(schedule.overlapPolicy)],
              [
                'Missed moments',
                `${statusWords(schedule.catchUp)}${schedule.catchUp === 'ALL' ? `, at most ${schedule.catchUpLimit}` : ''}`,
              ],
              ['Fired', `${formatNumber(schedule.fireCount)} times, ${formatNumber(schedule.missedCount)} missed`],
              ['Created', <Time key="created" at={schedule.createdAt} />],
            ]}
          />
        </Panel>
      </div>
      {schedule.payload === null ? null : (
        <Panel title="Payload of every run">
          <JsonView label="the payload" value={schedule.payload} />
        </Panel>
      )}
      <FiresPanel
        key={version}
        scheduleId={schedule.id}
        outcome={outcome}
        onOutcome={(to) => void navigate({ search: { outcome: to }, replace: true })}
      />
      <ScheduleDialog editing={editing} onClose={() => setEditing(null)} onSaved={reload} />
      {actions.dialog}
    </Screen>
  );
}

function Target({ schedule: { job, workflow } }: { readonly schedule: Schedule }) {
  if (job) {
    return (
      <Link to="/jobs/$jobId" params={{ jobId: job.id }} className="text-accent underline">
        {job.name}
      </Link>
    );
  }
  if (!workflow) return <>something that was deleted</>;
  return (
    <Link to="/workflows/$workflowId" params={{ workflowId: workflow.id }} className="text-accent underline">
      {workflow.name}
    </Link>
  );
}

export const Route = createLazyRoute('/schedules/$scheduleId')({ component: ScheduleScreen });
