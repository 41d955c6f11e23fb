import { type KeyboardEvent, type PointerEvent, useState } from 'react';
import { pan, type Span, spanBetween, toInstant, zoom } from './time-axis.ts';
import type { Timeline } from './timeline-model.ts';

/** Shorter drags are clicks. */
const LEAST_DRAG = 5;

/** What part of a timeline is shown, and how to change that with the mouse and the keyboard. */
export interface TimelineView {
  readonly view: Span;
  readonly isZoomed: boolean;
  /** What is being brushed, in pixels. */
  readonly brush: { readonly x: number; readonly width: number } | null;
  readonly set: (view: Span | null) => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
  readonly pointer: {
    readonly onPointerDown: (event: PointerEvent<SVGSVGElement>) => void;
    readonly onPointerMove: (event: PointerEvent<SVGSVGElement>) => void;
    readonly onPointerUp: (event: PointerEvent<SVGSVGElement>) => void;
  };
}

/** Keeps the view of a timeline drawn `width` pixels wide. Until somebody zooms it shows the life of the run, and grows with it. */
export function useTimelineView({ own, bounds }: Timeline, width: number): TimelineView {
  const [chosen, setChosen] = useState<Span | null>(null);
  const [drag, setDrag] = useState<{ readonly from: number; readonly to: number } | null>(null);
  const view = chosen ?? own;
  const pixelOf = (event: PointerEvent<SVGSVGElement>) =>
    Math.min(Math.max(event.clientX - event.currentTarget.getBoundingClientRect().left, 0), width);

  const KEYS: Readonly<Record<string, () => Span | null>> = {
    '+': () => zoom(view, 0.5, bounds),
    '-': () => zoom(view, 2, bounds),
    '0': () => null,
    '<': () => pan(view, -0.25, bounds),
    '>': () => pan(view, 0.25, bounds),
  };

  return {
    view,
    isZoomed: chosen !== null,
    brush: drag && { x: Math.min(drag.from, drag.to), width: Math.abs(drag.from - drag.to) },
    set: setChosen,
    onKeyDown(event) {
      const next = KEYS[event.key];
      if (!next || event.metaKey || event.ctrlKey || event.altKey) return;
      event.preventDefault();
      setChosen(next());
    },
    pointer: {
      onPointerDown(event) {
        if (event.button !== 0) return;
        const x = pixelOf(event);
        setDrag({ from: x, to: x });
      },
      onPointerMove(event) {
        if (!drag) return;
        // Only a drag takes the pointer: a click is for the bar below it.
        if (Math.abs(pixelOf(event) - drag.from) >= LEAST_DRAG) event.currentTarget.setPointerCapture(event.pointerId);
        setDrag({ ...drag, to: pixelOf(event) });
      },
      onPointerUp() {
        if (drag && Math.abs(drag.from - drag.to) >= LEAST_DRAG)
          setChosen(spanBetween(toInstant(drag.from, view, width), toInstant(drag.to, view, width), bounds));
        setDrag(null);
      },
    },
  };
}
