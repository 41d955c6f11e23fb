import { describe, expect, it } from 'vitest';
import type { Candidate } from '../src/domain/admission/candidate.ts';
import { decide } from '../src/domain/admission/decide.ts';
import type { Kin, Ledger } from '../src/domain/admission/ledger.ts';
import { JOB_DEFAULTS } from '../src/domain/jobs/job-input.ts';

const NOW = new Date('2030-01-01T12:00:00Z');
const NOBODY: Kin = { holder: null, twin: null, settled: null };
const HOLDER: Kin = { holder: { id: 'held', status: 'queued', payloadHash: 'h' }, twin: null, settled: null };
const TWIN: Kin = { holder: null, twin: { id: 'twin', status: 'completed' }, settled: null };

const unused: Ledger = { now: NOW, rates: new Map(), projects: new Map(), batches: [], gathered: new Set() };
const usedUp: Ledger = {
  ...unused,
  rates: new Map([['job', { used: 3, endsAt: new Date(NOW.getTime() + 30_000) }]]),
  projects: new Map([['p', { queued: 5, costMicrousd: 100 }]]),
};

/** A job with every policy at once, as far as they go together. */
const JOB = {
  ...JOB_DEFAULTS,
  id: 'job',
  projectId: 'p',
  rateLimitMax: 3,
  rateLimitWindowSecs: 60,
  dedupWindowSecs: 60,
  debounceWindowSecs: 60,
  quotas: { maxQueuedRuns: 5, maxDailyCostMicrousd: 100 },
};

function candidate(job: object = {}, run: object = {}): Candidate {
  const whole = {
    run: {
      id: 'r',
      jobId: 'job',
      projectId: 'p',
      status: 'queued',
      idempotencyKey: null,
      parent: null,
      payload: '1',
      payloadHash: 'h',
      ...run,
    },
    job: { ...JOB, ...job },
    policies: 'all',
    debounceKey: null,
    batchKey: null,
    batchItem: null,
  };
  // The fields that are left out play no part in a decision.
  return whole as unknown as Candidate;
}

const verdicts = (candidates: Candidate[], kin: Kin[], ledger: Ledger) =>
  decide(candidates, kin, ledger, { maxBatchBytes: 100 }).verdicts;

describe('the order of policies', () => {
  const withoutQueue = { quotas: { maxQueuedRuns: null, maxDailyCostMicrousd: 100 } };
  const withoutQuotas = { quotas: null };
  const withoutRate = { ...withoutQuotas, rateLimitMax: null, rateLimitWindowSecs: null };
  const withoutDedup = { ...withoutRate, dedupWindowSecs: null };
  const withoutDebounce = { ...withoutDedup, debounceWindowSecs: null };

  it.each([
    ['idempotency first', {}, HOLDER, { kind: 'holder' }],
    ['then the queue', {}, TWIN, { error: { message: 'project queued quota exceeded' } }],
    [
      'then the costs of the day',
      withoutQueue,
      TWIN,
      { error: { message: 'project daily cost budget exceeded', retryAfterSecs: 43_200 } },
    ],
    ['then the rate', withoutQuotas, TWIN, { error: { message: 'job rate limit exceeded', retryAfterSecs: 30, limit: 3 } }],
    ['then equal payloads', withoutRate, TWIN, { kind: 'twin' }],
    ['then debouncing', withoutDedup, TWIN, { kind: 'debounce', fireAt: new Date(NOW.getTime() + 60_000) }],
    ['then batching', { ...withoutDebounce, batchWindowSecs: 60 }, NOBODY, { kind: 'buffer' }],
    ['then the run', withoutDebounce, NOBODY, { kind: 'store' }],
  ])('is %s', (_, job, kin, verdict) => {
    expect(verdicts([candidate(job)], [kin], usedUp)).toMatchObject([verdict]);
  });

  it('leaves a run that somebody needs to the limits alone', () => {
    const needed = { ...candidate({ quotas: null }), policies: 'limits' } as const;

    expect(verdicts([needed], [TWIN], unused)).toEqual([{ kind: 'store' }]);
    expect(verdicts([needed], [TWIN], usedUp)).toMatchObject([{ kind: 'refuse' }]);
  });
});

describe('a group of triggers', () => {
  it('is decided as if one came after the other', () => {
    const job = { debounceWindowSecs: null, quotas: { maxQueuedRuns: 2, maxDailyCostMicrousd: null } };
    const keyed = candidate(job, { idempotencyKey: 'k', payloadHash: 'a' });
    const group = [
      keyed,
      keyed,
      candidate(job, { payloadHash: 'a' }),
      candidate(job, { payloadHash: 'b' }),
      candidate(job, { payloadHash: 'c' }),
    ];

    expect(
      verdicts(
        group,
        group.map(() => NOBODY),
        unused,
      ),
    ).toMatchObject([
      { kind: 'store' },
      { kind: 'follow', first: 0, as: 'holder' },
      { kind: 'follow', first: 0, as: 'twin' },
      { kind: 'store' },
      { kind: 'refuse' },
    ]);
  });

  it('counts against a rate limit only as far as it is taken on', () => {
    const job = { debounceWindowSecs: null, quotas: null };
    const group = ['a', 'a', 'b', 'b', 'c', 'd'].map((payloadHash) => candidate(job, { payloadHash }));

    const plan = decide(
      group,
      group.map(() => NOBODY),
      unused,
      { maxBatchBytes: 100 },
    );

    expect(plan.verdicts.map(({ kind }) => kind)).toEqual(['store', 'follow', 'store', 'follow', 'store', 'refuse']);
    expect(plan.rates.get('job')).toEqual({ used: 3, endsAt: new Date(NOW.getTime() + 60_000) });
  });

  it('completes a batch that what waits in the database began, and begins the next', () => {
    const job = {
      ...JOB,
      quotas: null,
      rateLimitMax: null,
      dedupWindowSecs: null,
      debounceWindowSecs: null,
      batchWindowSecs: 60,
      batchMaxSize: 3,
    };
    const fireAt = new Date(NOW.getTime() + 5_000);
    const ledger = { ...unused, batches: [{ jobId: 'job', key: '', size: 2, bytes: 2, fireAt }] };
    const group = [candidate(job), candidate(job)];

    const plan = decide(
      group,
      group.map(() => NOBODY),
      ledger,
      { maxBatchBytes: 100 },
    );

    expect(plan.verdicts).toEqual([{ kind: 'batch', batch: 0 }, { kind: 'buffer' }]);
    expect(plan.batches).toMatchObject([{ stored: true, added: [0], size: 3 }]);
    expect(plan.open).toMatchObject([{ stored: false, added: [1], size: 1, fireAt: new Date(NOW.getTime() + 60_000) }]);
  });
});
