/**
 * JSON Schema (2020-12) from callers, against values from callers. Invariant: neither can hold the process up. A schema is small, every
 * compilation runs within a CPU budget, and so does every validation that can take more than linear time (`pattern` may backtrack,
 * `uniqueItems` compares all pairs, `$ref` multiplies paths) or whose value is large. What does not end in time is refused.
 */
import { createHash } from 'node:crypto';
import { Ajv2020, MissingRefError, type Options, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { FieldError } from '../../core/errors.ts';
import { findJsonFault, type JsonObject, type JsonValue } from '../../core/json.ts';
import { OverBudgetError, withinCpuBudget } from './cpu-budget.ts';
import { toFieldErrors } from './schema-errors.ts';

/** Characters of JSON text a schema may have; a flat one of that size takes some 100 ms of CPU to compile. */
export const MAX_SCHEMA_LENGTH = 32_768;
/** Characters one `pattern` may have. */
export const MAX_PATTERN_LENGTH = 512;

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';
/** Compiling ends by itself, at a cost in proportion to the schema: this is for machines that are slow beyond measure. */
const COMPILE_BUDGET_MS = 2_000;
/** A plain payload of 5 MB takes 10 ms. */
const VALIDATE_BUDGET_MS = 250;
const MAX_COMPILED = 500;

/**
 * Says what is wrong with a schema, for the person who wrote it, or returns null for one that {@link validate} can use. Refused are
 * other dialects, references out of the schema, references that lead in a circle, and whatever is too large to compile.
 */
export function checkSchema(schema: JsonObject): string | null {
  const fault = findJsonFault(schema);
  if (fault) return `${fault.path || 'the schema'} ${fault.message}`;
  const text = JSON.stringify(schema);
  if (text.length > MAX_SCHEMA_LENGTH) return `must have at most ${MAX_SCHEMA_LENGTH} characters of JSON, not ${text.length}`;
  const dialect = schema.$schema;
  if (dialect !== undefined && dialect !== DIALECT) return `$schema must be "${DIALECT}" or left out`;
  try {
    const meta = metaSchema();
    const invalid = withinCpuBudget(VALIDATE_BUDGET_MS, () => metaFault(meta, schema));
    if (invalid !== null) return invalid;
    const run = withinCpuBudget(COMPILE_BUDGET_MS, () => compile(schema));
    // Such a function answers with a promise, which is true whatever the value is.
    if ('$async' in run) return '$async is not supported';
    withinCpuBudget(VALIDATE_BUDGET_MS, () => probe(run));
    return null;
  } catch (error) {
    return compileFault(error);
  }
}

/**
 * Lists what is wrong with a value: nothing for a valid one. Stops at the first rule that is broken, so that a hostile value cannot
 * earn itself a million errors.
 *
 * @param schema one that {@link checkSchema} has passed
 * @param root what paths start with
 */
export function validate(schema: JsonObject, value: JsonValue, root = 'payload'): FieldError[] {
  try {
    const compiled = compiledFor(schema);
    const isValid = isLarger(value, compiled.watchAbove)
      ? withinCpuBudget(VALIDATE_BUDGET_MS, () => compiled.run(value))
      : compiled.run(value);
    return isValid ? [] : toFieldErrors(compiled.run.errors ?? [], root);
  } catch (error) {
    return [{ path: root, message: runFault(error) }];
  }
}

interface Compiled {
  readonly run: ValidateFunction;
  /** Values of more scalars than this are validated within the CPU budget. */
  readonly watchAbove: number;
}

/** Schemas of cached jobs are the same objects trigger after trigger. */
const byIdentity = new WeakMap<JsonObject, Compiled>();
/** By the hash of their text, least recently used first: jobs are loaded anew every second. */
const byText = new Map<string, Compiled>();

function compiledFor(schema: JsonObject): Compiled {
  const known = byIdentity.get(schema);
  if (known) return known;
  const text = JSON.stringify(schema);
  const key = createHash('sha256').update(text).digest('base64');
  const compiled = byText.get(key) ?? {
    run: withinCpuBudget(COMPILE_BUDGET_MS, () => compile(schema)),
    watchAbove: watchAbove(text),
  };
  byText.delete(key);
  byText.set(key, compiled);
  if (byText.size > MAX_COMPILED) byText.delete(byText.keys().next().value ?? key);
  byIdentity.set(schema, compiled);
  return compiled;
}

/** Keywords whose cost is not linear in the value. A property of that name costs a watchdog too, nothing more. */
const RISKY = /"(?:pattern|patternProperties|uniqueItems|\$ref|\$dynamicRef)":/;

/** Scalars times characters of the schema: some 10 ms of validation by 300,000 rules of the shortest kind. */
const UNWATCHED_WORK = 10_000_000;
const MAX_UNWATCHED_SCALARS = 10_000;

function watchAbove(schemaText: string): number {
  return RISKY.test(schemaText) ? 0 : Math.min(UNWATCHED_WORK / schemaText.length, MAX_UNWATCHED_SCALARS);
}

/** True for a value of more than `limit` scalars and containers, counting 100 characters of a string as one. */
function isLarger(value: JsonValue, limit: number): boolean {
  let size = 0;
  const stack: JsonValue[] = [value];
  for (let item = stack.pop(); item !== undefined && size <= limit; item = stack.pop()) {
    size += typeof item === 'string' ? 1 + item.length / 100 : 1;
    if (item === null || typeof item !== 'object') continue;
    const inner = Array.isArray(item) ? item : Object.values(item);
    if (inner.length > limit) return true;
    stack.push(...inner);
  }
  return size > limit;
}

const OPTIONS = {
  // Unknown keywords and formats are annotations, as the standard says, and nobody's log is the place to complain about them.
  strict: false,
  logger: false,
  // Without it {"required": ["toString"]} is true of every object.
  ownProperties: true,
  // A schema is otherwise written out once per reference: 7 KB of it became 5 MB of code.
  inlineRefs: false,
  // Optimizing makes 84 ms of compiling 625 ms, and a validation of 1.7 µs one of 1.6 µs.
  code: { optimize: false, regExp: Object.assign(boundedRegExp, { code: 'boundedRegExp' }) },
  // 0.07 is a multiple of 0.01.
  multipleOfPrecision: 9,
} satisfies Options;

/** Compiles with an instance of its own, so that an `$id` meets no other schema's and nothing is kept but the result. */
function compile(schema: JsonObject): ValidateFunction {
  const ajv = new Ajv2020({ ...OPTIONS, meta: false, validateSchema: false });
  addFormats.default(ajv);
  // $schema was checked; ajv would look for the meta-schema, which this instance does not know.
  const { $schema: _, ...rules } = schema;
  return ajv.compile(rules);
}

function boundedRegExp(pattern: string, flags: string): RegExp {
  if (pattern.length > MAX_PATTERN_LENGTH) throw new Error(`a pattern must have at most ${MAX_PATTERN_LENGTH} characters`);
  return new RegExp(pattern, flags);
}

/** Compiled at first use, which takes 40 ms. */
let compiledMeta: ValidateFunction | undefined;

function metaSchema(): ValidateFunction {
  if (compiledMeta) return compiledMeta;
  const ajv = new Ajv2020({ strict: false, logger: false });
  addFormats.default(ajv);
  compiledMeta = ajv.getSchema(DIALECT);
  if (!compiledMeta) throw new Error(`ajv does not know ${DIALECT}`);
  return compiledMeta;
}

function metaFault(meta: ValidateFunction, schema: JsonObject): string | null {
  if (meta(schema)) return null;
  const [error] = toFieldErrors(meta.errors ?? [], 'the schema');
  return error ? `${error.path} ${error.message}` : 'is not a JSON Schema';
}

const PROBES: readonly JsonValue[] = [null, true, 0, '', [], {}];

/**
 * Runs a schema once on a value of every type: that finds circles of references, and code that V8 cannot parse, here instead of at the
 * first trigger.
 */
function probe(run: ValidateFunction): void {
  for (const value of PROBES) run(value);
}

function compileFault(error: unknown): string {
  if (error instanceof OverBudgetError) return 'takes too long: make it smaller, or refer to its parts less often';
  if (error instanceof RangeError) return 'is too complex, or refers to itself in a circle';
  if (error instanceof MissingRefError)
    return `refers to "${error.missingRef}", which it does not contain; other documents are not fetched`;
  if (error instanceof Error) return `cannot be compiled: ${error.message}`;
  throw error;
}

function runFault(error: unknown): string {
  if (error instanceof OverBudgetError) return 'could not be checked against the schema in time';
  if (error instanceof RangeError) return 'could not be checked: the schema is too complex, or refers to itself in a circle';
  throw error;
}
