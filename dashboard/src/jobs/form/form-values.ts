import { isShown, readField, writeField } from '../../ui/form/read-field.ts';
import type { Definition } from '../documents.ts';
import { FIELDS } from './fields.ts';
import type { Faults, FieldName, FormValues } from './job-field.ts';

/** What the form says, as the API takes it; or what is wrong with it. */
export interface ReadForm {
  readonly input: Readonly<Record<string, unknown>>;
  readonly faults: Faults;
}

/** What a new job starts with: the defaults that have to be chosen from, everything else empty. */
const NEW: Readonly<Partial<Record<FieldName, string | boolean>>> = {
  enabled: true,
  executionMode: 'HTTP',
  machinePreset: 'MICRO',
  versionPolicy: 'PIN',
  retryStrategy: 'EXPONENTIAL',
};

/** The form of a job as it is; of a new one without `job`. */
export function valuesOf(job: (Definition & { readonly enabled: boolean }) | null): FormValues {
  const said: Readonly<Record<string, unknown>> = job ?? NEW;
  return Object.fromEntries(FIELDS.map((field) => [field.name, writeField(field, said[field.name])])) as FormValues;
}

/**
 * Reads a form. Of a new job (`before` is null) everything that is not empty; of one that is there, what differs from before, null for
 * what was emptied.
 */
export function readForm(values: FormValues, before: FormValues | null): ReadForm {
  const input: Record<string, unknown> = {};
  const faults: Partial<Record<FieldName, string>> = {};
  for (const field of FIELDS) {
    if (!isShown(field, values)) continue;
    const value = values[field.name];
    const isKept = before !== null && isShown(field, before) && JSON.stringify(value) === JSON.stringify(before[field.name]);
    if (isKept) continue;
    const read = readField(field, value, before !== null);
    if ('fault' in read) faults[field.name] = read.fault;
    else if (read.value !== undefined) input[field.name] = read.value;
  }
  return { input, faults };
}
