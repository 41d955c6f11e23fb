import type { Logger } from 'pino';

/** What can be asked of a loop by those who do not stop it. */
export interface StartedLoop {
  readonly name: string;
  start(): void;
  /** Runs the step as soon as the present one, if any, is over; resolves when it has run. */
  now(): Promise<void>;
  /** Milliseconds since the step last succeeded; what `/readyz` and the lag metric are about. */
  ageMs(): number;
  /** Milliseconds between two steps. */
  readonly intervalMs: number;
}

/** A named step that repeats until it is stopped. */
export interface Loop extends StartedLoop {
  /** Lets the step under way finish. */
  stop(): Promise<void>;
}

interface LoopOptions {
  readonly name: string;
  readonly intervalMs: number;
  readonly step: () => Promise<void>;
  readonly log: Logger;
}

/** Makes a {@link Loop}. A step that fails is logged and tried again at the next interval: the database may be away. */
export function makeLoop(options: LoopOptions): Loop {
  let timer: NodeJS.Timeout | null = null;
  let running: Promise<void> | null = null;
  let stopped = true;
  let succeededAt = performance.now();

  async function step(): Promise<void> {
    try {
      await options.step();
      succeededAt = performance.now();
    } catch (error) {
      options.log.warn({ err: error, loop: options.name }, 'a background loop failed; it tries again');
    }
  }

  function run(): Promise<void> {
    running ??= step().finally(() => {
      running = null;
      if (!stopped) timer = setTimeout(run, options.intervalMs);
    });
    return running;
  }

  function cancelTimer(): void {
    if (timer) clearTimeout(timer);
    timer = null;
  }

  return {
    name: options.name,
    intervalMs: options.intervalMs,
    start() {
      stopped = false;
      succeededAt = performance.now();
      timer = setTimeout(run, 0);
    },
    async stop() {
      stopped = true;
      cancelTimer();
      await running;
      cancelTimer();
    },
    async now() {
      await running;
      cancelTimer();
      await run();
    },
    ageMs: () => performance.now() - succeededAt,
  };
}
