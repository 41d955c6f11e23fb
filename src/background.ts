import type { Logger } from 'pino';

/** Takes work that nobody waits for; `idle` resolves when none is under way. */
export interface Background {
  (name: string, work: Promise<unknown>): void;
  idle(): Promise<void>;
}

/** Work that follows a committed statement and that nobody waits for; what fails here is healed by the reaper. */
export function trackBackground(log: Logger): Background {
  const underWay = new Set<Promise<unknown>>();
  const track = (name: string, work: Promise<unknown>): void => {
    const settled = work
      .catch((error: unknown) =>
        log.warn({ err: error, work: name }, 'work behind a transition failed; the reaper makes up for it'),
      )
      .finally(() => underWay.delete(settled));
    underWay.add(settled);
  };
  return Object.assign(track, {
    async idle() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  });
}
