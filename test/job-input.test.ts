import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { CreateJobInput, UpdateJobInput } from '../src/domain/jobs/job-input.ts';

const MINIMAL = { slug: 'resize', name: 'Resize', endpointUrl: 'https://example.com/run' };
const INT32 = 2_147_483_647;

function pairs(count: number, key = 1, value = 1): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [String(i).padStart(key, 'k'), 'v'.repeat(value)]));
}

/** Field, values at its limits, values just beyond them. */
const LIMITS: readonly [string, readonly unknown[], readonly unknown[]][] = [
  [
    'slug',
    ['a', '0', 'a_b-c', 'a'.repeat(128)],
    ['', '-a', '_a', 'A', 'a b', 'ä', 'a'.repeat(129), 'a\n', '0190b6a0-0000-7000-8000-000000000000', 1, null],
  ],
  ['name', ['x', 'x'.repeat(255)], ['', ' ', 'x'.repeat(256), 'a\0b', '\ud800', 1, null]],
  [
    'endpointUrl',
    ['https://example.com', `https://example.com/${'x'.repeat(2_028)}`],
    ['', `https://example.com/${'x'.repeat(2_029)}`, 1, null],
  ],
  ['description', ['', 'x'.repeat(10_000)], ['x'.repeat(10_001), 'a\0b', 1]],
  ['enabled', [true, false], [0, 'true']],
  ['imageUri', ['exec:x', `exec:${'x'.repeat(2_043)}`], ['', `exec:${'x'.repeat(2_044)}`, 'exec:\0', 'exec:\ud800', 1]],
  ['executionMode', ['http'], ['MANAGED', 'HTTP', 1]],
  ['machinePreset', ['micro', 'small-1x', 'large-2x'], ['tiny', 'MICRO', 1]],
  ['maxAttempts', [1, 100], [0, 101, 1.5, '3', Number.NaN]],
  ['timeoutSecs', [1, 86_400], [0, 86_401, 0.5]],
  ['heartbeatTimeoutSecs', [1, 86_400], [0, 86_401]],
  ['retryStrategy', ['exponential', 'linear', 'fixed'], ['random', 1]],
  ['retryInitialDelaySecs', [0, 3_600], [-1, 3_601]],
  ['retryMaxDelaySecs', [1, 3_600], [0, 3_601]],
  [
    'retryDelaysSecs',
    [[], [1, 3_600], Array.from({ length: 100 }, () => 1)],
    [[0], [3_601], [1.5], Array.from({ length: 101 }, () => 1), 1],
  ],
  ['retryPriorityBoost', [0, 10], [-1, 11]],
  ['poisonPillThreshold', [2, INT32, null], [1, INT32 + 1]],
  ['maxConcurrency', [1, INT32, null], [0, INT32 + 1]],
  ['maxConcurrencyPerKey', [1, INT32, null], [0, INT32 + 1]],
  ['runTtlSecs', [1, INT32, null], [0, INT32 + 1]],
  ['rateLimitMax', [1, INT32, null], [0, INT32 + 1]],
  ['rateLimitWindowSecs', [1, 86_400, null], [0, 86_401]],
  ['dedupWindowSecs', [1, 604_800, null], [0, 604_801]],
  ['debounceWindowSecs', [1, 86_400, null], [0, 86_401]],
  ['batchWindowSecs', [1, 86_400, null], [0, 86_401]],
  ['batchMaxSize', [1, 1_000, null], [0, 1_001]],
  ['executionWindowCron', ['* * * * *', 'x'.repeat(256), null], ['', 'x'.repeat(257), 1]],
  ['timezone', ['UTC', 'x'.repeat(64)], ['', 'x'.repeat(65), 1]],
  ['versionPolicy', ['pin', 'latest', 'minor'], ['newest', 1]],
  [
    'payloadSchema',
    [{}, { type: 'object' }, null],
    [true, [], 'object', { a: 'x\0' }, JSON.parse('{"properties":{"__proto__":{}}}')],
  ],
  ['resultSchema', [{}, null], [false, []]],
  [
    'webhookUrl',
    ['https://example.com', `https://example.com/${'x'.repeat(2_028)}`, null],
    ['', `https://example.com/${'x'.repeat(2_029)}`, 1],
  ],
  [
    'webhookSecret',
    ['x'.repeat(16), 'x'.repeat(256), `whsec_${'A'.repeat(32)}`, null],
    ['x'.repeat(15), 'x'.repeat(257), 'ä'.repeat(16), `whsec_${'A'.repeat(30)}`, `whsec_${'-'.repeat(32)}`, 1],
  ],
  [
    'tags',
    [{}, pairs(20), pairs(1, 64, 256), { a: '' }],
    [pairs(21), pairs(1, 65), pairs(1, 1, 257), { '': 'a' }, { a: 1 }, [], JSON.parse('{"__proto__":"a"}'), { a: '\0' }],
  ],
  [
    'defaultRunMetadata',
    [{}, pairs(50), pairs(1, 128, 1_024)],
    [pairs(51), pairs(1, 129), pairs(1, 1, 1_025), { a: 1 }, { 'a\0': 'b' }],
  ],
];

