import { formatBytes, formatCompact, formatDuration } from '../ui/format.ts';
import { Panel } from '../ui/screen.tsx';
import { Badge, statusWords } from '../ui/status-badge.tsx';
import { Time } from '../ui/time.tsx';
import type { Instance } from './documents.ts';
import { PlainTable } from './plain-table.tsx';

/** What the installation consists of: its processes, what they do in the background, and what is stored. */
export function InstancePanels({ instance: { processes, loops, tables } }: { readonly instance: Instance }) {
  return (
    <>
      <Panel title="Server processes">
        <PlainTable
          label="Server processes"
          columns={['Process', 'Role', 'State', 'Started', 'Last heard of']}
          rows={processes.map(({ id, role, isAlive, startedAt, beatAt }) => ({
            id,
            cells: [
              <code key="id" className="font-mono text-xs" title={id}>
                {id.slice(-8)}
              </code>,
              statusWords(role),
              <Badge key="state" tone={isAlive ? 'ok' : 'idle'}>
                {isAlive ? 'alive' : 'gone'}
              </Badge>,
              <Time key="started" at={startedAt} />,
              <Time key="beat" at={beatAt} />,
            ],
          }))}
        />
      </Panel>
      <Panel title="Background loops">
        <PlainTable
          label="Background loops"
          columns={['Loop', 'State', 'Last ran#', 'Every#']}
          rows={loops.map(({ name, isHealthy, ageSecs, intervalSecs }) => ({
            id: name,
            cells: [
              name,
              <Badge key="state" tone={isHealthy ? 'ok' : 'bad'}>
                {isHealthy ? 'healthy' : 'late'}
              </Badge>,
              `${formatDuration(ageSecs * 1_000)} ago`,
              formatDuration(intervalSecs * 1_000),
            ],
          }))}
        />
      </Panel>
      <Panel title="Tables">
        <PlainTable
          label="Tables"
          columns={['Table', 'Rows#', 'Size#']}
          rows={tables.map(({ name, rows, bytes }) => ({
            id: name,
            cells: [
              <code key="name" className="font-mono text-xs">
                {name}
              </code>,
              `about ${formatCompact(rows)}`,
              formatBytes(bytes),
            ],
          }))}
        />
      </Panel>
    </>
  );
}
