import { describe, expect, it } from 'vitest';
import { ERROR_CLASSES } from '../src/core/outcome.ts';
import { decideRetry, type RetryPolicy, retryDelayMs } from '../src/core/retry.ts';

const POLICY: RetryPolicy = {
  maxAttempts: 5,
  strategy: 'exponential',
  initialDelaySecs: 2,
  maxDelaySecs: 60,
  delaysSecs: [],
  poisonPillThreshold: null,
};
const MIDDLE = () => 0.5;

function delays(policy: RetryPolicy): number[] {
  return [1, 2, 3, 4, 5, 6].map((attempt) => retryDelayMs(policy, attempt, MIDDLE) / 1_000);
}

describe('retry delays', () => {
  it.each([
    ['exponential', POLICY, [2, 4, 8, 16, 32, 60]],
    ['linear', { ...POLICY, strategy: 'linear' }, [2, 4, 6, 8, 10, 12]],
    ['fixed', { ...POLICY, strategy: 'fixed' }, [2, 2, 2, 2, 2, 2]],
    ['custom, the last one repeating', { ...POLICY, strategy: 'custom', delaysSecs: [1, 5, 30] }, [1, 5, 30, 30, 30, 30]],
    ['custom without delays', { ...POLICY, strategy: 'custom' }, [2, 2, 2, 2, 2, 2]],
    ['never under a second', { ...POLICY, strategy: 'fixed', initialDelaySecs: 0 }, [1, 1, 1, 1, 1, 1]],
  ] as const)('%s', (_name, policy, expected) => {
    expect(delays(policy)).toEqual(expected);
  });

  it('are spread by a fifth to both sides, and stay within an hour', () => {
    expect(retryDelayMs(POLICY, 3, () => 0)).toBe(6_400);
    expect(retryDelayMs(POLICY, 3, () => 0.999_999)).toBeCloseTo(9_600, -1);
    expect(retryDelayMs({ ...POLICY, maxDelaySecs: 3_600, initialDelaySecs: 3_600 }, 9, () => 0.99)).toBe(3_600_000);
  });
});

describe('the fate of a failed attempt', () => {
  const failure = { attempt: 1, errorClass: 'server', previousErrorClass: null } as const;

  it.each(ERROR_CLASSES)('%s', (errorClass) => {
    const permanent = errorClass === 'client' || errorClass === 'auth';

    expect(decideRetry(POLICY, { ...failure, errorClass }, MIDDLE)).toEqual(
      permanent ? { kind: 'permanent' } : { kind: 'retry', delayMs: 2_000 },
    );
  });

  it('is exhausted at the last attempt', () => {
    expect(decideRetry(POLICY, { ...failure, attempt: 5 }, MIDDLE)).toEqual({ kind: 'exhausted' });
  });

  it('waits as long as the executor asked, up to an hour', () => {
    expect(decideRetry(POLICY, { ...failure, retryAfterMs: 30_000 }, MIDDLE)).toEqual({ kind: 'retry', delayMs: 30_000 });
    expect(decideRetry(POLICY, { ...failure, retryAfterMs: 1 }, MIDDLE)).toEqual({ kind: 'retry', delayMs: 2_000 });
    expect(decideRetry(POLICY, { ...failure, retryAfterMs: 10 ** 9 }, MIDDLE)).toEqual({ kind: 'retry', delayMs: 3_600_000 });
  });

  it('is exhausted when a poison pill shows the same class twice in a row', () => {
    const policy = { ...POLICY, poisonPillThreshold: 3 };

    expect(decideRetry(policy, { attempt: 3, errorClass: 'server', previousErrorClass: 'server' }, MIDDLE)).toEqual({
      kind: 'exhausted',
    });
    expect(decideRetry(policy, { attempt: 3, errorClass: 'server', previousErrorClass: 'transient' }, MIDDLE).kind).toBe('retry');
    expect(decideRetry(policy, { attempt: 2, errorClass: 'server', previousErrorClass: 'server' }, MIDDLE).kind).toBe('retry');
  });
});
