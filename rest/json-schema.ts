import { z } from 'zod';

/** A JSON Schema (2020-12), as OpenAPI 3.1 embeds it. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** Prints zod schemas as JSON Schema; those with `.meta({ id })` become references into `#/components/schemas`. */
export interface SchemaPrinter {
  /** What a caller may send. */
  readonly input: (schema: z.ZodType) => JsonSchema;
  /** What a caller receives. */
  readonly output: (schema: z.ZodType) => JsonSchema;
  /** The named schemas, ordered by name. */
  readonly components: Readonly<Record<string, JsonSchema>>;
}

type Io = 'input' | 'output';

const REF = '#/$defs/';
const COMPONENT = '#/components/schemas/';

/** Formats that say everything the regular expression zod prints beside them says. */
const TELLING_FORMATS = new Set<unknown>(['date-time', 'date', 'time', 'duration', 'uuid', 'email', 'uri']);

/**
 * Makes a printer for a closed set of schemas. It must know them all beforehand: a named schema whose input differs from its output
 * (a default, a transform) is printed twice, the input as `<id>Input`, and everything that refers to it with it.
 */
export function makeSchemaPrinter(inputs: readonly z.ZodType[], outputs: readonly z.ZodType[]): SchemaPrinter {
  const named = { input: definitionsOf(inputs, 'input'), output: definitionsOf(outputs, 'output') };
  const split = splitNames(named.input, named.output);
  const nameOf = (id: string, io: Io): string => (io === 'input' && split.has(id) ? `${id}Input` : id);
  const print = (schema: z.ZodType, io: Io): JsonSchema => {
    const { $defs: _, ...json } = convert(schema, io);
    return renameRefs(json, (id) => nameOf(id, io));
  };
  const components = (['input', 'output'] as const).flatMap((io) =>
    Array.from(named[io], ([id, json]) => [nameOf(id, io), renameRefs(json, (ref) => nameOf(ref, io))] as const),
  );
  return {
    input: (schema) => print(schema, 'input'),
    output: (schema) => print(schema, 'output'),
    components: Object.fromEntries(components.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))),
  };
}

function convert(schema: z.ZodType, io: Io) {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io, override: ({ jsonSchema }) => tidy(jsonSchema) });
  return json;
}

function tidy(json: z.core.JSONSchema.BaseSchema): void {
  if (TELLING_FORMATS.has(json.format)) delete json.pattern;
  // zod prints the bounds of a safe integer on every integer and the type of every key.
  if (json.minimum === Number.MIN_SAFE_INTEGER) delete json.minimum;
  if (json.maximum === Number.MAX_SAFE_INTEGER) delete json.maximum;
  // A description set on both sides of `.nullable()` says the same thing twice.
  for (const branch of json.anyOf ?? []) if (branch.description === json.description) delete branch.description;
  if (json.propertyNames !== undefined && JSON.stringify(json.propertyNames) === '{"type":"string"}') delete json.propertyNames;
}

function definitionsOf(schemas: readonly z.ZodType[], io: Io): Map<string, JsonSchema> {
  const found = new Map<string, JsonSchema>();
  for (const schema of schemas) {
    const { $defs = {} } = convert(schema, io);
    for (const [id, json] of Object.entries($defs)) {
      const before = found.get(id);
      if (before !== undefined && JSON.stringify(before) !== JSON.stringify(json))
        throw new Error(`two different schemas are named ${id}`);
      found.set(id, { ...json });
    }
  }
  return found;
}

/** Names whose input and output cannot be one component: they differ, or refer to one that does. */
function splitNames(inputs: ReadonlyMap<string, JsonSchema>, outputs: ReadonlyMap<string, JsonSchema>): Set<string> {
  const split = new Set<string>();
  for (let before = -1; before !== split.size; ) {
    before = split.size;
    for (const [id, json] of inputs) {
      const text = JSON.stringify(json);
      const output = outputs.get(id);
      const refersToSplit = [...split].some((other) => text.includes(`"${REF}${other}"`));
      if (output !== undefined && (refersToSplit || text !== JSON.stringify(output))) split.add(id);
    }
  }
  return split;
}

function renameRefs(json: JsonSchema, nameOf: (id: string) => string): JsonSchema {
  const text = JSON.stringify(json, (key, value: unknown) =>
    key === '$ref' && typeof value === 'string' && value.startsWith(REF) ? COMPONENT + nameOf(value.slice(REF.length)) : value,
  );
  return JSON.parse(text) as JsonSchema; // it was one before the references were renamed
}
