import { describe, expect, test } from 'vitest';
import { pan, spanBetween, ticksOf, toInstant, toPixel, zoom } from '../dashboard/src/run/time-axis.ts';
import type { StatusChange } from '../dashboard/src/run/timeline-changes.ts';
import { layoutTimeline } from '../dashboard/src/run/timeline-layout.ts';
import { makeTimeline, type TimelineInput } from '../dashboard/src/run/timeline-model.ts';

const START = Date.parse('2030-01-01T00:00:00.000Z');
const at = (ms: number) => new Date(START + ms).toISOString();

/** A story of statuses: each with the attempt it is in, when it begins, and its data. */
function storyOf(...steps: readonly (readonly [status: string, ms: number, attempt?: number, data?: Record<string, unknown>])[]) {
  return steps.map(
    ([toStatus, ms, attempt = 1, data = null], index): StatusChange => ({
      seq: index + 1,
      fromStatus: steps[index - 1]?.[0] ?? null,
      toStatus,
      attempt,
      data,
      createdAt: at(ms),
    }),
  );
}

function timelineOf(changes: readonly StatusChange[], more: Partial<TimelineInput> = {}) {
  return makeTimeline({
    createdAt: at(0),
    finishedAt: null,
    changes,
    marks: [],
    waits: [],
    children: [],
    steps: [],
    now: START + 10_000,
    ...more,
  });
}

/** The lanes as `label: what from-to` in milliseconds of the run. */
function drawn(timeline: ReturnType<typeof timelineOf>) {
  return timeline.lanes.map(({ label, bars }) => ({
    label,
    bars: bars.map((bar) => `${bar.label} ${bar.from - START}-${bar.to - START}${bar.isLive ? '…' : ''} ${bar.tone}`),
  }));
}

