import { useSyncExternalStore } from 'react';
import { formatDuration, formatExact, formatInZone, formatRelative } from './format.ts';

/** One clock for all: whoever shows a time that passes is told each second, and nobody else renders. */
const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const tell of listeners) tell();
  }, 1_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The present in milliseconds since the epoch, to the second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

interface TimeProps {
  readonly at: string;
  /** The zone that the instant is meant in, when it is another than the viewer's: named on hover, too. */
  readonly zone?: string;
}

/** An instant as a distance from now, in the viewer's language; the exact instant in the viewer's zone on hover. */
export function Time({ at, zone }: TimeProps) {
  const title = zone === undefined ? formatExact(at) : `${formatExact(at)}\n${formatInZone(at, zone)}`;
  return (
    <time dateTime={at} title={title} className="whitespace-nowrap tabular-nums">
      {formatRelative(at, useNow())}
    </time>
  );
}

/** The time between two instants; without an end it is still running and counts on. */
export function Elapsed({ from, to }: { readonly from: string; readonly to: string | null }) {
  return to === null ? <Running from={from} /> : <Span ms={Date.parse(to) - Date.parse(from)} />;
}

function Running({ from }: { readonly from: string }) {
  return <Span ms={Math.max(0, useNow() - Date.parse(from))} />;
}

function Span({ ms }: { readonly ms: number }) {
  return <span className="whitespace-nowrap tabular-nums">{formatDuration(ms)}</span>;
}
