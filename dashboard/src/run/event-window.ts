/**
 * How many events of a run are kept in the page at once. A story may have hundreds of thousands; whoever scrolls past what is kept makes
 * the other end be forgotten, and loads it again on the way back.
 */
export const WINDOW_CAPACITY = 2_000;

/** What a window needs to know of an event: its number in the story. */
export interface Numbered {
  readonly seq: number;
}

/** A part of a story without gaps (of what its filter lets through), in the order of its events. */
export interface EventWindow<Event extends Numbered> {
  readonly events: readonly Event[];
  /** Whether the story goes on before the first of them. */
  readonly hasOlder: boolean;
  /** Whether the story goes on behind the last of them. */
  readonly hasNewer: boolean;
}

/** The window over the newest page of a story. */
export function newestWindow<Event extends Numbered>(page: readonly Event[], hasOlder: boolean): EventWindow<Event> {
  return { events: page, hasOlder, hasNewer: false };
}

/** Puts an older page before what is there; what no longer fits is forgotten at the newer end. */
export function addOlder<Event extends Numbered>(
  window: EventWindow<Event>,
  page: readonly Event[],
  hasOlder: boolean,
): EventWindow<Event> {
  const first = window.events[0]?.seq ?? Number.POSITIVE_INFINITY;
  const all = [...page.filter(({ seq }) => seq < first), ...window.events];
  const isCut = all.length > WINDOW_CAPACITY;
  return { events: isCut ? all.slice(0, WINDOW_CAPACITY) : all, hasOlder, hasNewer: window.hasNewer || isCut };
}

/** Puts a newer page behind what is there; what no longer fits is forgotten at the older end. */
export function addNewer<Event extends Numbered>(
  window: EventWindow<Event>,
  page: readonly Event[],
  hasNewer: boolean,
): EventWindow<Event> {
  const all = [...window.events, ...after(window, page)];
  const isCut = all.length > WINDOW_CAPACITY;
  return { events: isCut ? all.slice(-WINDOW_CAPACITY) : all, hasOlder: window.hasOlder || isCut, hasNewer };
}

/**
 * Adds events that have just happened; those that are there already are not added again. `isFollowed` says that the reader looks at the
 * end: then the oldest are forgotten to make room. A reader who looks at something else keeps it: a full window leaves the new ones out
 * and says that there are newer ones.
 */
export function addLive<Event extends Numbered>(
  window: EventWindow<Event>,
  events: readonly Event[],
  isFollowed: boolean,
): EventWindow<Event> {
  const fresh = after(window, events);
  if (fresh.length === 0 || window.hasNewer) return window;
  if (isFollowed || window.events.length + fresh.length <= WINDOW_CAPACITY) return addNewer(window, fresh, false);
  return { ...window, hasNewer: true };
}

function after<Event extends Numbered>(window: EventWindow<Event>, events: readonly Event[]): readonly Event[] {
  const last = window.events.at(-1)?.seq ?? 0;
  return events.filter(({ seq }) => seq > last);
}
