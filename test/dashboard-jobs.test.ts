import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Definition } from '../dashboard/src/jobs/documents.ts';
import { FIELDS } from '../dashboard/src/jobs/form/fields.ts';
import { readForm, valuesOf } from '../dashboard/src/jobs/form/form-values.ts';
import { retryWaits, wordsOf } from '../dashboard/src/jobs/job-words.ts';
import { NO_OPTIONS, optionGroups, readOptions } from '../dashboard/src/jobs/trigger/option-fields.ts';
import { checkPayload, faultsOfServer, fits } from '../dashboard/src/jobs/trigger/payload-faults.ts';
import { diffDefinitions } from '../dashboard/src/jobs/versions/definition-diff.ts';
import { diffLines } from '../dashboard/src/jobs/versions/line-diff.ts';
import { faultsOf } from '../dashboard/src/ui/form/read-field.ts';
import type { JsonObject, JsonValue } from '../src/core/json.ts';
import { CreateJobInput, JOB_DEFAULTS, UpdateJobInput } from '../src/domain/jobs/job-input.ts';
import { validate } from '../src/domain/jobs/json-schema.ts';

const JOB: Definition = {
  ...JOB_DEFAULTS,
  slug: 'pay',
  name: 'Pay',
  endpointUrl: 'https://example.com/pay',
  executionMode: 'HTTP',
  machinePreset: 'MICRO',
  retryStrategy: 'EXPONENTIAL',
  versionPolicy: 'PIN',
  retryDelaysSecs: [],
  tags: {},
  defaultRunMetadata: {},
};
const job = (over: Partial<Definition>): Definition => ({ ...JOB, ...over });

describe('the form of a job', () => {
  it('has a field for everything that a job can be created from and changed in', () => {
    const inForm = new Set<string>(FIELDS.map(({ name }) => name));
    const notThere = [...Object.keys(CreateJobInput.shape), ...Object.keys(UpdateJobInput.shape)].filter(
      (name) => !inForm.has(name),
    );

    // The project is that of the key; the other two belong to a change, not to the job.
    expect(new Set(notThere)).toEqual(new Set(['projectId', 'backwardsCompatible', 'expectedVersion']));
  });

  it('sends of a new job what was filled in', () => {
    const values = { ...valuesOf(null), name: 'Pay', slug: 'pay', endpointUrl: ' https://example.com/pay ', maxConcurrency: '5' };

    expect(readForm(values, null)).toEqual({
      input: {
        name: 'Pay',
        slug: 'pay',
        enabled: true,
        executionMode: 'HTTP',
        endpointUrl: 'https://example.com/pay',
        versionPolicy: 'PIN',
        retryStrategy: 'EXPONENTIAL',
        maxConcurrency: 5,
      },
      faults: {},
    });
  });

  it('sends of a job that is there what has changed, and null for what was emptied', () => {
    const before = valuesOf({
      ...job({ maxConcurrency: 5, tags: { team: 'core' }, payloadSchema: { type: 'object' } }),
      enabled: true,
    });
    expect(readForm(before, before)).toEqual({ input: {}, faults: {} });

    const after = { ...before, maxConcurrency: '', timeoutSecs: '60', tags: [], payloadSchema: '', enabled: false };
    expect(readForm(after, before).input).toEqual({
      maxConcurrency: null,
      timeoutSecs: 60,
      tags: {},
      payloadSchema: null,
      enabled: false,
    });
  });

  it('says what cannot be read at the field that it is in', () => {
    const values = {
      ...valuesOf(null),
      slug: 'pay',
      maxAttempts: '3 times',
      retryStrategy: 'CUSTOM',
      retryDelaysSecs: '1, x',
      payloadSchema: '[]',
      resultSchema: '{',
      tags: [['', 'core']] as const,
      defaultRunMetadata: [
        ['a', '1'],
        ['a', '2'],
      ] as const,
    };

    expect(readForm(values, null).faults).toEqual({
      name: 'is required',
      endpointUrl: 'is required',
      maxAttempts: expect.stringContaining('“3 times”'),
      retryDelaysSecs: expect.stringContaining('“x”'),
      payloadSchema: 'must be a JSON object',
      resultSchema: expect.stringContaining('is not JSON'),
      tags: 'every value needs a name',
      defaultRunMetadata: 'a name is there twice',
    });
  });

  it('asks for the place of the code that the mode needs, and for no other', () => {
    const managed = { ...valuesOf(null), name: 'x', slug: 'x', executionMode: 'MANAGED', endpointUrl: 'left over' };

    expect(readForm(managed, null)).toMatchObject({ faults: { imageUri: 'is required' }, input: { machinePreset: 'MICRO' } });
    expect(readForm(managed, null).input).not.toHaveProperty('endpointUrl');
  });

  it('puts what the server says to the fields it is about', () => {
    const details = [
      { path: 'endpoint_url', message: 'is private' },
      { path: 'tags.team', message: 'is too long' },
      { path: 'unknown', message: 'x' },
    ];

    expect(faultsOf(details, FIELDS)).toEqual({ endpointUrl: 'is private', tags: 'team: is too long' });
  });
});