describe.each([
  ['CreateJobInput', CreateJobInput, MINIMAL],
  ['UpdateJobInput', UpdateJobInput, {}],
] as const)('%s', (_, schema, base) => {
  it.each(LIMITS)('takes %s up to its limits', (field, good) => {
    const refused = good.filter((value) => !schema.safeParse({ ...base, [field]: value }).success);

    expect(refused).toEqual([]);
  });

  it.each(LIMITS)('refuses %s beyond them, by its name', (field, _good, bad) => {
    for (const value of bad) {
      const { error } = schema.safeParse({ ...base, [field]: value });
      expect(error?.issues[0]?.path[0], JSON.stringify(value)).toBe(field);
    }
  });

  it('refuses unknown fields', () => {
    expect(schema.safeParse({ ...base, name: 'x', retries: 3 }).error?.issues[0]).toMatchObject({
      code: 'unrecognized_keys',
      keys: ['retries'],
    });
  });

  it('describes every field', () => {
    const { properties } = z.toJSONSchema(schema, { io: 'input' });

    const silent = Object.entries(properties ?? {}).filter(
      ([, property]) => typeof property !== 'object' || !property.description?.endsWith('.'),
    );
    expect(silent).toEqual([]);
  });
});

describe('CreateJobInput', () => {
  it('takes the least', () => {
    expect(CreateJobInput.parse(MINIMAL)).toEqual(MINIMAL);
  });

  it.each(['slug', 'name', 'endpointUrl'])('needs %s', (field) => {
    expect(CreateJobInput.safeParse({ ...MINIMAL, [field]: undefined }).error?.issues[0]?.path).toEqual([field]);
  });

  it('takes null for a default', () => {
    expect(
      CreateJobInput.safeParse({ ...MINIMAL, maxAttempts: null, tags: null, payloadSchema: null, projectId: null }).success,
    ).toBe(true);
  });

  it('takes objects without a prototype, as GraphQL makes them', () => {
    const tags: Record<string, string> = Object.assign(Object.create(null), { team: 'images' });
    const input: unknown = Object.assign(Object.create(null), { ...MINIMAL, tags });

    expect(CreateJobInput.parse(input).tags).toEqual({ team: 'images' });
  });

  it('needs the place of the code that the execution mode is about', () => {
    const managed = { slug: 'count', name: 'Count', executionMode: 'managed' };

    expect(CreateJobInput.safeParse({ ...managed, endpointUrl: 'https://example.com' }).error?.issues[0]).toMatchObject({
      path: ['imageUri'],
      message: 'is required with the execution mode "managed"',
    });
    expect(CreateJobInput.safeParse({ ...managed, imageUri: 'exec:count' }).success).toBe(true);
  });

  it('leaves to Baton the metadata that Baton reads', () => {
    const { error } = CreateJobInput.safeParse({ ...MINIMAL, defaultRunMetadata: { _preset_override: 'large-2x' } });

    expect(error?.issues[0]?.message).toContain('Baton writes these itself');
  });

  it('needs delays for the strategy that is made of them', () => {
    expect(CreateJobInput.safeParse({ ...MINIMAL, retryStrategy: 'custom' }).error?.issues[0]?.path).toEqual(['retryDelaysSecs']);
    expect(CreateJobInput.safeParse({ ...MINIMAL, retryStrategy: 'custom', retryDelaysSecs: [5] }).success).toBe(true);
  });
});

describe('UpdateJobInput', () => {
  it.each([{}, { expectedVersion: 1 }, { name: undefined }])('needs a change in %j', (input) => {
    expect(UpdateJobInput.safeParse(input).error?.issues[0]?.message).toBe('must change at least one field');
  });

  it('fills in nothing', () => {
    expect(UpdateJobInput.parse({ name: 'New', poisonPillThreshold: null })).toEqual({ name: 'New', poisonPillThreshold: null });
  });

  it.each(['maxAttempts', 'enabled', 'tags', 'description'])('refuses to clear %s, which cannot be empty', (field) => {
    expect(UpdateJobInput.safeParse({ [field]: null }).error?.issues[0]?.path).toEqual([field]);
  });

  it('keeps a job in its project', () => {
    expect(UpdateJobInput.safeParse({ name: 'x', projectId: 'other' }).success).toBe(false);
  });
});