describe('the lanes of a timeline', () => {
  test('queue wait and attempts are the lengths between the changes of status, and the last one goes on', () => {
    const changes = storyOf(['QUEUED', 0], ['DEQUEUED', 1_000], ['EXECUTING', 1_100]);
    expect(drawn(timelineOf(changes))).toEqual([
      { label: 'Queue', bars: ['queued 0-1000 info'] },
      { label: 'Attempt 1', bars: ['starting 1000-1100 info', 'executing 1100-10000… accent'] },
    ]);
  });

  test('a failed attempt is red, its retry lets the delay pass before it stands in the queue, and then there is another lane', () => {
    const changes = storyOf(
      ['QUEUED', 0],
      ['DEQUEUED', 10],
      ['EXECUTING', 20],
      ['QUEUED', 500, 2, { error_class: 'server', delay_ms: 2_000 }],
      ['DEQUEUED', 2_600, 2],
      ['EXECUTING', 2_610, 2],
      ['COMPLETED', 4_000, 2],
    );
    expect(drawn(timelineOf(changes, { finishedAt: at(4_000) }))).toEqual([
      { label: 'Queue', bars: ['queued 0-10 info', 'delay before the retry 500-2500 warn', 'queued 2500-2600 info'] },
      { label: 'Attempt 1', bars: ['starting 10-20 info', 'executing, failed, to be tried again 20-500 bad'] },
      { label: 'Attempt 2', bars: ['starting 2600-2610 info', 'executing, then completed 2610-4000 ok'] },
    ]);
  });

  test('while the delay of a retry passes nothing stands in the queue yet', () => {
    const changes = storyOf(['QUEUED', 0], ['DEQUEUED', 10], ['QUEUED', 500, 2, { error_class: 'server', delay_ms: 60_000 }]);
    expect(drawn(timelineOf(changes))[0]?.bars.at(-1)).toBe('delay before the retry 500-10000… warn');
  });

  test('a wait within an attempt lies on its lane, one before the first attempt in the queue', () => {
    const changes = storyOf(
      ['WAITING', 0],
      ['QUEUED', 100],
      ['DEQUEUED', 110],
      ['EXECUTING', 120],
      ['WAITING', 300],
      ['QUEUED', 900],
      ['DEQUEUED', 910],
      ['EXECUTING', 920],
      ['CANCELED', 1_000],
    );
    expect(drawn(timelineOf(changes, { finishedAt: at(1_000) }))).toEqual([
      { label: 'Queue', bars: ['waiting 0-100 warn', 'queued 100-110 info', 'queued 900-910 info'] },
      {
        label: 'Attempt 1',
        bars: [
          'starting 110-120 info',
          'executing, then waiting 120-300 accent',
          'waiting 300-900 warn',
          'starting 910-920 info',
          'executing, then canceled 920-1000 idle',
        ],
      },
    ]);
  });

  test('a run that begins again from the dead letters has its first attempt twice', () => {
    const changes = storyOf(
      ['QUEUED', 0],
      ['DEQUEUED', 1],
      ['EXECUTING', 2],
      ['DEAD_LETTER', 3],
      ['QUEUED', 5_000],
      ['DEQUEUED', 5_001],
      ['EXECUTING', 5_002],
    );
    const timeline = timelineOf(changes);
    expect(timeline.lanes.map(({ label }) => label)).toEqual(['Queue', 'Attempt 1', 'Attempt 1 (round 2)']);
    expect(drawn(timeline)[0]?.bars).toEqual(['queued 0-1 info', 'queued 5000-5001 info']);
  });

  test('waits for events, children and marks have lanes of their own; children are links', () => {
    const timeline = timelineOf(storyOf(['QUEUED', 0], ['DEQUEUED', 1], ['EXECUTING', 2]), {
      marks: [{ seq: 9, type: 'ERROR', message: 'no such page', createdAt: at(50) }],
      waits: [
        { id: 'w', kind: 'EVENT', status: 'RECEIVED', eventKey: 'paid:42', createdAt: at(100), endedAt: at(200) },
        { id: 'c', kind: 'CHILD', status: 'WAITING', eventKey: null, createdAt: at(100), endedAt: null },
      ],
      children: [
        { id: 'run-2', name: 'resize', status: 'FAILED', createdAt: at(300), startedAt: at(400), finishedAt: at(600) },
        { id: 'run-3', name: 'resize', status: 'QUEUED', createdAt: at(300), startedAt: null, finishedAt: null },
      ],
    });
    expect(drawn(timeline).slice(2)).toEqual([
      { label: 'Reports', bars: [] },
      { label: 'Wait: event paid:42', bars: ['waits for event paid:42: received 100-200 warn'] },
      { label: 'Child: resize', bars: ['child resize: not started 300-400 info', 'child resize: failed 400-600 bad'] },
      { label: 'Child: resize', bars: ['child resize: not started 300-10000… info'] },
    ]);
    expect(timeline.lanes[2]?.marks).toMatchObject([{ at: START + 50, tone: 'bad', label: 'error: no such page' }]);
    expect(timeline.lanes.map(({ runId }) => runId).filter((id) => id !== null)).toEqual(['run-2', 'run-3']);
  });

  test('at first the life of the run is shown; the steps of its workflow lie around it', () => {
    const steps = [{ id: 's', ref: 'before', status: 'COMPLETED', startedAt: at(-5_000), finishedAt: at(-4_000) }];
    const timeline = timelineOf(storyOf(['QUEUED', 0]), { steps });
    expect(timeline.own).toEqual({ from: START, to: START + 10_000 });
    expect(timeline.bounds).toEqual({ from: START - 5_000, to: START + 10_000 });
  });

  test('of very many children only some are drawn, and the others are counted', () => {
    const children = Array.from({ length: 100 }, (_, index) => ({
      id: `run-${index}`,
      name: 'resize',
      status: 'QUEUED',
      createdAt: at(1),
      startedAt: null,
      finishedAt: null,
    }));
    const timeline = timelineOf(storyOf(['QUEUED', 0]), { children });
    expect(timeline.lanes).toHaveLength(41);
    expect(timeline.omitted).toBe(60);
  });

  test('a run without a length can be drawn', () => {
    const timeline = timelineOf([], { finishedAt: at(0) });
    expect(layoutTimeline(timeline, timeline.own, 500)).toEqual({
      lanes: [],
      ticks: [
        { ms: 0, x: 0 },
        { ms: 1, x: 500 },
      ],
    });
  });
});

