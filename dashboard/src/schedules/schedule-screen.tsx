import { createLazyRoute, Link, useParams } from '@tanstack/react-router';
import { Ban, Pause, Pencil, Play, Zap } from 'lucide-react';
import { useState } from 'react';
import { useQuery } from 'urql';
import { toProblem } from '../api/problem.ts';
import { useCan } from '../app/viewer.tsx';
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
import { useScheduleActions } from './use-schedule-actions.tsx';

/** One schedule: when it fires next, what became of its moments, and what can be done. */
function ScheduleScreen() {
  const { scheduleId } = useParams({ from: '/schedules/$scheduleId' });
  const [{ data, error }, load] = useQuery({ query: ScheduleQuery, variables: { id: scheduleId } });
  const [version, setVersion] = useState(0);
  const [editing, setEditing] = useState<Schedule | null>(null);
  const canWrite = useCan('WORKFLOWS_WRITE');
  const reload = () => {
    load({ requestPolicy: 'network-only' });
    setVersion((before) => before + 1);
  };
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
        canWrite && isOpen ? (
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
            <FireTimes times={schedule.nextFireTimes} />
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
      <FiresPanel key={version} scheduleId={schedule.id} />
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
