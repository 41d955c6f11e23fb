import { EmptyState } from '../ui/empty-state.tsx';
import { formatDuration } from '../ui/format.ts';
import { ScrollRegion } from '../ui/scroll-region.tsx';
import type { RunEvent, RunHead } from './run-documents.ts';
import { walkChanges } from './timeline-changes.ts';
import { exact } from './timeline-words.ts';

type Trace = NonNullable<RunHead['executionTrace']>;

/** The phases of a dispatch in their order, with the words for them. */
const PHASES: readonly (readonly [keyof Trace, string])[] = [
  ['queueWaitMs', 'Due, waiting for its turn'],
  ['dequeueMs', 'Claimed, being prepared'],
  ['connectMs', 'Connecting to the executor'],
  ['ttfbMs', 'Executor at work'],
  ['transferMs', 'Reading the answer'],
];

/** Where the time went: the phases of the last dispatch, and the attempts before it. */
export function TraceTab({ run, changes }: { readonly run: RunHead; readonly changes: readonly RunEvent[] }) {
  const { attempts } = walkChanges(changes, Date.now());
  if (attempts.length === 0)
    return (
      <EmptyState title="No attempt yet">
        <p>As soon as the run is handed to its executor, the time of each phase is measured and shown here.</p>
      </EmptyState>
    );
  return (
    <div className="grid grid-cols-1 gap-5">
      {run.executionTrace ? <Waterfall trace={run.executionTrace} /> : null}
      <section className="grid min-w-0 grid-cols-1 gap-1">
        <h3 className="font-semibold">Attempts</h3>
        <ScrollRegion label="Attempts" className="max-h-[60vh] rounded-lg border bg-surface">
          <table className="w-full text-left tabular-nums [&_td]:px-3 [&_td]:py-1.5 [&_th]:px-3 [&_th]:py-1.5 [&_th]:font-medium">
            <thead className="text-xs text-muted">
              <tr>
                <th scope="col">Attempt</th>
                <th scope="col">Started</th>
                <th scope="col">Worked</th>
                <th scope="col">Rested</th>
                <th scope="col">How it went</th>
              </tr>
            </thead>
            <tbody>
              {attempts.map(({ id, attempt, bars }) => (
                <tr key={id} className="border-t">
                  <td>{attempt}</td>
                  <td className="whitespace-nowrap">{exact(bars[0]?.from ?? 0)}</td>
                  <td className="whitespace-nowrap">{formatDuration(total(bars.filter(({ isFaint }) => !isFaint)))}</td>
                  <td className="whitespace-nowrap">{formatDuration(total(bars.filter(({ tone }) => tone === 'warn')))}</td>
                  <td>{bars.map(({ label }) => label).join('; ')}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollRegion>
      </section>
    </div>
  );
}

function total(bars: readonly { readonly from: number; readonly to: number }[]): number {
  return bars.reduce((sum, { from, to }) => sum + to - from, 0);
}

function Waterfall({ trace }: { readonly trace: Trace }) {
  const whole = Math.max(
    1,
    PHASES.reduce((sum, [name]) => sum + trace[name], 0),
  );
  let before = 0;
  return (
    <section className="grid grid-cols-1 gap-2">
      <h3 className="font-semibold">Last dispatch: {formatDuration(trace.totalMs)}</h3>
      <dl className="grid grid-cols-[auto_minmax(4rem,1fr)_auto] items-center gap-x-4 gap-y-1.5">
        {PHASES.map(([name, words]) => {
          const left = (before / whole) * 100;
          before += trace[name];
          return (
            <div key={name} className="contents">
              <dt className="text-muted">{words}</dt>
              <dd className="relative h-3 rounded bg-hover" aria-hidden>
                <span
                  className="absolute inset-y-0 min-w-0.5 rounded bg-accent"
                  style={{ left: `${Math.min(left, 99.5)}%`, width: `${(trace[name] / whole) * 100}%` }}
                />
              </dd>
              <dd className="text-right tabular-nums">{formatDuration(trace[name])}</dd>
            </div>
          );
        })}
      </dl>
    </section>
  );
}
