import type { EventOptions, JobContext } from './context.ts';
import { BatonError, RunAbortedError } from './errors.ts';
import { asRecord } from './http.ts';
import type { RunApi } from './run-api.ts';

interface EventWaitDeps {
  readonly api: RunApi;
  /** Sends what is still to be told: once the run waits, nobody listens any more. */
  readonly flush: () => Promise<void>;
  /** Ends this attempt because its run waits. */
  readonly suspend: () => void;
}

/** Makes `waitForEvent` of one attempt. */
export function makeEventWaits(deps: EventWaitDeps): Pick<JobContext, 'waitForEvent'> {
  /** The state of the run has the payload of every event it was woken by; null for one that has not come yet. */
  async function received(key: string): Promise<{ readonly payload: unknown } | null> {
    try {
      const entry = asRecord(await deps.api.get(`state/${encodeURIComponent(`event:${key}`)}`));
      return { payload: entry['value'] ?? null };
    } catch (error) {
      if (error instanceof BatonError && error.status === 404) return null;
      throw error;
    }
  }

  async function waitForEvent(key: string, options: EventOptions = {}): Promise<unknown> {
    const event = await received(key);
    if (event) return event.payload;
    await deps.flush();
    const body = { event_key: key, timeout_secs: options.timeoutSecs, notify_url: options.notifyUrl };
    await deps.api.post('wait-for-event', JSON.stringify(body));
    deps.suspend();
    throw new RunAbortedError('suspended');
  }

  // The generic signature only says what the handler expects; at run time a payload is whatever JSON was sent.
  return { waitForEvent } as Pick<JobContext, 'waitForEvent'>;
}
