/** A column of a model. Relations are left out: they are no columns. */
export interface PrismaField {
  readonly name: string;
  /** The name in the database. */
  readonly column: string;
  readonly type: string;
  /** The `@db.` attribute without that prefix, `Uuid` for instance. */
  readonly nativeType: string | null;
  readonly isList: boolean;
  readonly isOptional: boolean;
  readonly hasDefault: boolean;
  readonly isUnique: boolean;
}

/** A model and the table it maps to. */
export interface PrismaModel {
  readonly name: string;
  readonly table: string;
  /** Columns of the primary key, in order. */
  readonly id: readonly string[];
  /** Columns that are unique together, in order. */
  readonly uniques: readonly (readonly string[])[];
  readonly fields: readonly PrismaField[];
}

const SCALARS = new Set(['String', 'Int', 'BigInt', 'Boolean', 'DateTime', 'Json', 'Bytes', 'Float', 'Decimal']);

/**
 * Reads the models of a formatted Prisma schema, one field a line. Prisma's own datamodel, as generators get it, has neither the
 * native types nor the names in the database; where the two overlap, schema-drift.test.ts compares them.
 */
export function parsePrismaSchema(text: string): PrismaModel[] {
  return [...text.matchAll(/^model (\w+) \{\n(.*?)^\}/gms)].map(([, name = '', body = '']) => {
    const fields = [...body.matchAll(/^ {2}(\w+) +(\w+)(\[\]|\?)?(.*)$/gm)].flatMap(
      ([, field = '', type = '', suffix, attributes = '']) =>
        SCALARS.has(type) ? [{ isId: / @id\b/.test(attributes), field: parseField(field, type, suffix, attributes) }] : [],
    );
    const columns = new Map(fields.map(({ field }) => [field.name, field.column]));
    const uniques = [...body.matchAll(/@@unique\(\[(.*?)\]\)/g)].map(([, names = '']) => names.split(/, */));
    const blockId = /@@id\(\[(.*?)\]\)/.exec(body)?.[1]?.split(/, */);
    return {
      name,
      table: /@@map\("(\w+)"\)/.exec(body)?.[1] ?? name,
      id:
        blockId?.map((field) => columns.get(field) ?? field) ??
        fields.filter(({ isId }) => isId).map(({ field }) => field.column),
      uniques: uniques.map((names) => names.map((field) => columns.get(field) ?? field)),
      fields: fields.map(({ field }) => field),
    };
  });
}

function parseField(name: string, type: string, suffix: string | undefined, attributes: string): PrismaField {
  return {
    name,
    column: / @map\("(\w+)"\)/.exec(attributes)?.[1] ?? name,
    type,
    nativeType: / @db\.(\S+)/.exec(attributes)?.[1] ?? null,
    isList: suffix === '[]',
    isOptional: suffix === '?',
    hasDefault: / @default\(/.test(attributes),
    isUnique: / @unique\b/.test(attributes),
  };
}
