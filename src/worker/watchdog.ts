import type { Logger } from 'pino';
import type { Dispatcher } from './dispatcher.ts';
import type { Doorbell } from './doorbell.ts';
import { type Loop, makeLoop } from './loop.ts';

/** Steps between two looks at the runner. */
const STEPS_PER_CHECK = 3;
/** Restarts in a row that did not help before the process is given up. */
const HOPELESS_RESTARTS = 5;

interface WatchdogDeps {
  readonly intervalMs: number;
  readonly dispatcher: Pick<Dispatcher, 'pump' | 'isFull'>;
  readonly doorbell: Pick<Doorbell, 'restart' | 'isAnswering' | 'answered'>;
  /** Asks whether a ring has waited for so long that an idle runner must have missed it. */
  readonly hasStaleRing: () => Promise<boolean>;
  readonly onHopeless: (reason: string) => void;
  readonly log: Logger;
}

/**
 * Looks for due runs itself at every interval, without a doorbell, so that a lost ring costs one interval at most. And it watches the
 * runner: after a Postgres restart graphile-worker can stop fetching for ever while the process looks healthy; it is given away by a ring
 * that waits while this process has answered none since the last look. It is then restarted, and in the end the process with it.
 */
export function makeWatchdog(deps: WatchdogDeps): Loop {
  let steps = 0;
  let answeredBefore = 0;
  let restarts = 0;
  return makeLoop({
    name: 'watchdog',
    intervalMs: deps.intervalMs,
    log: deps.log,
    async step() {
      if (deps.dispatcher.isFull()) return;
      await deps.dispatcher.pump();
      if (++steps % STEPS_PER_CHECK !== 0) return;
      const idle = !deps.doorbell.isAnswering() && deps.doorbell.answered() === answeredBefore;
      answeredBefore = deps.doorbell.answered();
      if (!idle || !(await deps.hasStaleRing())) {
        restarts = 0;
      } else if (++restarts >= HOPELESS_RESTARTS) {
        deps.onHopeless('the dispatch loop does not answer although it was restarted');
      } else {
        await deps.doorbell.restart('a ring was waiting and nobody took it');
      }
    },
  });
}
