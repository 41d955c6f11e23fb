import { statusWords, type Tone, toneOf } from '../ui/status-badge.tsx';
import type { Span } from './time-axis.ts';
import { type AttemptLane, type StatusChange, walkChanges } from './timeline-changes.ts';

/** A length of time that something took; one that goes on ends now. */
export interface Bar extends Span {
  readonly id: string;
  readonly isLive: boolean;
  readonly tone: Tone;
  /** What it is, without its times. */
  readonly label: string;
  /** Drawn lighter: waiting, not working. */
  readonly isFaint: boolean;
}

/** Something that happened at one instant. */
export interface Mark {
  readonly id: string;
  readonly at: number;
  readonly tone: Tone;
  readonly label: string;
}

/** Bars and marks about one thing. */
export interface Lane {
  readonly id: string;
  readonly label: string;
  /** The run that the lane is about; null for parts of the run itself. */
  readonly runId: string | null;
  readonly bars: readonly Bar[];
  readonly marks: readonly Mark[];
}

/** A timeline: what to draw, what part of time to show at first, and how far the view may be moved. */
export interface Timeline {
  readonly lanes: readonly Lane[];
  /** The life of the run and of what it spawned. */
  readonly own: Span;
  /** All that is drawn, the other steps of its workflow included. */
  readonly bounds: Span;
  /** How many children and waits are left out. */
  readonly omitted: number;
}

/** A checkpoint, an error or an output of the run. */
export interface MarkEvent {
  readonly seq: number;
  readonly type: string;
  readonly message: string;
  readonly createdAt: string;
}

interface WaitOfRun {
  readonly id: string;
  readonly kind: string;
  readonly status: string;
  readonly eventKey: string | null;
  readonly createdAt: string;
  readonly endedAt: string | null;
}

interface ChildOfRun {
  readonly id: string;
  readonly status: string;
  readonly name: string;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
}

interface StepOfWorkflow {
  readonly id: string;
  readonly ref: string;
  readonly status: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
}

/** What a timeline is made from. */
export interface TimelineInput {
  readonly createdAt: string;
  readonly finishedAt: string | null;
  /** The changes of its status, in order. */
  readonly changes: readonly StatusChange[];
  readonly marks: readonly MarkEvent[];
  readonly waits: readonly WaitOfRun[];
  readonly children: readonly ChildOfRun[];
  /** The steps of the workflow that the run works for; none for other runs. */
  readonly steps: readonly StepOfWorkflow[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** More lanes of one kind than this say nothing; the tabs have them all. */
const MOST_LANES = 40;

const MARK_TONES: Readonly<Record<string, Tone>> = { ERROR: 'bad', OUTPUT: 'ok', CHECKPOINT: 'info' };

/** Puts the story of a run on one axis of time. */
export function makeTimeline(input: TimelineInput): Timeline {
  const { children, steps } = input;
  const waits = input.waits.filter(({ kind }) => kind !== 'CHILD');
  const { queue, attempts } = walkChanges(input.changes, input.now);
  const lanes: Lane[] = [
    { id: 'queue', label: 'Queue', runId: null, bars: queue, marks: [] },
    ...attempts.map(toAttemptLane),
    ...(input.marks.length > 0 ? [{ id: 'marks', label: 'Reports', runId: null, bars: [], marks: input.marks.map(toMark) }] : []),
    ...waits.slice(-MOST_LANES).map((wait) => toWaitLane(wait, input.now)),
    ...children.slice(0, MOST_LANES).map((child) => toChildLane(child, input.now)),
  ].filter(({ bars, marks }) => bars.length + marks.length > 0);
  const created = Date.parse(input.createdAt);
  const own = around([
    { from: created, to: input.finishedAt === null ? input.now : Date.parse(input.finishedAt) },
    ...spansOf(lanes),
  ]);
  const others = steps.map((step) => toStepLane(step, input.now)).filter(({ bars }) => bars.length > 0);
  return {
    lanes: [...lanes, ...others],
    own,
    bounds: around([own, ...spansOf(others)]),
    omitted: Math.max(0, waits.length - MOST_LANES) + Math.max(0, children.length - MOST_LANES),
  };
}

function toAttemptLane({ id, attempt, round, bars }: AttemptLane): Lane {
  return { id, label: `Attempt ${attempt}${round > 1 ? ` (round ${round})` : ''}`, runId: null, bars, marks: [] };
}

function toMark({ seq, type, message, createdAt }: MarkEvent): Mark {
  return {
    id: `mark-${seq}`,
    at: Date.parse(createdAt),
    tone: MARK_TONES[type] ?? 'idle',
    label: type === 'ERROR' ? `error: ${message}` : message,
  };
}

function toWaitLane(wait: WaitOfRun, now: number): Lane {
  const label = wait.kind === 'EVENT' ? `event ${wait.eventKey ?? ''}` : 'dependencies';
  const bar = between(`wait-${wait.id}`, wait.createdAt, wait.endedAt, now);
  const words = `waits for ${label}: ${statusWords(wait.status)}`;
  return {
    id: `wait-${wait.id}`,
    label: `Wait: ${label}`,
    runId: null,
    bars: [{ ...bar, tone: wait.status === 'TIMED_OUT' ? 'bad' : 'warn', label: words, isFaint: false }],
    marks: [],
  };
}

function toChildLane(child: ChildOfRun, now: number): Lane {
  const bars: Bar[] = [];
  if (child.startedAt !== null)
    bars.push({
      ...between(`child-${child.id}`, child.startedAt, child.finishedAt, now),
      tone: toneOf(child.status),
      label: `child ${child.name}: ${statusWords(child.status)}`,
      isFaint: false,
    });
  const begun = child.startedAt ?? child.finishedAt;
  bars.unshift({
    ...between(`child-queue-${child.id}`, child.createdAt, begun, now),
    tone: 'info',
    label: `child ${child.name}: not started`,
    isFaint: true,
  });
  return { id: `child-${child.id}`, label: `Child: ${child.name}`, runId: child.id, bars, marks: [] };
}

function toStepLane(step: StepOfWorkflow, now: number): Lane {
  const bars =
    step.startedAt === null
      ? []
      : [
          {
            ...between(`step-${step.id}`, step.startedAt, step.finishedAt, now),
            tone: toneOf(step.status),
            label: `step ${step.ref}: ${statusWords(step.status)}`,
            isFaint: false,
          },
        ];
  return { id: `step-${step.id}`, label: `Step: ${step.ref}`, runId: null, bars, marks: [] };
}

function between(id: string, from: string, to: string | null, now: number): Pick<Bar, 'id' | 'from' | 'to' | 'isLive'> {
  const start = Date.parse(from);
  return { id, from: start, to: to === null ? Math.max(now, start) : Date.parse(to), isLive: to === null };
}

function spansOf(lanes: readonly Lane[]): readonly Span[] {
  return lanes.flatMap(({ bars, marks }) => [...bars, ...marks.map(({ at }) => ({ from: at, to: at }))]);
}

/** The least part of time that covers all of them; never empty, so that it can be divided by. */
function around(spans: readonly Span[]): Span {
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (const span of spans) {
    from = Math.min(from, span.from);
    to = Math.max(to, span.to);
  }
  return { from, to: Math.max(to, from + 1) };
}
