import type { ErrorObject } from 'ajv/dist/2020.js';
import type { FieldError } from '../../core/errors.ts';

const MAX_ERRORS = 20;
/** Keys and values come from the caller and may be megabytes long. */
const MAX_QUOTED = 100;

/** Turns ajv's errors into fields with paths like `payload.customer.id`, at most 20 of them, each said once. */
export function toFieldErrors(errors: readonly ErrorObject[], root: string): FieldError[] {
  const told = new Map<string, FieldError>();
  for (const error of errors) {
    const field = toFieldError(error, root);
    told.set(`${field.path} ${field.message}`, field);
    if (told.size === MAX_ERRORS) break;
  }
  return [...told.values()];
}

function toFieldError(error: ErrorObject, root: string): FieldError {
  const path = [root, ...steps(error.instancePath)];
  const param = (name: string): unknown => Reflect.get(error.params, name);
  switch (error.keyword) {
    case 'required':
      return field([...path, param('missingProperty')], 'is required');
    case 'additionalProperties':
      return field([...path, param('additionalProperty')], 'is not allowed by the schema');
    case 'unevaluatedProperties':
      return field([...path, param('unevaluatedProperty')], 'is not allowed by the schema');
    case 'enum':
      return field(path, `must be one of ${quoted(param('allowedValues'))}`);
    case 'const':
      return field(path, `must be ${quoted(param('allowedValue'))}`);
    case 'false schema':
      return field(path, 'is not allowed by the schema');
    default:
      return field(path, cut(error.message ?? `breaks the rule "${error.keyword}" of the schema`, MAX_QUOTED * 2));
  }
}

/** The steps of a JSON Pointer (RFC 6901). */
function steps(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function field(path: readonly unknown[], message: string): FieldError {
  return { path: path.map((step) => cut(String(step), MAX_QUOTED)).join('.'), message };
}

function quoted(value: unknown): string {
  return cut(JSON.stringify(value), MAX_QUOTED);
}

function cut(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max).toWellFormed()}…`;
}
