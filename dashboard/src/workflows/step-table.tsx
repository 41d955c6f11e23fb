import { formatDuration } from '../ui/format.ts';
import { ScrollRegion } from '../ui/scroll-region.tsx';
import { StatusBadge, statusWords, type Tone, toneOf } from '../ui/status-badge.tsx';
import { Elapsed, useNow } from '../ui/time.tsx';
import type { StepNode, WorkflowRun } from './run-documents.ts';

const FILLS: Readonly<Record<Tone, string>> = {
  ok: 'bg-ok',
  bad: 'bg-bad',
  warn: 'bg-warn',
  info: 'bg-info',
  accent: 'bg-accent',
  idle: 'bg-idle',
};

interface StepTableProps {
  readonly run: WorkflowRun;
  readonly selected: string;
  readonly onSelect: (ref: string) => void;
}

/** The steps on one axis of time, as a table that can be read without seeing it. */
export function StepTable({ run, selected, onSelect }: StepTableProps) {
  const now = useNow();
  const from = Date.parse(run.startedAt ?? run.createdAt);
  const to = run.finishedAt ? Date.parse(run.finishedAt) : now;
  const span = Math.max(to - from, 1);
  return (
    <ScrollRegion label="Steps over time" className="rounded-xl border bg-surface">
      <table className="w-full min-w-[44rem]">
        <thead className="text-left text-xs text-muted">
          <tr className="border-b">
            <th scope="col" className="w-52 px-3 py-2 font-medium">
              Step
            </th>
            <th scope="col" className="w-28 px-3 font-medium">
              Status
            </th>
            <th scope="col" className="px-3 font-medium">
              From the start to {formatDuration(span)}
            </th>
            <th scope="col" className="w-24 px-3 font-medium">
              Took
            </th>
          </tr>
        </thead>
        <tbody>
          {run.graph.nodes.map((step) => (
            <tr key={step.ref} className={`border-b last:border-b-0 ${step.ref === selected ? 'bg-accent-soft' : ''}`}>
              <td className="px-3 py-1.5">
                <button type="button" className="max-w-48 truncate text-left hover:underline" onClick={() => onSelect(step.ref)}>
                  {step.definition?.name ?? step.ref}
                </button>
                <div className="text-xs text-muted">{statusWords(step.kind)}</div>
              </td>
              <td className="px-3">
                <StatusBadge status={step.status} />
              </td>
              <td className="px-3">
                <Bar step={step} from={from} span={span} now={now} />
              </td>
              <td className="px-3">{step.startedAt ? <Elapsed from={step.startedAt} to={step.finishedAt} /> : null}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}

/** A kept result is of another execution: it has no place on this axis. */
function Bar({
  step,
  from,
  span,
  now,
}: {
  readonly step: StepNode;
  readonly from: number;
  readonly span: number;
  readonly now: number;
}) {
  if (step.startedAt === null || step.keptFrom !== null) return null;
  const start = Date.parse(step.startedAt);
  const end = step.finishedAt ? Date.parse(step.finishedAt) : now;
  const left = Math.min(Math.max((start - from) / span, 0), 1);
  const width = Math.min(Math.max((end - start) / span, 0.004), 1 - left);
  return (
    <div aria-hidden className="relative h-3 w-full rounded bg-hover">
      <div
        className={`absolute h-3 rounded ${FILLS[toneOf(step.status)]}`}
        style={{ left: `${left * 100}%`, width: `${width * 100}%` }}
      />
    </div>
  );
}
