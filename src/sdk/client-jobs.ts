import { BatonError } from './errors.ts';
import { queryGraphql } from './graphql.ts';
import { asRecord } from './http.ts';
import type { JobRef, ResultOf } from './job.ts';
import type { Rest } from './rest.ts';
import { type TriggeredBatch, type TriggerItem, type TriggerManyOptions, triggerMany } from './trigger-many.ts';
import { toCamelKeys, toSnakeKeys } from './wire-names.ts';

/** How much memory a managed run may have, from 256 MB to 32 GB. */
export type MachinePreset = 'micro' | 'small-1x' | 'small-2x' | 'medium-1x' | 'medium-2x' | 'large-1x' | 'large-2x';

/** What a job is made of. Fields left out keep their value, or get Baton's default in a new job. */
export interface JobInput {
  /** Names the job within its project; the key of `upsert`. */
  readonly slug: string;
  /** For people; the slug by default. */
  readonly name?: string;
  readonly description?: string;
  /** Where its code is: `http` (default) for an endpoint, `managed` for a process that Baton starts. */
  readonly executionMode?: 'http' | 'managed';
  /** Where the executor listens; required for `http`. */
  readonly endpointUrl?: string;
  /** Where a run is sent when the endpoint cannot serve it; null takes it away. */
  readonly fallbackEndpointUrl?: string | null;
  /** Environment whose variables and secrets its runs get, by id or slug; null takes it out of any. */
  readonly environmentId?: string | null;
  /** What is started for each run, `exec:<command>`; required for `managed`. */
  readonly imageUri?: string;
  /** For `managed`: how much memory the process may have; `micro` by default. */
  readonly machinePreset?: MachinePreset;
  readonly enabled?: boolean;
  readonly maxAttempts?: number;
  readonly timeoutSecs?: number;
  readonly heartbeatTimeoutSecs?: number;
  readonly retryStrategy?: 'exponential' | 'linear' | 'fixed' | 'custom';
  readonly retryInitialDelaySecs?: number;
  readonly retryMaxDelaySecs?: number;
  readonly retryDelaysSecs?: readonly number[];
  readonly retryPriorityBoost?: number;
  /** Null takes a limit away, here and below. */
  readonly poisonPillThreshold?: number | null;
  readonly maxConcurrency?: number | null;
  readonly maxConcurrencyPerKey?: number | null;
  readonly runTtlSecs?: number | null;
  /** JSON Schema that Baton checks payloads with when a run is triggered. */
  readonly payloadSchema?: object | null;
  /** JSON Schema that Baton checks results with when a run completes. */
  readonly resultSchema?: object | null;
  readonly tags?: Readonly<Record<string, string>>;
  readonly defaultRunMetadata?: Readonly<Record<string, string>>;
}

/** A job as Baton has it. */
export interface JobRecord {
  readonly id: string;
  readonly projectId: string;
  readonly slug: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly version: number;
  /** Every other field, in camelCase. */
  readonly [field: string]: unknown;
}

/** Jobs of one project. */
export interface JobsClient {
  /** Creates the job, or updates the one that has this slug. */
  upsert(input: JobInput): Promise<JobRecord>;
  /** The job with this slug, or null. */
  find(slug: string): Promise<JobRecord | null>;
  /**
   * Triggers up to 100,000 runs of a job as one batch, sending the items as they come. An item that breaks a rule fails alone and says
   * why. The call can be repeated under its `batchKey` until it has succeeded; a list, unlike a stream, is repeated by itself while Baton
   * is away.
   */
  triggerMany<J extends JobRef | string>(
    job: J,
    items: Iterable<TriggerItem<J>> | AsyncIterable<TriggerItem<J>>,
    options?: TriggerManyOptions,
  ): Promise<TriggeredBatch<ResultOf<J>>>;
  /** The secret (`whsec_…`) that dispatches of a job are signed with, for `createExecutor`. The key needs `jobs:write`. */
  signingSecret(slugOrId: string): Promise<string>;
}

/** Makes the client for the jobs of `projectId`. */
export function makeJobsClient(rest: Rest, projectId: string): JobsClient {
  async function find(slug: string): Promise<JobRecord | null> {
    const query = new URLSearchParams({ project_id: projectId, slug });
    const rows = await rest.repeatable({ method: 'GET', path: `/v1/jobs?${query}` });
    const found = (Array.isArray(rows) ? rows : []).map(asRecord).find((row) => row['slug'] === slug);
    return found ? toJob(found) : null;
  }

  async function update(existing: JobRecord, input: JobInput): Promise<JobRecord> {
    const { slug: _, ...changes } = input;
    const json = JSON.stringify(toSnakeKeys(changes));
    return toJob(await rest.repeatable({ method: 'PATCH', path: `/v1/jobs/${encodeURIComponent(existing.id)}`, json }));
  }

  async function create(input: JobInput): Promise<JobRecord> {
    const json = JSON.stringify({ project_id: projectId, ...toSnakeKeys({ name: input.slug, ...input }) });
    return toJob(await rest.once({ method: 'POST', path: '/v1/jobs', json }));
  }

  return {
    find,
    triggerMany: (job, items, options = {}) => triggerMany(rest, { job, items, options }),
    async signingSecret(slugOrId) {
      const data = await queryGraphql(rest, 'query ($id: ID!) { job(id: $id) { signingSecret } }', { id: slugOrId });
      return String(asRecord(data['job'])['signingSecret']);
    },
    async upsert(input) {
      const existing = await find(input.slug);
      if (existing) return update(existing, input);
      try {
        return await create(input);
      } catch (error) {
        // Somebody else created it in between, or an earlier try of ours did and its answer was lost.
        const raced = error instanceof BatonError && (error.status === 409 || error.status === 0) ? await find(input.slug) : null;
        if (!raced) throw error;
        return update(raced, input);
      }
    },
  };
}

function toJob(row: unknown): JobRecord {
  // Baton's own answer, described by its OpenAPI document; checking it field by field would refuse newer servers.
  return toCamelKeys(asRecord(row)) as JobRecord & Record<string, unknown>;
}