describe('the layout of a timeline', () => {
  const timeline = timelineOf(storyOf(['QUEUED', 0], ['DEQUEUED', 2_000], ['EXECUTING', 2_001], ['COMPLETED', 10_000]), {
    finishedAt: at(10_000),
    marks: [{ seq: 9, type: 'OUTPUT', message: 'output', createdAt: at(5_000) }],
  });

  test('bars and marks stand where their times are', () => {
    const [queue, attempt, reports] = layoutTimeline(timeline, timeline.own, 1_000).lanes;
    expect(queue?.bars).toMatchObject([{ x: 0, width: 200 }]);
    expect(attempt?.bars[1]).toMatchObject({ x: 200.1, width: 799.9 });
    expect(reports?.marks).toMatchObject([{ x: 500 }]);
  });

  test('what is very short can still be seen, within the plot', () => {
    const [, attempt] = layoutTimeline(timeline, timeline.own, 1_000).lanes;
    expect(attempt?.bars[0]).toMatchObject({ x: 200, width: 4 });
    const late = timelineOf(storyOf(['QUEUED', 9_999]));
    expect(layoutTimeline(late, { from: START, to: START + 10_000 }, 1_000).lanes[0]?.bars).toMatchObject([{ x: 996, width: 4 }]);
  });

  test('closer, bars are cut at the edges, what is out of view is left out, and its lane stays', () => {
    const view = { from: START + 6_000, to: START + 7_000 };
    const lanes = layoutTimeline(timeline, view, 1_000).lanes;
    expect(lanes.map(({ bars, marks }) => [bars.length, marks.length])).toEqual([
      [0, 0],
      [1, 0],
      [0, 0],
    ]);
    expect(lanes[1]?.bars).toMatchObject([{ x: 0, width: 1_000 }]);
  });
});

describe('the axis of time', () => {
  const bounds = { from: START, to: START + 60_000 };

  test.each([
    [1_000, 4, [0, 500, 1_000]],
    [60_000, 4, [0, 15_000, 30_000, 45_000, 60_000]],
    [2 * 86_400_000, 5, [0, 43_200_000, 86_400_000, 129_600_000, 172_800_000]],
  ])('%i ms with room for %i are counted in round steps', (length, most, ticks) => {
    expect(ticksOf({ from: START, to: START + length }, START, most)).toEqual(ticks);
  });

  test('there are never more ticks than there is room for, whatever the length', () => {
    for (let length = 1; length < 1e12; length *= 1.7)
      for (const most of [1, 3, 12]) {
        const ticks = ticksOf({ from: START, to: START + length }, START, most);
        expect(ticks.length).toBeLessThanOrEqual(most + 1);
        expect(ticks.length).toBeGreaterThan(0);
      }
  });

  test('pixels and instants are turned into each other', () => {
    const view = { from: START + 10_000, to: START + 20_000 };
    expect(toPixel(START + 15_000, view, 400)).toBe(200);
    expect(toInstant(200, view, 400)).toBe(START + 15_000);
  });

  test('a brushed part is within the bounds, in either direction, and never too short to be told apart', () => {
    expect(spanBetween(START + 9_000, START + 1_000, bounds)).toEqual({ from: START + 1_000, to: START + 9_000 });
    expect(spanBetween(START + 59_990, START + 80_000, bounds).to).toBe(bounds.to);
    const least = spanBetween(START, START, bounds);
    expect(least.to - least.from).toBe(10);
    expect(least.from).toBe(START);
  });

  test('zooming keeps the middle, panning the length, and neither leaves the bounds', () => {
    expect(zoom({ from: START + 20_000, to: START + 40_000 }, 0.5, bounds)).toEqual({ from: START + 25_000, to: START + 35_000 });
    expect(zoom({ from: START + 20_000, to: START + 40_000 }, 100, bounds)).toEqual(bounds);
    expect(pan({ from: START + 50_000, to: START + 58_000 }, 0.5, bounds)).toEqual({ from: START + 52_000, to: START + 60_000 });
  });
});
