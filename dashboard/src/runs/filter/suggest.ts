import { FILTER_FIELDS, fieldOf, STATUSES } from './fields.ts';
import { readPath, writeJson, writePath } from './payload.ts';
import { quote, splitTokens, unquote } from './token.ts';

/** Something that the token which is being written could become. */
export interface Suggestion {
  /** The token. */
  readonly text: string;
  /** What it means, or how many runs have it. */
  readonly hint: string;
  /** Whether it asks for something already, has to be gone on with, or names a run to go to. */
  readonly leadsTo: 'filter' | 'more' | 'run';
}

/** What of a project can be asked for suggestions; `prefix` is what is written of it. */
export interface Question {
  readonly field: 'JOB' | 'TAG' | 'METADATA' | 'PAYLOAD' | 'TRIGGERED_BY' | 'CONCURRENCY_KEY';
  /** The name whose values are asked for; null asks for the names, where a field has them. */
  readonly key: string | null;
  readonly prefix: string;
  readonly toSuggestion: (answer: Answer) => Suggestion;
}

/** What the newest runs have; `json` is a value of a payload as it stands there. */
export interface Answer {
  readonly value: string;
  readonly count: number;
  readonly json: unknown;
}

const SPANS = ['15m', '1h', '6h', '24h', '7d', '30d'];
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const ASKED: Readonly<Record<string, Question['field']>> = {
  job: 'JOB',
  'tag.': 'TAG',
  'metadata.': 'METADATA',
  'payload.': 'PAYLOAD',
  'triggered-by': 'TRIGGERED_BY',
  'concurrency-key': 'CONCURRENCY_KEY',
};

/** What is being written: the last token of the text and what stands before it. */
export function readDraft(draft: string): { readonly before: string; readonly text: string } {
  const text = splitTokens(`${draft}.`).at(-1)?.text.slice(0, -1) ?? '';
  return { before: draft.slice(0, draft.length - text.length), text };
}

/** What can be said of a token without asking the server. */
export function suggestOwn(text: string): Suggestion[] {
  const [token] = splitTokens(text);
  if (token?.value == null) return suggestKeys(text);
  const { key, value } = token;
  const field = fieldOf(key)?.field;
  if (field?.key === 'status') return suggestStatuses(value);
  if (field?.key === 'created' || field?.key === 'finished') {
    return SPANS.map((span) => `${value.startsWith('<') ? '<' : ''}${span}`)
      .filter((span) => span.startsWith(value))
      .map((span) => complete(`${key}:${span}`, span.startsWith('<') ? `more than ${span.slice(1)} ago` : `in the last ${span}`));
  }
  return [];
}

function suggestKeys(text: string): Suggestion[] {
  const typed = text.toLowerCase();
  const begun = FILTER_FIELDS.filter(({ key }) => key.startsWith(typed));
  const others = FILTER_FIELDS.filter((field) => !begun.includes(field) && typed.length > 1 && field.key.includes(typed));
  const keys = [...begun, ...others].map(
    ({ key, hint }): Suggestion => ({ text: key.endsWith('.') ? key : `${key}:`, hint, leadsTo: 'more' }),
  );
  if (text === '' || keys.length > 0 || fieldOf(text)) return keys;
  if (UUID.test(text)) {
    return [
      { text, hint: 'open this run', leadsTo: 'run' },
      complete(`parent:${text}`, 'runs that this run spawned'),
      complete(`batch:${text}`, 'runs of this batch'),
      complete(`schedule:${text}`, 'runs that this schedule made'),
      complete(`job:${text}`, 'runs of this job'),
    ];
  }
  const value = quote(text.replaceAll('"', ''));
  return [complete(`error:${value}`, 'runs with this text in their error'), complete(`job:${value}`, 'runs of this job')];
}

function suggestStatuses(value: string): Suggestion[] {
  const words = value.toLowerCase().split(',');
  const last = words.at(-1) ?? '';
  const others = words.slice(0, -1);
  return STATUSES.map((status) => status.toLowerCase())
    .filter((status) => status.startsWith(last) && !others.includes(status))
    .map((status) => complete(`status:${[...others, status].join(',')}`, ''));
}

const complete = (text: string, hint: string): Suggestion => ({ text, hint, leadsTo: 'filter' });

/** What to ask the server for a token; null when there is nothing that it could know. */
export function questionOf(text: string): Question | null {
  const [token] = splitTokens(text);
  const found = token && fieldOf(token.key);
  const field = found && ASKED[found.field.key];
  if (!token || !found || !field) return null;
  const { key, value } = token;
  const hasNames = found.field.key.endsWith('.');
  if (value === null) {
    if (!hasNames) return null;
    const write = (name: string) => (field === 'PAYLOAD' ? writePath(name.split('.')) : quote(name, { isPart: true }));
    return {
      field,
      key: null,
      prefix: found.name.replaceAll('"', ''),
      toSuggestion: ({ value: name, count }) => ({
        text: `${found.field.key}${write(name)}:`,
        hint: countWords(count),
        leadsTo: 'more',
      }),
    };
  }
  const asked = hasNames ? plainName(field, found.name) : null;
  if (hasNames && asked === null) return null;
  const write = ({ value: answer, json }: Answer) => (field === 'PAYLOAD' ? writeJson(json) : quote(answer));
  return {
    field,
    key: asked,
    prefix: value.replace(/^"/, ''),
    toSuggestion: (answer) => complete(`${key}:${write(answer)}`, countWords(answer.count)),
  };
}

/** A name as the server knows it, without quotes; null where it stands for what the server does not look into, as elements of lists. */
function plainName(field: Question['field'], name: string): string | null {
  if (field !== 'PAYLOAD') return unquote(name) || null;
  try {
    const keys = readPath(name).map((step) => ('key' in step ? step.key : '.'));
    return keys.some((key) => key.includes('.')) ? null : keys.join('.');
  } catch {
    return null;
  }
}

const countWords = (count: number): string => `${count} of the newest runs`;