describe('the words of a job', () => {
  it('tells the waits between attempts as the server takes them', () => {
    expect(retryWaits(job({ maxAttempts: 5, retryInitialDelaySecs: 10, retryMaxDelaySecs: 60 }))).toEqual([10, 20, 40, 60]);
    expect(retryWaits(job({ maxAttempts: 4, retryStrategy: 'LINEAR', retryInitialDelaySecs: 10 }))).toEqual([10, 20, 30]);
    expect(retryWaits(job({ maxAttempts: 3, retryStrategy: 'FIXED', retryInitialDelaySecs: 0 }))).toEqual([1, 1]);
    expect(retryWaits(job({ maxAttempts: 4, retryStrategy: 'CUSTOM', retryDelaysSecs: [5, 60] }))).toEqual([5, 60, 60]);
    expect(retryWaits(job({ maxAttempts: 1 }))).toEqual([]);
  });

  it('says it in sentences', () => {
    const said = wordsOf(
      job({ maxAttempts: 3, maxConcurrency: 1, rateLimitMax: 100, rateLimitWindowSecs: 60, timeoutSecs: 300 }),
    );
    const facts = new Map(
      said.flatMap(({ title, facts }) => facts.map(([name, value]) => [`${title}: ${name}`, value] as const)),
    );

    expect(facts.get('Retries: Waits between attempts')).toBe('about 1 s, 2 s');
    expect(facts.get('Limits: At once')).toBe('1 run');
    expect(facts.get('Limits: Triggers')).toBe('100 triggers within 1 min; more are refused');
    expect(facts.get('Timeouts: An attempt may take')).toBe('5 min');
    expect(facts.get('Webhook: On every ending')).toBe('tells nobody');
  });
});

describe('the difference of two versions', () => {
  it('names the fields that changed, with words for what was chosen', () => {
    const changes = diffDefinitions(
      job({ timeoutSecs: 300, payloadSchema: { type: 'object' } }),
      job({ timeoutSecs: 60, versionPolicy: 'LATEST', payloadSchema: { type: 'object', required: ['a'] } }),
    );

    expect(changes.map(({ label, before, after, lines }) => [label, before, after, lines === null])).toEqual([
      ['Version a run executes', 'the one it was triggered under', 'the newest', true],
      ['Timeout', '300', '60', true],
      ['Schema of the payload', expect.any(String), expect.any(String), false],
    ]);
    expect(diffDefinitions(JOB, JOB)).toEqual([]);
  });

  it('turns one text into the other, line by line', () => {
    const line = fc.constantFrom('a', 'b', 'c');
    fc.assert(
      fc.property(fc.array(line, { minLength: 1 }), fc.array(line, { minLength: 1 }), (before, after) => {
        const lines = diffLines(before.join('\n'), after.join('\n'));
        expect(lines.filter(({ kind }) => kind !== 'added').map(({ text }) => text)).toEqual(before);
        expect(lines.filter(({ kind }) => kind !== 'removed').map(({ text }) => text)).toEqual(after);
      }),
    );
    expect(diffLines('a\nb\nc', 'a\nx\nc').map(({ kind }) => kind)).toEqual(['same', 'removed', 'added', 'same']);
  });
});

const ORDER = {
  type: 'object',
  required: ['customer', 'items'],
  additionalProperties: false,
  properties: {
    customer: { $ref: '#/$defs/customer' },
    items: { type: 'array', minItems: 1, items: { type: 'object', required: ['sku'], properties: { quantity: { minimum: 1 } } } },
    paid: { oneOf: [{ type: 'boolean' }, { type: 'object', required: ['by'], properties: { by: { type: 'string' } } }] },
    currency: { enum: ['EUR', 'USD'] },
  },
  $defs: {
    customer: { type: 'object', required: ['id'], properties: { id: { type: 'string', minLength: 1 }, 'a/b': { const: 1 } } },
  },
} satisfies JsonObject;

