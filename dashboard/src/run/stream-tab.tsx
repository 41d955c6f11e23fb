import { useEffect, useRef, useState } from 'react';
import { useLive } from '../api/use-live.ts';
import { EmptyState } from '../ui/empty-state.tsx';
import { formatNumber } from '../ui/format.ts';
import { ScrollRegion } from '../ui/scroll-region.tsx';
import { Badge } from '../ui/status-badge.tsx';
import { RunChunksSubscription } from './report-documents.ts';
import { isFinal } from './run-status.ts';
import { makeStreamText, type StreamText } from './stream-text.ts';
import type { LiveRun } from './use-run.ts';

/** Closer to its end than this a stream is followed. */
const END_PX = 40;
/** More streams than this are not shown. */
const MOST_STREAMS = 20;

/** One stream of one attempt. */
interface Stream {
  readonly key: string;
  readonly streamId: string;
  readonly attempt: number;
  readonly isDone: boolean;
}

/** Text on its way to the streams: kept until the stream's element is there. */
type Inbox = Map<string, { sink: ((text: string) => void) | null; waiting: string[] }>;

/** What the run streams, as it arrives. Only a new stream renders; text is put straight into the page. */
export function StreamTab({ live }: { readonly live: LiveRun }) {
  const { run, round } = live;
  const [streams, setStreams] = useState<readonly Stream[]>([]);
  const [isLost, setLost] = useState(false);
  const [isTold, setTold] = useState(false);
  const inbox = useRef<Inbox>(new Map());
  const last = useRef<string | null>(null);
  useLive(`${run.id} ${round}`, {
    document: RunChunksSubscription,
    variables: (after) => ({ runId: run.id, after: after ?? last.current }),
    cursor: ({ runChunks }) => runChunks.cursor,
    onData({ runChunks: { cursor, streamId, chunk, done, attempt } }) {
      last.current = cursor;
      const key = `${attempt} ${streamId}`;
      const known = inbox.current.get(key) ?? { sink: null, waiting: [] };
      if (!inbox.current.has(key) || done)
        setStreams((before) => [
          ...before.filter((stream) => stream.key !== key).slice(1 - MOST_STREAMS),
          { key, streamId, attempt, isDone: done },
        ]);
      inbox.current.set(key, known);
      if (chunk === null) setLost(true);
      else if (known.sink) known.sink(chunk);
      else known.waiting.push(chunk);
    },
    onEnd: () => setTold(true),
  });
  if (streams.length === 0)
    return (
      <EmptyState title={isTold || isFinal(run.status) ? 'Nothing was streamed' : 'Nothing streamed yet'}>
        <p>
          An executor that streams the text of a language model is read here while it writes, and by your own users over{' '}
          <code>runChunks</code>.
        </p>
      </EmptyState>
    );
  return (
    <div className="grid grid-cols-1 gap-4">
      {isLost ? <p className="text-muted">Streamed text is kept for seven days; some of this is gone.</p> : null}
      {streams.map((stream) => (
        <StreamPanel key={stream.key} stream={stream} inbox={inbox.current} />
      ))}
    </div>
  );
}

function StreamPanel({ stream, inbox }: { readonly stream: Stream; readonly inbox: Inbox }) {
  const { key, streamId, attempt, isDone } = stream;
  const frame = useRef<HTMLElement>(null);
  const text = useRef<HTMLPreElement>(null);
  const shown = useRef<StreamText | null>(null);
  const [forgotten, setForgotten] = useState(0);
  useEffect(() => {
    const place = inbox.get(key);
    if (!text.current || !place) return;
    shown.current ??= makeStreamText(text.current);
    const view = shown.current;
    const sink = (piece: string) => {
      const scroller = frame.current;
      const isAtEnd = scroller !== null && scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < END_PX;
      view.append(piece);
      setForgotten(view.forgotten());
      if (isAtEnd) scroller.scrollTop = scroller.scrollHeight;
    };
    if (place.waiting.length > 0) sink(place.waiting.join(''));
    place.waiting = [];
    place.sink = sink;
    return () => {
      place.sink = null;
    };
  }, [inbox, key]);
  return (
    <section className="grid min-w-0 grid-cols-1 gap-1">
      <h3 className="flex items-center gap-2">
        <span className="font-mono font-medium break-all">{streamId}</span>
        <span className="text-xs font-normal text-muted">attempt {attempt}</span>
        <Badge tone={isDone ? 'ok' : 'accent'}>{isDone ? 'done' : 'open'}</Badge>
      </h3>
      {forgotten > 0 ? (
        <p className="text-xs text-muted">
          The first {formatNumber(forgotten)} characters are not kept in this page; the API has them.
        </p>
      ) : null}
      <ScrollRegion ref={frame} label={`Stream ${streamId}`} className="max-h-[60vh] rounded-lg border bg-surface p-3">
        <pre ref={text} className="font-sans break-words whitespace-pre-wrap" />
      </ScrollRegion>
    </section>
  );
}
