import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDownToLine, ArrowUpToLine } from 'lucide-react';
import { type UIEvent, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useShortcuts } from '../app/shortcuts.ts';
import { Button } from '../ui/button.tsx';
import { ScrollRegion } from '../ui/scroll-region.tsx';
import type { EventWindow } from './event-window.ts';
import { LogRow } from './log-row.tsx';
import type { RunEvent } from './run-documents.ts';

const ROW_HEIGHT = 29;
/** How many rows before an end of the window its next page is asked for. */
const AHEAD = 30;
/** Closer to the end than this is at the end. */
const END_PX = 24;
/** A scroll this soon after the wheel, a key or a finger is the reader's own. */
const INTENT_MS = 800;

interface LogListProps {
  readonly window: EventWindow<RunEvent>;
  readonly isLoading: boolean;
  readonly since: string | null;
  readonly isFollowed: boolean;
  readonly onFollow: (isFollowed: boolean) => void;
  readonly onOlder: () => void;
  readonly onNewer: () => void;
  readonly onNewest: () => void;
  readonly onOldest: () => void;
}

/** The lines of a story, of which only those in view are in the page. While followed it stays at its end. */
export function LogList({ window, isLoading, since, isFollowed, onFollow, onOlder, onNewer, onNewest, onOldest }: LogListProps) {
  const { events, hasOlder, hasNewer } = window;
  const frame = useRef<HTMLElement>(null);
  const intent = useRef(0);
  /** The event whose row gets the focus as soon as it is there. */
  const wanted = useRef<number | null>(null);
  /** The beginning was asked for, and is on its way. */
  const isToBeginning = useRef(false);
  const [opened, setOpened] = useState<ReadonlySet<number>>(new Set());
  const [active, setActive] = useState<number | null>(null);
  const virtual = useVirtualizer({
    count: events.length,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (index) => events[index]?.seq ?? index,
    overscan: 12,
    // What is read stays where it is when older lines are put before it.
    anchorTo: 'end',
  });
  const visible = virtual.getVirtualItems();
  const top = visible[0]?.index ?? 0;
  const bottom = visible.at(-1)?.index ?? 0;

  useEffect(() => {
    if (isLoading || events.length === 0) return;
    if (hasOlder && top < AHEAD && !isFollowed) onOlder();
    else if (hasNewer && bottom >= events.length - AHEAD) onNewer();
  }, [top, bottom, events.length, hasOlder, hasNewer, isLoading, isFollowed, onOlder, onNewer]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: it goes to the end whenever there is more.
  useLayoutEffect(() => {
    if (isFollowed && !hasNewer) virtual.scrollToEnd();
  }, [isFollowed, hasNewer, events]);

  const toggle = useCallback(
    (seq: number) =>
      setOpened((before) => {
        const next = new Set(before);
        if (!next.delete(seq)) next.add(seq);
        return next;
      }),
    [],
  );
  const move = (step: number) => {
    const at = events.findIndex(({ seq }) => seq === active);
    const to = at < 0 ? (step > 0 ? top : bottom) : Math.min(Math.max(at + step, 0), events.length - 1);
    const event = events[to];
    if (!event) return;
    onFollow(false);
    setActive(event.seq);
    wanted.current = event.seq;
    virtual.scrollToIndex(to);
  };
  // The row may come into the page only by scrolling to it.
  useEffect(() => {
    if (wanted.current === null) return;
    const row = frame.current?.querySelector<HTMLElement>(`[data-seq="${wanted.current}"]`);
    row?.focus({ preventScroll: true });
    if (row) wanted.current = null;
  });
  useShortcuts([
    { keys: 'j', label: 'Next event', run: () => move(1) },
    { keys: 'k', label: 'Previous event', run: () => move(-1) },
    { keys: 'f', label: 'Follow the end of the log', run: () => (isFollowed ? onFollow(false) : onNewestFollowed()) },
  ]);
  function toBeginning(): void {
    onFollow(false);
    isToBeginning.current = true;
    if (hasOlder) onOldest();
    else virtual.scrollToOffset(0);
  }
  useLayoutEffect(() => {
    if (!isToBeginning.current || hasOlder) return;
    isToBeginning.current = false;
    virtual.scrollToOffset(0);
  }, [hasOlder, virtual]);
  function onNewestFollowed(): void {
    if (hasNewer) onNewest();
    onFollow(true);
  }
  function onScroll(event: UIEvent<HTMLElement>): void {
    if (performance.now() - intent.current > INTENT_MS) return;
    const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
    const isEnd = !hasNewer && scrollHeight - scrollTop - clientHeight < END_PX;
    if (isEnd !== isFollowed) onFollow(isEnd);
  }
  const noteIntent = () => {
    intent.current = performance.now();
  };

  const before = visible[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (visible.at(-1)?.end ?? 0);
  return (
    <div className="relative">
      <ScrollRegion
        ref={frame}
        label="Events"
        className="h-[60vh] min-h-64 rounded-xl border bg-surface [overflow-anchor:none]"
        onScroll={onScroll}
        onWheel={noteIntent}
        onTouchMove={noteIntent}
        onPointerDown={noteIntent}
        onKeyDown={noteIntent}
      >
        <ol>
          <li aria-hidden style={{ height: Math.max(0, before) }} />
          {visible.map(({ index, key }) => {
            const event = events[index];
            return event ? (
              <li key={key} data-index={index} ref={virtual.measureElement}>
                <LogRow
                  event={event}
                  since={since}
                  isOpen={opened.has(event.seq)}
                  isActive={event.seq === active}
                  onToggle={toggle}
                />
              </li>
            ) : null;
          })}
          <li aria-hidden style={{ height: Math.max(0, after) }} />
        </ol>
      </ScrollRegion>
      {isFollowed && !hasNewer ? null : (
        <div className="absolute right-4 bottom-3 flex gap-2">
          <Button icon={ArrowUpToLine} onClick={toBeginning} className="shadow-md">
            Beginning
          </Button>
          <Button icon={ArrowDownToLine} onClick={onNewestFollowed} className="shadow-md">
            {hasNewer ? 'Go to the newest' : 'Follow the end'}
          </Button>
        </div>
      )}
    </div>
  );
}
