import { Link } from '@tanstack/react-router';
import { Maximize2, Rows3, Workflow, ZoomIn, ZoomOut } from 'lucide-react';
import { useMemo, useRef, useState } from 'react';
import { IconButton } from '../ui/button.tsx';
import { formatDuration } from '../ui/format.ts';
import { useNow } from '../ui/time.tsx';
import { useElementWidth } from '../ui/use-element-width.ts';
import { zoom } from './time-axis.ts';
import { layoutTimeline } from './timeline-layout.ts';
import { type Lane, makeTimeline, type TimelineInput } from './timeline-model.ts';
import { AXIS_HEIGHT, LANE_HEIGHT, TimelinePlot } from './timeline-plot.tsx';
import { TimelineTable } from './timeline-table.tsx';
import { useTimelineView } from './timeline-view.ts';

/** The story of a run on one axis of time. While the run goes on, so does its end. */
export function TimelineSection({ input, isLive }: { readonly input: Omit<TimelineInput, 'now'>; readonly isLive: boolean }) {
  return isLive ? <GrowingTimeline input={input} /> : <DrawnTimeline input={input} now={0} />;
}

function GrowingTimeline({ input }: { readonly input: Omit<TimelineInput, 'now'> }) {
  // The clock of this device may be behind that of the server.
  const last = Date.parse(input.changes.at(-1)?.createdAt ?? input.createdAt);
  return <DrawnTimeline input={input} now={Math.max(useNow(), last)} />;
}

function DrawnTimeline({ input, now }: { readonly input: Omit<TimelineInput, 'now'>; readonly now: number }) {
  const timeline = useMemo(() => makeTimeline({ ...input, now }), [input, now]);
  const frame = useRef<HTMLDivElement>(null);
  const width = useElementWidth(frame);
  const view = useTimelineView(timeline, Math.max(width, 1));
  const [words, setWords] = useState<string | null>(null);
  const [isTable, setTable] = useState(false);
  const layout = layoutTimeline(timeline, view.view, Math.max(width, 1));
  const { bounds, own } = timeline;
  const hasMore = bounds.from < own.from || bounds.to > own.to;
  return (
    <section aria-label="Timeline" className="min-w-0 rounded-xl border bg-surface">
      <div className="flex flex-wrap items-center gap-1 border-b px-4 py-1.5">
        <h2 className="mr-2 font-semibold">Timeline</h2>
        <span className="hidden text-xs text-muted tabular-nums sm:inline">
          {formatDuration(view.view.to - view.view.from)} shown
        </span>
        <span className="ml-auto" />
        {hasMore ? <IconButton label="Show the whole workflow" icon={Workflow} onClick={() => view.set(bounds)} /> : null}
        <IconButton label="Zoom in" icon={ZoomIn} onClick={() => view.set(zoom(view.view, 0.5, bounds))} />
        <IconButton
          label="Zoom out"
          icon={ZoomOut}
          disabled={!view.isZoomed}
          onClick={() => view.set(zoom(view.view, 2, bounds))}
        />
        <IconButton label="Show all of the run" icon={Maximize2} disabled={!view.isZoomed} onClick={() => view.set(null)} />
        <IconButton
          label="Show as a table"
          aria-pressed={isTable}
          icon={Rows3}
          className="aria-pressed:bg-accent-soft aria-pressed:text-accent"
          onClick={() => setTable(!isTable)}
        />
      </div>
      {isTable ? (
        <TimelineTable timeline={timeline} />
      ) : (
        <>
          <div className="flex max-h-80 overflow-y-auto px-4 py-2">
            <ul className="w-24 shrink-0 pr-2 text-xs sm:w-40" style={{ paddingTop: AXIS_HEIGHT }}>
              {timeline.lanes.map((lane) => (
                <li key={lane.id} className="truncate leading-[26px]" style={{ height: LANE_HEIGHT }}>
                  <LaneLabel lane={lane} />
                </li>
              ))}
            </ul>
            <div ref={frame} className="min-w-0 flex-1">
              {width > 0 ? <TimelinePlot layout={layout} width={width} view={view} onPoint={setWords} /> : null}
            </div>
          </div>
          <p className="truncate border-t px-4 py-1 text-xs text-muted tabular-nums">
            {words ??
              `Point at a bar for its exact times; drag to zoom, double-click to see everything.${omittedWords(timeline.omitted)}`}
          </p>
        </>
      )}
    </section>
  );
}

function LaneLabel({ lane }: { readonly lane: Lane }) {
  if (lane.runId === null) return <span title={lane.label}>{lane.label}</span>;
  return (
    <Link to="/runs/$runId" params={{ runId: lane.runId }} title={lane.label} className="text-accent hover:underline">
      {lane.label}
    </Link>
  );
}

function omittedWords(omitted: number): string {
  return omitted > 0 ? ` ${omitted} more children and waits are not drawn.` : '';
}
