import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject, JsonValue } from '../src/core/json.ts';
import { checkSchema, MAX_PATTERN_LENGTH, MAX_SCHEMA_LENGTH, validate } from '../src/domain/jobs/json-schema.ts';

/** 2^40 ways through 41 definitions. */
function exponentialSchema(): JsonObject {
  const levels = Array.from({ length: 40 }, (_, i): [string, JsonValue] => {
    const next = { $ref: `#/$defs/d${i + 1}` };
    return [`d${i}`, { properties: { x: { allOf: [next, next] } } }];
  });
  return { $defs: { ...Object.fromEntries(levels), d40: {} }, $ref: '#/$defs/d0' };
}

function nested(depth: number, key: string): JsonValue {
  let value: JsonValue = 1;
  for (let i = 0; i < depth; i += 1) value = { [key]: value };
  return value;
}

describe('checkSchema', () => {
  it.each<[string, JsonObject]>([
    ['an empty schema', {}],
    ['the dialect by name', { $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object' }],
    [
      'references within the schema',
      { $defs: { id: { type: 'string' } }, properties: { a: { $ref: '#/$defs/id' }, b: { $ref: '#/$defs/id' } } },
    ],
    ['a tree that refers to itself one level down', { properties: { kids: { type: 'array', items: { $ref: '#' } } } }],
    ['an id of its own', { $id: 'https://example.com/order', properties: { a: { $ref: '#/$defs/b' } }, $defs: { b: true } }],
    ['unknown keywords and formats', { 'x-order': 1, format: 'shoe-size' }],
    ['a property called $ref', { properties: { $ref: { type: 'string' } } }],
    ['a pattern of the greatest length', { pattern: 'a'.repeat(MAX_PATTERN_LENGTH) }],
    ['the greatest length', { $comment: 'x'.repeat(MAX_SCHEMA_LENGTH - '{"$comment":""}'.length) }],
  ])('accepts %s', (_, schema) => {
    expect(checkSchema(schema)).toBeNull();
  });

  it.each<[string, JsonObject, string]>([
    ['a wrong type, saying where', { properties: { a: { type: 'strin' } } }, 'the schema.properties.a.type must be one of'],
    ['another dialect', { $schema: 'http://json-schema.org/draft-07/schema#' }, '$schema must be'],
    ['a reference to another document', { $ref: 'https://example.com/x.json' }, 'refers to "https://example.com/x.json"'],
    ['a reference to nothing', { $ref: '#/$defs/none' }, 'which it does not contain'],
    ['a reference in a circle', { $ref: '#' }, 'refers to itself in a circle'],
    ['a circle for one type only', { if: { not: { type: 'array' } }, else: { $ref: '#' } }, 'refers to itself in a circle'],
    ['$async, which would answer with a promise', { $async: true, type: 'string' }, '$async is not supported'],
    ['$async in a part', { $defs: { a: { $async: true } }, $ref: '#/$defs/a' }, 'async'],
    ['a pattern that is none', { pattern: '(' }, 'Invalid regular expression'],
    ['a longer pattern', { pattern: 'a'.repeat(MAX_PATTERN_LENGTH + 1) }, 'at most 512 characters'],
    [
      'a longer key of patternProperties',
      { patternProperties: { ['a'.repeat(MAX_PATTERN_LENGTH + 1)]: {} } },
      'at most 512 characters',
    ],
    [
      'one character more',
      { $comment: 'x'.repeat(MAX_SCHEMA_LENGTH - '{"$comment":""}'.length + 1) },
      'at most 32768 characters',
    ],
    ['more depth than JSON of ours may have', nested(65, 'not') as JsonObject, 'nested deeper'],
    ['a NUL', { const: 'a\0' }, 'const contains a NUL'],
    ['two parts of one name', { $defs: { a: { $anchor: 'x' }, b: { $anchor: 'x' } } }, 'resolves to more than one schema'],
  ])('refuses %s', (_, schema, words) => {
    expect(checkSchema(schema)).toContain(words);
  });

  it('refuses a schema that multiplies with every level', () => {
    const levels = Array.from({ length: 40 }, (_, i): [string, JsonValue] => {
      const next = { $ref: `#/$defs/d${i + 1}` };
      return [`d${i}`, { allOf: [next, next] }];
    });

    expect(checkSchema({ $defs: { ...Object.fromEntries(levels), d40: {} }, $ref: '#/$defs/d0' })).toBe(
      'takes too long: make it smaller, or refer to its parts less often',
    );
  });

  it('refuses more rules in a row than can be compiled', () => {
    // A slow machine runs out of time before it runs out of stack.
    expect(checkSchema({ allOf: Array.from({ length: 1_800 }, () => ({ minLength: 1 })) })).toMatch(
      /is too complex|takes too long/,
    );
  });

  it('lets two schemas with one $id differ', () => {
    const first = { $id: 'https://example.com/same', type: 'string' };
    const second = { $id: 'https://example.com/same', type: 'number' };

    expect([checkSchema(first), checkSchema(second)]).toEqual([null, null]);
    expect(validate(first, 'a')).toEqual([]);
    expect(validate(second, 'a')).toEqual([{ path: 'payload', message: 'must be number' }]);
  });

  it('never throws, whatever the schema', () => {
    const keyword = fc.constantFrom(
      'type',
      'items',
      'properties',
      'pattern',
      '$ref',
      '$id',
      '$anchor',
      'required',
      'enum',
      'not',
      'format',
      'minimum',
      'if',
      '$dynamicRef',
      'nullable',
      'id',
      'discriminator',
    );
    const { schema } = fc.letrec((tie) => ({
      value: fc.oneof(
        fc.constantFrom<JsonValue>(null, true, 0, -1, 1.5, '', '#', '(', 'string', 'https://example.com'),
        fc.array(tie('value'), { maxLength: 3 }),
        tie('schema'),
      ),
      schema: fc.dictionary(keyword, tie('value'), { maxKeys: 4 }),
    }));

    fc.assert(
      fc.property(schema, (value) => {
        const checked = value as JsonObject; // a dictionary of JSON values
        if (checkSchema(checked) !== null) return;
        for (const probe of [null, 1, 'a', [1, 'a'], { a: { b: 1 } }]) expect(validate(checked, probe)).toBeInstanceOf(Array);
      }),
      { numRuns: 300 },
    );
  });
});

describe('validate', () => {
  it('answers nothing for a valid value', () => {
    expect(validate({ type: 'object', required: ['a'], properties: { a: { type: 'integer' } } }, { a: 1 })).toEqual([]);
  });

  it.each<[string, JsonObject, JsonValue, string, string]>([
    [
      'a wrong type',
      { properties: { customer: { properties: { id: { type: 'integer' } } } } },
      { customer: { id: 'x' } },
      'payload.customer.id',
      'must be integer',
    ],
    [
      'an item',
      { properties: { items: { items: { type: 'string' } } } },
      { items: ['a', 1] },
      'payload.items.1',
      'must be string',
    ],
    ['a missing field', { properties: { a: { required: ['b'] } } }, { a: {} }, 'payload.a.b', 'is required'],
    ['an inherited field', { required: ['toString'] }, {}, 'payload.toString', 'is required'],
    ['an extra field', { additionalProperties: false }, { extra: 1 }, 'payload.extra', 'is not allowed by the schema'],
    [
      'an unevaluated field',
      { allOf: [{ properties: { a: {} } }], unevaluatedProperties: false },
      { a: 1, b: 1 },
      'payload.b',
      'is not allowed by the schema',
    ],
    ['a forbidden field', { properties: { a: false } }, { a: 1 }, 'payload.a', 'is not allowed by the schema'],
    ['a value outside an enum', { enum: ['a', 1] }, 'b', 'payload', 'must be one of ["a",1]'],
    ['another constant', { const: { a: 1 } }, 1, 'payload', 'must be {"a":1}'],
    ['a format', { format: 'date-time' }, 'yesterday', 'payload', 'must match format "date-time"'],
    [
      'a key that needs escaping',
      { properties: { 'a/b~c': { type: 'string' } } },
      { 'a/b~c': 1 },
      'payload.a/b~c',
      'must be string',
    ],
  ])('names %s', (_, schema, value, path, message) => {
    expect(validate(schema, value)).toEqual([{ path, message }]);
  });

  it('starts paths with the given root', () => {
    expect(validate({ required: ['a'] }, {}, 'result')).toEqual([{ path: 'result.a', message: 'is required' }]);
  });

  it('takes 0.07 for a multiple of 0.01', () => {
    expect(validate({ multipleOf: 0.01 }, 0.07)).toEqual([]);
  });

  it('leaves the value as it is', () => {
    const value = { a: '1' };

    validate({ properties: { a: { type: 'integer', default: 2 }, b: { default: 3 } }, additionalProperties: false }, value);

    expect(value).toEqual({ a: '1' });
  });

  it('says little about much that is wrong', () => {
    const many = { items: { anyOf: Array.from({ length: 100 }, (_, i) => ({ const: i })) } };
    const longKey = validate({ additionalProperties: false }, { ['k'.repeat(100_000)]: 1 });

    expect(
      validate(
        many,
        Array.from({ length: 1_000 }, () => 'x'),
      ),
    ).toHaveLength(20);
    expect(longKey[0]?.path.length).toBeLessThan(200);
  });

  it.each<[string, JsonObject, JsonValue]>([
    ['a pattern that backtracks', { properties: { a: { pattern: '^(a+)+$' } } }, { a: `${'a'.repeat(60)}!` }],
    ['a pattern of keys that backtracks', { patternProperties: { '^(a+)+$': {} } }, { [`${'a'.repeat(60)}!`]: 1 }],
    [
      'a comparison of all pairs',
      { allOf: Array.from({ length: 20 }, () => ({ uniqueItems: true })) },
      Array.from({ length: 4_000 }, (_, a) => ({ a })),
    ],
    ['a schema that multiplies with the depth of the value', exponentialSchema(), nested(40, 'x')],
    [
      'many rules for many items',
      { items: { allOf: Array.from({ length: 900 }, () => ({ minLength: 1 })) } },
      Array.from({ length: 1_000_000 }, () => 'abc'),
    ],
  ])('gives up on %s', (_, schema, value) => {
    expect(checkSchema(schema)).toBeNull();
    expect(validate(schema, value)).toEqual([{ path: 'payload', message: 'could not be checked against the schema in time' }]);
  });

  it('works on after it has given up', () => {
    const schema = { properties: { a: { pattern: '^(a+)+$' } } };

    expect(validate(schema, { a: `${'a'.repeat(60)}!` })).toHaveLength(1);
    expect(validate(schema, { a: 'aaa' })).toEqual([]);
  });

  it('survives a circle of references that the check could not see', () => {
    const schema = { if: { not: { type: 'object', required: ['x'] } }, else: { $ref: '#' } };

    expect(checkSchema(schema)).toBeNull();
    expect(validate(schema, { x: 1 })).toEqual([
      { path: 'payload', message: 'could not be checked: the schema is too complex, or refers to itself in a circle' },
    ]);
  });

  it('uses a large plain value in full', () => {
    const schema = { items: { type: 'object', required: ['x'] } };
    const items: JsonValue[] = Array.from({ length: 100_000 }, (_, x) => ({ x }));

    expect(validate(schema, items)).toEqual([]);
    expect(validate(schema, [...items, {}])).toEqual([{ path: 'payload.100000.x', message: 'is required' }]);
  });

  it('keeps apart more schemas than it remembers', () => {
    const schemas = Array.from({ length: 600 }, (_, i) => ({ const: i }));

    for (const round of [1, 2]) {
      const faults = schemas.filter(
        (schema, i) => validate({ ...schema }, i).length > 0 || validate({ ...schema }, -round).length === 0,
      );
      expect(faults).toEqual([]);
    }
  });
});
