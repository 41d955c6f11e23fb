import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import {
  buildSchema,
  findBreakingChanges,
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
  lexicographicSortSchema,
  printSchema,
  validateSchema,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { schema } from '../graphql/schema.ts';
import { ERROR_CODES } from '../src/core/errors.ts';
import { RUN_STATUSES } from '../src/core/run-state.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const committed = readFileSync(`${ROOT}graphql/schema.graphql`, 'utf8');
const types = Object.values(schema.getTypeMap()).filter((type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type));

/** Every place of the schema that can have a description, with the description it has. */
function* places(type: GraphQLNamedType): Generator<readonly [coordinate: string, description: string | null | undefined]> {
  yield [type.name, type.description];
  if (isEnumType(type)) for (const value of type.getValues()) yield [`${type.name}.${value.name}`, value.description];
  if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) return;
  for (const field of Object.values(type.getFields())) {
    yield [`${type.name}.${field.name}`, field.description];
    if ('args' in field) for (const arg of field.args) yield [`${type.name}.${field.name}(${arg.name}:)`, arg.description];
  }
}

function sources(): string[] {
  return readdirSync(`${ROOT}graphql`, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
}

describe('the schema', () => {
  it('is valid', () => {
    expect(validateSchema(schema)).toEqual([]);
  });

  it('does not break what is committed', () => {
    // Fields and values that are still in use are deprecated first; a break that is meant is committed with the new schema.graphql.
    expect(findBreakingChanges(buildSchema(committed), schema)).toEqual([]);
  });

  it('is what graphql/schema.graphql says', () => {
    expect(`${printSchema(lexicographicSortSchema(schema))}\n`, 'stale: run `node scripts/print-schema.ts`').toBe(committed);
  });

  it('describes every type, field, argument and value in a sentence', () => {
    const silent = types.flatMap((type) => [...places(type)]).filter(([, description]) => !description?.trim());

    expect(silent.map(([coordinate]) => coordinate)).toEqual([]);
  });

  it('names fields and arguments in camelCase and enum values in capitals', () => {
    const odd = types.flatMap((type) => {
      if (isEnumType(type)) return type.getValues().filter(({ name }) => !/^[A-Z]+(_[A-Z0-9]+)*$/.test(name));
      if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) return [];
      return Object.values(type.getFields()).filter(({ name }) => !/^[a-z]+\d*([A-Z][a-z]*\d*)*$/.test(name));
    });

    expect(odd.map(({ name }) => name)).toEqual([]);
  });

  it('has every status of a run and every code of an error', () => {
    const valuesOf = (name: string) => {
      const type = schema.getType(name);
      return isEnumType(type) ? type.getValues().map((value) => value.name) : [];
    };

    expect(valuesOf('RunStatus').sort()).toEqual(RUN_STATUSES.map((status) => status.toUpperCase()).sort());
    expect(valuesOf('ErrorCode').sort()).toEqual([...ERROR_CODES].sort());
  });

  it('shows no hash, no epoch, and no token but the one that was asked for', () => {
    const coordinates = types.flatMap((type) => [...places(type)]).map(([coordinate]) => coordinate);

    expect(coordinates.filter((name) => /\.(hash|epoch|token|secretHash)$/.test(name))).toEqual(['StreamToken.token']);
  });

  it('has lists that Relay can page', () => {
    for (const type of types.filter(({ name }) => name.endsWith('Connection'))) {
      if (!isObjectType(type)) throw new Error(`${type.name} is no object`);
      const { edges, pageInfo } = type.getFields();
      expect(`${edges?.type} ${pageInfo?.type}`).toBe(`[${type.name.replace(/Connection$/, 'Edge')}!]! PageInfo!`);
    }
    expect(String(schema.getType('PageInfo'))).toBe('PageInfo');
  });
});

describe('the code behind the schema', () => {
  it('writes nothing by Prisma and has no SQL', () => {
    const WRITES =
      /\b(prisma|tx)\.\w+\.(create|createMany|createManyAndReturn|update|updateMany|updateManyAndReturn|upsert|delete|deleteMany)\b/;
    const RAW =
      /\$(queryRaw|executeRaw|queryRawUnsafe|executeRawUnsafe|transaction)\b|\.query\(\s*['"`{]|\b(select|insert into|delete from) [\s\S]*?\bfrom\b/i;
    const faults = sources().flatMap((name) => {
      const text = readFileSync(`${ROOT}graphql/${name}`, 'utf8').replace(/\/\*\*[\s\S]*?\*\/|\/\/.*|'[^'\n]*'/g, '');
      return [WRITES, RAW].filter((pattern) => pattern.test(text)).map((pattern) => `${name}: ${pattern}`);
    });

    expect(sources().length).toBeGreaterThan(20);
    expect(faults).toEqual([]);
  });

  it('runs on one copy of graphql', () => {
    const packages = [
      '@pothos/core',
      '@pothos/plugin-prisma',
      '@pothos/plugin-relay',
      'graphql-yoga',
      'graphql-sse',
      'graphql-http',
    ];
    const here = createRequire(`${ROOT}package.json`);
    const copies = packages.map((name) => realpathSync(createRequire(here.resolve(name)).resolve('graphql')));

    expect(new Set([...copies, realpathSync(here.resolve('graphql'))]).size).toBe(1);
  });
});
