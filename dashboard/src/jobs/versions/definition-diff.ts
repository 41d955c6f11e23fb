import type { Definition } from '../documents.ts';
import { FIELDS } from '../form/fields.ts';
import { type DiffLine, diffLines } from './line-diff.ts';

/** A field that two versions of a job say differently. */
export interface FieldChange {
  readonly label: string;
  readonly before: string;
  readonly after: string;
  /** For what has many lines: both laid over each other. */
  readonly lines: readonly DiffLine[] | null;
}

/** What changed between two versions of a job, in the order of the form. */
export function diffDefinitions(before: Definition, after: Definition): FieldChange[] {
  return FIELDS.flatMap((field) => {
    const { name, label, kind, choices } = field;
    if (!(name in before) || name === 'enabled' || name === 'webhookSecret') return [];
    const [old, present] = [before[name], after[name]];
    if (JSON.stringify(old) === JSON.stringify(present)) return [];
    const say = (value: unknown) => choices?.find(([choice]) => choice === value)?.[1] ?? print(value);
    const hasLines = kind === 'json' || kind === 'pairs' || kind === 'long';
    const change = { label, before: say(old), after: say(present) };
    return [{ ...change, lines: hasLines ? diffLines(change.before, change.after) : null }];
  });
}

function print(value: unknown): string {
  if (value === null || value === '') return 'none';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(', ');
  return typeof value === 'object' ? JSON.stringify(value, null, 2) : String(value);
}