describe('what is wrong with a payload', () => {
  it('is told at the place where it is', () => {
    const payload = {
      customer: { id: '', 'a/b': 2 },
      items: [{ sku: 'a' }, { quantity: 0 }],
      currency: 'GBP',
      extra: 1,
      paid: {},
    };
    const told = checkPayload(ORDER, payload).map(({ path, message }) => [path.join('.'), message]);

    expect(told.sort()).toEqual([
      ['currency', 'must be one of "EUR", "USD"'],
      ['customer.a/b', 'must be 1'],
      ['customer.id', 'must not be empty'],
      ['extra', 'is not allowed by the schema'],
      ['items.1.quantity', 'must be at least 1'],
      ['items.1.sku', 'is required'],
      ['paid', 'must match exactly one of what is allowed here'],
    ]);
    expect(checkPayload(ORDER, { customer: { id: 'x' }, items: [] })).toEqual([
      { path: ['items'], message: 'must have at least 1 item' },
    ]);
    expect(checkPayload(ORDER, undefined)).toEqual([{ path: [], message: expect.stringContaining('an object') }]);
  });

  it('is wrong for the server, too, and the other way round', () => {
    const values: readonly JsonValue[] = [
      { customer: { id: 'x' }, items: [{ sku: 'a', quantity: 2 }], currency: 'EUR', paid: true },
      { customer: { id: 'x' }, items: [{ sku: 'a' }], paid: { by: 'card' } },
      { customer: {}, items: [{ sku: 'a' }] },
      { customer: { id: 'x' }, items: [{ sku: 'a', quantity: 0 }] },
      { customer: { id: 'x' }, items: [], more: 1 },
      { customer: { id: 'x' } },
      [],
      null,
    ];
    for (const value of values) {
      expect(checkPayload(ORDER, value).length === 0, JSON.stringify(value)).toBe(validate(ORDER, value).length === 0);
    }
  });

  it('leaves a schema as it was, and what cannot be judged to the server', () => {
    const schema = Object.freeze({ ...ORDER });
    checkPayload(schema, {});
    expect(Object.getOwnPropertyNames(schema)).toEqual(Object.keys(ORDER));
    expect(checkPayload({ $ref: 'https://elsewhere.example/schema' }, 1)).toEqual([]);
  });

  it('is judged for a part of a schema by the references of the whole', () => {
    const part = { properties: { customer: { $ref: '#/$defs/customer' } } };

    expect(fits(part, { customer: { id: 'x' } }, ORDER)).toBe(true);
    expect(fits(part, { customer: { id: '' } }, ORDER)).toBe(false);
  });

  it('is taken from the server by its path', () => {
    const details = [
      { path: 'payload.customer.id', message: 'is required' },
      { path: 'priority', message: 'is too high' },
      { path: 'payload', message: 'must be object' },
    ];

    expect(faultsOfServer(details)).toEqual([
      { path: ['customer', 'id'], message: 'is required' },
      { path: [], message: 'must be object' },
    ]);
  });
});

describe('the options of a trigger', () => {
  const groups = optionGroups({ debounceWindowSecs: null, batchWindowSecs: 60 });

  it('say nothing when nothing was said', () => {
    expect(readOptions(groups, NO_OPTIONS, 0)).toEqual({ input: {}, faults: {} });
  });

  it('are what the API takes: a delay is a moment', () => {
    const values = {
      ...NO_OPTIONS,
      start: 'delay',
      delaySecs: '90',
      priority: '5',
      tags: [['team', 'core']] as const,
      batchKey: 'a',
    };

    expect(readOptions(groups, values, Date.UTC(2026, 0, 1))).toEqual({
      input: { scheduledAt: '2026-01-01T00:01:30.000Z', priority: 5, tags: { team: 'core' }, batchKey: 'a' },
      faults: {},
    });
    expect(readOptions(groups, { ...values, delaySecs: '' }, 0).faults).toEqual({ delaySecs: 'is required' });
    expect(readOptions(groups, { ...values, start: 'now', debounceKey: 'ignored by the job' }, 0).input).not.toHaveProperty(
      'debounceKey',
    );
  });
});
