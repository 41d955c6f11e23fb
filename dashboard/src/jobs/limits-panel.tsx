import type { ReactNode } from 'react';
import { formatNumber } from '../ui/format.ts';
import { Panel } from '../ui/screen.tsx';
import type { Job } from './job-document.ts';
import { UsageBar } from './usage-bar.tsx';

/** What the runs of a job take up at the moment, beside what they may. */
export function LimitsPanel({ job }: { readonly job: Job }) {
  const { usage, maxConcurrencyPerKey, rateLimitMax, rateLimitWindowSecs } = job;
  const rows: readonly (readonly [string, ReactNode])[] = [
    ['Executing', <UsageBar key="executing" usage={usage} />],
    [
      'In the queue',
      `${formatNumber(usage.queued)}${usage.isCapped ? '+' : ''}, ${formatNumber(usage.blocked)} of them blocked by a limit`,
    ],
    [
      'Concurrency keys',
      maxConcurrencyPerKey === null
        ? 'no limit'
        : `${formatNumber(maxConcurrencyPerKey)} at once each; ${formatNumber(usage.keysFull)} full with runs that wait`,
    ],
    [
      'Triggers',
      rateLimitMax === null ? 'no limit' : `${formatNumber(rateLimitMax)} in ${formatNumber(rateLimitWindowSecs ?? 0)} seconds`,
    ],
  ];
  return (
    <Panel title="Limits">
      <dl className="grid grid-cols-[repeat(auto-fit,minmax(12rem,1fr))] gap-4">
        {rows.map(([name, value]) => (
          <div key={name} className="grid content-start gap-1">
            <dt className="text-xs text-muted">{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}
