import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';
import { checkEndpointUrl, type EndpointPolicy } from '../../core/endpoint-guard.ts';
import { AppError } from '../../core/errors.ts';
import type { PostSigned } from '../../core/signed-post.ts';
import type { JobCache } from '../jobs/job-cache.ts';
import type { Reports } from '../runs/report.ts';

const SECOND = 1_000;
/** Pauses before the second, third, fourth and fifth try. */
const PAUSES_MS = [SECOND, 5 * SECOND, 25 * SECOND, 125 * SECOND];

/** A wait that somebody wants to be told of. */
export interface EventNotice {
  readonly triggerId: string;
  readonly eventKey: string;
  readonly url: string;
  readonly expiresAt: Date;
  readonly projectId: string;
  readonly runId: string;
  /** The claim that waits. */
  readonly epoch: number;
  readonly jobId: string;
}

/** Tells URLs that runs wait for events. */
export interface EventNotices {
  /** What is wrong with a URL to be told at; null for a sound one. */
  faultOf(url: string): string | null;
  /**
   * Sends a notice in the background, five times at most while the wait goes on; how it went is kept with the wait, and giving up is
   * told in the log of the run. A notice lives in this process alone: when the process ends, so do its tries.
   */
  send(notice: EventNotice): void;
  /** Gives up what is still to be sent. */
  close(): Promise<void>;
}

interface NoticeDeps {
  readonly engine: Pool;
  readonly jobs: Pick<JobCache, 'ofRun'>;
  readonly reports: Reports;
  readonly policy: EndpointPolicy;
  readonly post: PostSigned;
  readonly onError: (error: unknown) => void;
  /** Milliseconds before each further try. */
  readonly pausesMs?: readonly number[];
}

/** Makes the {@link EventNotices} of a process. */
export function makeEventNotices(deps: NoticeDeps): EventNotices {
  const { pausesMs = PAUSES_MS } = deps;
  const closing = new AbortController();
  const underWay = new Set<Promise<void>>();

  async function deliver(notice: EventNotice): Promise<void> {
    const { signingSecret } = await deps.jobs.ofRun(notice.projectId, notice.jobId);
    const post = { url: notice.url, body: noticeBody(notice), messageId: notice.triggerId, signingSecret };
    let fault = await deps.post(post, closing.signal);
    for (const pauseMs of pausesMs) {
      if (fault === null) break;
      await delay(pauseMs, undefined, { signal: closing.signal });
      // Nobody needs to hear of a wait that is over.
      if (!(await isWaiting(notice, deps.engine))) break;
      fault = await deps.post(post, closing.signal);
    }
    if (closing.signal.aborted) return;
    await settle(notice, fault === null ? 'sent' : 'failed', deps.engine);
    if (fault !== null) await tellRun(notice, fault);
  }

  async function tellRun(notice: EventNotice, fault: string): Promise<void> {
    const { runId, epoch, eventKey: event_key } = notice;
    const message = `nobody could be told that this run waits for an event: ${fault}`;
    await deps.reports
      .append({ runId, epoch, type: 'log', level: 'warn', message, data: { event_key } })
      .catch((error: unknown) => {
        // The run went on meanwhile: the status of the notice says enough.
        if (!(error instanceof AppError)) throw error;
      });
  }

  return {
    faultOf: (url) => checkEndpointUrl(url, deps.policy)?.replace('endpoint URL', 'notify URL') ?? null,
    send(notice) {
      const sending = deliver(notice)
        .catch((error: unknown) => {
          if (!closing.signal.aborted) deps.onError(error);
        })
        .finally(() => underWay.delete(sending));
      underWay.add(sending);
    },
    async close() {
      closing.abort();
      await Promise.all(underWay);
    },
  };
}

function noticeBody(notice: EventNotice): string {
  return JSON.stringify({
    event_key: notice.eventKey,
    trigger_id: notice.triggerId,
    project_id: notice.projectId,
    expires_at: notice.expiresAt.toISOString(),
    callback_url: `/v1/events/${encodeURIComponent(notice.eventKey)}/send`,
  });
}

async function isWaiting(notice: EventNotice, pool: Pool): Promise<boolean> {
  const { rows } = await pool.query<{ status: string }>({
    name: 'notice-wanted',
    text: 'select status from waits where id = $1',
    values: [notice.triggerId],
  });
  return rows[0]?.status === 'waiting';
}

async function settle(notice: EventNotice, status: 'sent' | 'failed', pool: Pool): Promise<void> {
  await pool.query({
    name: 'settle-notice',
    text: 'update waits set notify_status = $2 where id = $1',
    values: [notice.triggerId, status],
  });
}
