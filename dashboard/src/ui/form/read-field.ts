import type { FieldValue, FieldValues, FormField, Pair } from './form-field.ts';

/** A value as the API takes it (undefined leaves the field out), or what is wrong with it. */
export type ReadField = { readonly value: unknown } | { readonly fault: string };

/** How a value of the API stands in its field. */
export function writeField({ kind }: FormField, value: unknown): FieldValue {
  if (kind === 'switch') return value === true;
  if (kind === 'pairs') return Object.entries((value ?? {}) as Record<string, string>);
  if (value === null || value === undefined) return '';
  if (kind === 'json') return JSON.stringify(value, null, 2);
  return Array.isArray(value) ? value.join(', ') : String(value);
}

/** Reads a field. `isChange` says that an empty one takes something away which is there, instead of saying nothing. */
export function readField(field: FormField, value: FieldValue, isChange: boolean): ReadField {
  if (typeof value === 'boolean') return { value };
  if (typeof value !== 'string') return readPairs(value, isChange);
  const text = value.trim();
  return text === '' ? readEmpty(field, isChange) : readText(field, text);
}

/** Whether a field is to be seen: some mean nothing beside others. */
export function isShown<Name extends string>({ when }: FormField<Name>, values: FieldValues<Name>): boolean {
  return when === undefined || values[when[0]] === when[1];
}

function readEmpty({ kind, required, clearable }: FormField, isChange: boolean): ReadField {
  if (required) return { fault: 'is required' };
  if (!isChange || kind === 'secret') return { value: undefined };
  if (clearable) return { value: null };
  if (kind === 'long') return { value: '' };
  if (kind === 'numbers') return { value: [] };
  return { fault: 'cannot be empty' };
}

function readText({ kind }: FormField, text: string): ReadField {
  switch (kind) {
    case 'number':
      return readNumber(text);
    case 'numbers': {
      const numbers = text.split(',').map((part) => readNumber(part.trim()));
      const fault = numbers.find((number) => 'fault' in number);
      return fault ?? { value: numbers.map((number) => ('value' in number ? number.value : 0)) };
    }
    case 'json':
      return readObject(text);
    case 'moment': {
      const moment = new Date(text);
      return Number.isNaN(moment.getTime()) ? { fault: 'is not a moment' } : { value: moment.toISOString() };
    }
    default:
      return { value: text };
  }
}

function readNumber(text: string): ReadField {
  return /^\d{1,10}$/.test(text) ? { value: Number(text) } : { fault: `must be a whole number, not “${text}”` };
}

function readObject(text: string): ReadField {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? { value } : { fault: 'must be a JSON object' };
  } catch (error) {
    return { fault: `is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function readPairs(pairs: readonly Pair[], isChange: boolean): ReadField {
  const named = pairs.filter(([name, value]) => name !== '' || value !== '');
  if (named.some(([name]) => name === '')) return { fault: 'every value needs a name' };
  if (new Set(named.map(([name]) => name)).size < named.length) return { fault: 'a name is there twice' };
  return { value: named.length === 0 && !isChange ? undefined : Object.fromEntries(named) };
}

/** What the server says about single fields, put to them: it names them as the database does, or as the API. Others are left out. */
export function faultsOf<Name extends string>(
  details: readonly { readonly path: string; readonly message: string }[],
  fields: readonly FormField<Name>[],
): Partial<Record<Name, string>> {
  const faults: Partial<Record<Name, string>> = {};
  for (const { path, message } of details) {
    const [first = '', ...rest] = path.split('.');
    const camel = first.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase());
    const name = fields.find((field) => field.name === camel)?.name;
    if (name !== undefined) faults[name] ??= rest.length > 0 ? `${rest.join('.')}: ${message}` : message;
  }
  return faults;
}
