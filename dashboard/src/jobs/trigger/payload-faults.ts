import { dereference, type OutputUnit, type Schema, validate } from '@cfworker/json-schema';

/** What is wrong with a part of a payload: where it is, and why, in words. */
export interface PayloadFault {
  readonly path: readonly string[];
  readonly message: string;
}

/** A JSON Schema, as the API answers it. */
type JsonSchema = Readonly<Record<string, unknown>>;

/** JSON Schema as the server takes it. */
const DRAFT = '2020-12';
/** More than one can read at once; the server stops at the first. */
const MAX_FAULTS = 20;

/** Lists what a schema says against a value: nothing for a valid one. A schema that cannot be used here leaves the judgement to the server. */
export function checkPayload(schema: JsonSchema, value: unknown): PayloadFault[] {
  // The validator writes on the schema it is given.
  const own = structuredClone(schema) as Schema;
  let units: readonly OutputUnit[];
  try {
    units = validate(asSent(value), own, DRAFT, dereference(own), false).errors;
  } catch {
    return [];
  }
  const told = new Map<string, PayloadFault>();
  for (const unit of leaves(units)) {
    const fault = toFault(unit, own);
    told.set(`${fault.path.join('/')} ${fault.message}`, fault);
    if (told.size === MAX_FAULTS) break;
  }
  return [...told.values()];
}

/** Whether a value fits a schema whose references point into another one, `root`. */
export function fits(schema: JsonSchema | boolean, value: unknown, root: JsonSchema): boolean {
  const whole = structuredClone({ ...root, $defs: { ...(root['$defs'] as object), [CANDIDATE]: schema } }) as Schema;
  const candidate = (whole['$defs'] as Record<string, Schema>)[CANDIDATE] ?? {};
  try {
    return validate(asSent(value), candidate, DRAFT, dereference(whole), true).valid;
  } catch {
    return false;
  }
}

/** A value as it would travel: properties that a form has emptied are left out, and no payload at all is null. */
function asSent(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value) ?? 'null');
}

const CANDIDATE = '__candidate__';

/** Keywords that only say that one of the rules in them was broken. */
const GROUPS: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  'additionalProperties',
  'unevaluatedProperties',
  'dependentSchemas',
  'items',
  'prefixItems',
  'additionalItems',
  'unevaluatedItems',
  'allOf',
  'if',
  '$ref',
  '$recursiveRef',
]);

/** The broken rules themselves. A group stands before the rules in it; of alternatives, the one that comes closest is told. */
function leaves(units: readonly OutputUnit[]): OutputUnit[] {
  const found: OutputUnit[] = [];
  for (let index = 0; index < units.length; index += 1) {
    const unit = units[index];
    if (!unit) break;
    let end = index + 1;
    while (units[end]?.keywordLocation.startsWith(`${unit.keywordLocation}/`)) end += 1;
    const inner = units.slice(index + 1, end);
    index = end - 1;
    const isChoice = unit.keyword === 'anyOf' || unit.keyword === 'oneOf';
    if (isChoice && inner.length > 0) found.push(...closest(unit, inner));
    else if (inner.length > 0) found.push(...leaves(inner));
    else if (!GROUPS.has(unit.keyword)) found.push(unit);
  }
  return found;
}

function closest(choice: OutputUnit, inner: readonly OutputUnit[]): OutputUnit[] {
  const branches = new Map<string, OutputUnit[]>();
  for (const unit of inner) {
    const [branch = ''] = unit.keywordLocation.slice(choice.keywordLocation.length + 1).split('/', 1);
    branches.set(branch, [...(branches.get(branch) ?? []), unit]);
  }
  const told = [...branches.values()].map(leaves).sort((a, b) => a.length - b.length);
  // Of another type altogether: no alternative says more than the choice itself.
  return told[0]?.every(({ keyword }) => keyword !== 'type' && keyword !== 'const') ? told[0] : [choice];
}

function toFault(unit: OutputUnit, schema: Schema): PayloadFault {
  const path = steps(unit.instanceLocation);
  const rule = ruleAt(schema, unit.keywordLocation);
  switch (unit.keyword) {
    case 'required':
    case 'dependentRequired':
      return { path: [...path, /"(.*)"\.$/s.exec(unit.error)?.[1] ?? ''], message: 'is required' };
    case 'false':
      return { path, message: 'is not allowed by the schema' };
    default:
      return { path, message: MESSAGES[unit.keyword]?.(rule) ?? lowered(unit.error) };
  }
}

const MESSAGES: Readonly<Record<string, (rule: unknown) => string>> = {
  type: (rule) => `must be ${[rule].flat().map(typeWords).join(' or ')}`,
  enum: (rule) => `must be one of ${(Array.isArray(rule) ? rule : []).map((value) => JSON.stringify(value)).join(', ')}`,
  const: (rule) => `must be ${JSON.stringify(rule)}`,
  minLength: (rule) => (rule === 1 ? 'must not be empty' : `must have at least ${rule} characters`),
  maxLength: (rule) => `must have at most ${rule} characters`,
  pattern: (rule) => `must match ${rule}`,
  format: (rule) => `must be a valid ${rule}`,
  minimum: (rule) => `must be at least ${rule}`,
  maximum: (rule) => `must be at most ${rule}`,
  exclusiveMinimum: (rule) => `must be more than ${rule}`,
  exclusiveMaximum: (rule) => `must be less than ${rule}`,
  multipleOf: (rule) => `must be a multiple of ${rule}`,
  minItems: (rule) => `must have at least ${rule} ${rule === 1 ? 'item' : 'items'}`,
  maxItems: (rule) => `must have at most ${rule} ${rule === 1 ? 'item' : 'items'}`,
  uniqueItems: () => 'must not have the same item twice',
  minProperties: (rule) => `must have at least ${rule} properties`,
  maxProperties: (rule) => `must have at most ${rule} properties`,
  anyOf: () => 'matches none of what is allowed here',
  oneOf: () => 'must match exactly one of what is allowed here',
  not: () => 'is what is not allowed here',
};

function typeWords(type: unknown): string {
  const words: Readonly<Record<string, string>> = {
    string: 'text',
    integer: 'a whole number',
    number: 'a number',
    boolean: 'true or false',
    array: 'a list',
    object: 'an object',
    null: 'null',
  };
  return words[String(type)] ?? String(type);
}

/** What stands in a schema at a location that may lead through references within it. */
function ruleAt(schema: Schema, location: string): unknown {
  let node: unknown = schema;
  for (const step of steps(location)) {
    const next: unknown = typeof node === 'object' && node !== null ? Reflect.get(node, step) : undefined;
    node = step === '$ref' && typeof next === 'string' && next.startsWith('#') ? ruleAt(schema, next) : next;
  }
  return node;
}

/** The steps of a JSON Pointer in a fragment (RFC 6901). */
function steps(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~'));
}

function lowered(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, '');
}

/** The server's words on a payload, whose paths begin with `payload`; what is about something else is left out. */
export function faultsOfServer(details: readonly { readonly path: string; readonly message: string }[]): PayloadFault[] {
  return details.flatMap(({ path, message }) => {
    const [first, ...rest] = path.split('.');
    return first === 'payload' ? [{ path: rest, message }] : [];
  });
}
