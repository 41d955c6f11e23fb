import { type JobsClient, makeJobsClient } from './client-jobs.ts';
import { makeRunsClient, type RunsClient } from './client-runs.ts';
import { makeSchedulesClient, type SchedulesClient } from './client-schedules.ts';
import type { Fetch } from './http.ts';
import { makeRest } from './rest.ts';

/** Where Baton is and who calls it. */
export interface ClientOptions {
  /** Base URL of the server. */
  readonly url: string;
  readonly apiKey: string;
  /** The project whose jobs are meant; `default` unless said otherwise, like the first project of a server. */
  readonly projectId?: string;
  /** Replaces the global `fetch`. */
  readonly fetch?: Fetch;
}

/** A client of Baton's public API. Every call throws `BatonError` when it fails. */
export interface Client {
  readonly jobs: JobsClient;
  readonly runs: RunsClient;
  readonly schedules: SchedulesClient;
}

/** Makes a client. */
export function createClient(options: ClientOptions): Client {
  const fetch: Fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
  const rest = makeRest({ url: options.url, bearer: options.apiKey, fetch });
  const projectId = options.projectId ?? 'default';
  return { jobs: makeJobsClient(rest, projectId), runs: makeRunsClient(rest), schedules: makeSchedulesClient(rest, projectId) };
}
