import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getDatamodel } from '../generated/pothos.ts';
import { MIGRATIONS_TABLE } from '../src/db/migrate.ts';
import { createTestDatabase, type TestDatabase } from './support/database.ts';
import { type PrismaField, type PrismaModel, parsePrismaSchema } from './support/prisma-schema.ts';

/** What Postgres calls the type of a field, by its Prisma type and its `@db.` attribute. */
const TYPES: Readonly<Record<string, string>> = {
  String: 'text',
  'String Uuid': 'uuid',
  Int: 'int4',
  BigInt: 'int8',
  Boolean: 'bool',
  'DateTime Timestamptz(6)': 'timestamptz',
  'DateTime Date': 'date',
  Json: 'jsonb',
  'Json Json': 'json',
  Bytes: 'bytea',
};

interface Column {
  readonly name: string;
  readonly type: string;
  readonly isList: boolean;
  readonly isNullable: boolean;
  readonly hasDefault: boolean;
}

let models: PrismaModel[];
let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  models = parsePrismaSchema(await readFile(new URL('../schema.prisma', import.meta.url), 'utf8'));
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

describe('schema.prisma', () => {
  it('has a model for every table, and no other', async () => {
    const { rows } = await client.query<{ name: string }>(
      "select table_name as name from information_schema.tables where table_schema = 'public' and table_name <> $1",
      [MIGRATIONS_TABLE],
    );

    expect(models.map(({ table }) => table).sort()).toEqual(rows.map(({ name }) => name).sort());
  });

  it('agrees with the database on every column: name, type, list, null, default', async () => {
    const { rows } = await client.query<Column & { table: string }>(`
      select table_name as "table", column_name as name, ltrim(udt_name, '_') as type, data_type = 'ARRAY' as "isList",
        is_nullable = 'YES' as "isNullable", column_default is not null or is_generated = 'ALWAYS' as "hasDefault"
      from information_schema.columns where table_schema = 'public' and table_name <> '${MIGRATIONS_TABLE}'`);

    const inDatabase = rows.map(({ table, ...column }) => [`${table}.${column.name}`, column]);
    const inSchema = models.flatMap((model) => columnsOf(model).map((column) => [`${model.table}.${column.name}`, column]));

    expect(inSchema.length).toBeGreaterThan(100);
    expect(Object.fromEntries(inSchema)).toEqual(Object.fromEntries(inDatabase));
  });

  it('agrees with the database on what is unique', async () => {
    const { rows } = await client.query<{ table: string; columns: string[]; primary: boolean }>(`
      select i.indrelid::regclass::text as "table", i.indisprimary as "primary",
        array(select a.attname::text from unnest(i.indkey::smallint[]) with ordinality as k (attnum, position)
          join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum order by k.position) as columns
      from pg_index i join pg_class c on c.oid = i.indrelid
      where c.relnamespace = 'public'::regnamespace and i.indisunique and i.indpred is null and c.relname <> '${MIGRATIONS_TABLE}'`);

    const inDatabase = rows.map(({ table, columns, primary }) => `${table} ${primary ? 'id' : 'unique'} ${columns}`);
    const inSchema = models.flatMap((model) => [
      `${model.table} id ${model.id}`,
      ...model.fields.filter((field) => field.isUnique).map((field) => `${model.table} unique ${field.column}`),
      ...model.uniques.map((columns) => `${model.table} unique ${columns}`),
    ]);

    expect(inSchema.sort()).toEqual(inDatabase.sort());
  });

  it('is what the generated code was made from', () => {
    const generated = Object.entries(getDatamodel().datamodel.models).map(([name, { fields }]) => [
      name,
      fields
        .filter(({ kind }) => kind === 'scalar')
        .map(({ name, type, isList, isRequired, hasDefaultValue }) => ({ name, type, isList, isRequired, hasDefaultValue })),
    ]);
    const parsed = models.map(({ name, fields }) => [
      name,
      fields.map(({ name, type, isList, isOptional, hasDefault }) => ({
        name,
        type,
        isList,
        isRequired: !isOptional,
        hasDefaultValue: hasDefault,
      })),
    ]);

    expect(parsed).toEqual(generated);
  });

  it('describes every model and field, relations included', () => {
    const undescribed = Object.entries(getDatamodel().datamodel.models).flatMap(([name, model]) => [
      ...(model.documentation ? [] : [name]),
      ...model.fields.filter(({ documentation }) => !documentation?.endsWith('.')).map((field) => `${name}.${field.name}`),
    ]);

    expect(undescribed).toEqual([]);
  });
});

function columnsOf(model: PrismaModel): Column[] {
  return model.fields.map((field) => ({
    name: field.column,
    type: typeOf(field),
    isList: field.isList,
    isNullable: field.isOptional,
    hasDefault: field.hasDefault,
  }));
}

function typeOf({ type, nativeType }: PrismaField): string {
  return TYPES[nativeType ? `${type} ${nativeType}` : type] ?? `unknown type ${type} ${nativeType ?? ''}`;
}
