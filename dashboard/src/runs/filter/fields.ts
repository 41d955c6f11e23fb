import { Misread, readSpan } from './moment.ts';
import { type Demand, readJson, readPath } from './payload.ts';
import { unquote } from './token.ts';

/** The statuses of a run, in the order of its life. */
export const STATUSES = [
  'DELAYED',
  'QUEUED',
  'DEQUEUED',
  'EXECUTING',
  'WAITING',
  'PAUSED',
  'COMPLETED',
  'FAILED',
  'TIMED_OUT',
  'CRASHED',
  'SYSTEM_FAILED',
  'DEAD_LETTER',
  'CANCELED',
  'EXPIRED',
] as const;

/** A status of a run. */
export type Status = (typeof STATUSES)[number];

/** `RunFilter` of the API, as far as its conditions are alone; what a payload has to contain is put together of several. */
export interface Conditions {
  status?: Status[];
  job?: string;
  tags?: Record<string, string>;
  metadata?: Record<string, string>;
  payloadContains?: Record<string, unknown>;
  errorContains?: string;
  errorGroup?: string;
  createdAfter?: string;
  createdBefore?: string;
  finishedAfter?: string;
  finishedBefore?: string;
  triggeredBy?: string;
  batchId?: string;
  parentRunId?: string;
  workflowStepRunId?: string;
  scheduleId?: string;
  concurrencyKey?: string;
  idempotencyKey?: string;
}

/** What a token adds to a filter. */
export interface Contribution {
  readonly conditions?: Conditions;
  readonly demand?: Demand;
}

/** A word that a filter can begin with. */
export interface FilterField {
  /** With a point at its end a path or a name follows: `payload.customer.id`. */
  readonly key: string;
  /** What it asks for, in words. */
  readonly hint: string;
  /** Throws a {@link Misread} for what it does not understand; `name` is what stands behind the point of the key. */
  readonly read: (value: string, rest: { readonly name: string; readonly now: number }) => Contribution;
}

type TextCondition = {
  [Name in keyof Conditions]-?: Conditions[Name] extends string | undefined ? Name : never;
}[keyof Conditions];

function textField(key: string, condition: TextCondition, hint: string): FilterField {
  return { key, hint, read: (value) => ({ conditions: { [condition]: readText(value) } }) };
}

function mapField(key: string, condition: 'tags' | 'metadata', hint: string): FilterField {
  return { key, hint, read: (value, { name }) => ({ conditions: { [condition]: { [readName(name)]: readText(value) } } }) };
}

function spanField(key: string, noun: 'created' | 'finished', hint: string): FilterField {
  return {
    key,
    hint,
    read(value, { now }) {
      const { after, before } = readSpan(readText(value), now);
      const at = (moment: number) => new Date(moment).toISOString();
      return {
        conditions: {
          ...(after !== undefined && { [`${noun}After`]: at(after) }),
          ...(before !== undefined && { [`${noun}Before`]: at(before) }),
        },
      };
    },
  };
}

/** Everything that a filter can ask for: all of the API's `RunFilter`, in the order in which it is suggested. */
export const FILTER_FIELDS: readonly FilterField[] = [
  { key: 'status', hint: 'where it stands: failed, or several: failed,crashed', read: readStatuses },
  textField('job', 'job', 'slug or id of its job'),
  { key: 'payload.', hint: 'a value of the payload by its path: payload.customer.id:42', read: readPayload },
  textField('error', 'errorContains', 'a text in its error: error:"timed out"'),
  spanField('created', 'created', 'when it was triggered: 2h, <1d, 2026-01-31, 2h..1h'),
  spanField('finished', 'finished', 'when it ended, written like created'),
  mapField('tag.', 'tags', 'a tag: tag.team:core'),
  mapField('metadata.', 'metadata', 'a note: metadata.region:eu'),
  textField('triggered-by', 'triggeredBy', 'what triggered it: manual, cron, spawn, workflow, retry, event'),
  textField('concurrency-key', 'concurrencyKey', 'its concurrency key'),
  textField('idempotency-key', 'idempotencyKey', 'its idempotency key'),
  textField('batch', 'batchId', 'id of the batch it came with'),
  textField('parent', 'parentRunId', 'id of the run that spawned it'),
  textField('schedule', 'scheduleId', 'id of the schedule that made it'),
  textField('step', 'workflowStepRunId', 'id of the workflow step it works for'),
  textField('error-group', 'errorGroup', 'id of a group of dead letters with the same error'),
];

/** The field that a key belongs to, and what stands behind its point. */
export function fieldOf(key: string): { readonly field: FilterField; readonly name: string } | null {
  const lower = key.toLowerCase();
  const field = FILTER_FIELDS.find((known) => (known.key.endsWith('.') ? lower.startsWith(known.key) : lower === known.key));
  return field ? { field, name: key.slice(field.key.length) } : null;
}

/** A key as it is compared: the field in small letters, what stands behind its point as it is. */
export function plainKey(key: string): string {
  const found = fieldOf(key);
  return found ? found.field.key + found.name : key;
}

function readText(value: string): string {
  const text = unquote(value);
  if (text === null) throw new Misread('has a quote that does not close');
  if (text === '') throw new Misread('needs a value');
  return text;
}

function readName(written: string): string {
  const name = unquote(written);
  if (name === null || name === '') throw new Misread('needs a name behind the point, in quotes if it has blanks');
  return name;
}

function readStatuses(value: string): Contribution {
  const status = readText(value)
    .split(',')
    .map((word) => {
      const found = STATUSES.find((known) => known === word.trim().toUpperCase().replaceAll(/[ -]/g, '_'));
      if (!found) throw new Misread(`knows no “${word}”; there are ${STATUSES.map((known) => known.toLowerCase()).join(', ')}`);
      return found;
    });
  return { conditions: { status: [...new Set(status)] } };
}

function readPayload(value: string, { name }: { readonly name: string }): Contribution {
  return { demand: { path: readPath(name), value: readJson(value) } };
}
