import type { FieldGroup, FieldValues, FormField } from '../../ui/form/form-field.ts';
import { isShown, readField } from '../../ui/form/read-field.ts';
import type { JobToTrigger } from './documents.ts';

/** What can be said of a run beside its payload; `start` and `delaySecs` are how people say `scheduledAt`. */
export type OptionName =
  | 'start'
  | 'delaySecs'
  | 'scheduledAt'
  | 'priority'
  | 'ttlSecs'
  | 'idempotencyKey'
  | 'concurrencyKey'
  | 'debounceKey'
  | 'batchKey'
  | 'tags'
  | 'metadata'
  | 'maxAttempts'
  | 'timeoutSecs'
  | 'retryBackoff'
  | 'retryInitialDelaySecs'
  | 'retryMaxDelaySecs';

const START: FieldGroup<OptionName> = {
  title: 'When',
  fields: [
    {
      name: 'start',
      label: 'Start',
      kind: 'choice',
      choices: [
        ['now', 'at once'],
        ['delay', 'after a delay'],
        ['moment', 'at a moment'],
      ],
    },
    { name: 'delaySecs', label: 'Delay', kind: 'number', required: true, when: ['start', 'delay'], hint: 'Seconds.' },
    {
      name: 'scheduledAt',
      label: 'Moment',
      kind: 'moment',
      required: true,
      when: ['start', 'moment'],
      hint: 'In your time zone.',
    },
    { name: 'priority', label: 'Priority', kind: 'number', hint: '0 to 10; higher runs start first.' },
    { name: 'ttlSecs', label: 'Expires unstarted after', kind: 'number', hint: 'Seconds; empty is what the job says.' },
  ],
};

const KEYS: readonly FormField<OptionName>[] = [
  {
    name: 'idempotencyKey',
    label: 'Idempotency key',
    kind: 'text',
    hint: 'While a run with this key is under way, triggering again answers that run.',
  },
  { name: 'concurrencyKey', label: 'Concurrency key', kind: 'text', hint: 'Runs with the same key share a limit of the job.' },
];

const REST: readonly FieldGroup<OptionName>[] = [
  {
    title: 'Labels',
    fields: [
      { name: 'tags', label: 'Tags', kind: 'pairs', hint: 'To find the run by.' },
      { name: 'metadata', label: 'Metadata', kind: 'pairs', hint: 'Kept with the run, over what the job says.' },
    ],
  },
  {
    title: 'Instead of what the job says',
    fields: [
      { name: 'maxAttempts', label: 'Attempts', kind: 'number' },
      { name: 'timeoutSecs', label: 'Timeout', kind: 'number', hint: 'Seconds of one attempt.' },
      {
        name: 'retryBackoff',
        label: 'Wait between attempts',
        kind: 'choice',
        choices: [
          ['', 'as the job says'],
          ['EXPONENTIAL', 'doubles each time'],
          ['LINEAR', 'grows by the first wait each time'],
          ['FIXED', 'stays the same'],
          ['CUSTOM', 'is taken from the list of the job'],
        ],
      },
      { name: 'retryInitialDelaySecs', label: 'First wait', kind: 'number', hint: 'Seconds.' },
      { name: 'retryMaxDelaySecs', label: 'Longest wait', kind: 'number', hint: 'Seconds.' },
    ],
  },
];

/** The options of a run of this job, in groups; what the job ignores is not among them. */
export function optionGroups(
  job: Pick<JobToTrigger, 'debounceWindowSecs' | 'batchWindowSecs'>,
): readonly FieldGroup<OptionName>[] {
  const keys = [
    ...KEYS,
    ...(job.debounceWindowSecs === null
      ? []
      : [
          {
            name: 'debounceKey',
            label: 'Debounce key',
            kind: 'text',
            hint: 'Triggers with the same key are taken for one.',
          } as const,
        ]),
    ...(job.batchWindowSecs === null
      ? []
      : [{ name: 'batchKey', label: 'Batch key', kind: 'text', hint: 'Triggers with the same key become one run.' } as const]),
  ];
  return [START, { title: 'Keys', fields: keys }, ...REST];
}

/** The options of a run of which nothing is said. */
export const NO_OPTIONS: FieldValues<OptionName> = {
  start: 'now',
  delaySecs: '',
  scheduledAt: '',
  priority: '',
  ttlSecs: '',
  idempotencyKey: '',
  concurrencyKey: '',
  debounceKey: '',
  batchKey: '',
  tags: [],
  metadata: [],
  maxAttempts: '',
  timeoutSecs: '',
  retryBackoff: '',
  retryInitialDelaySecs: '',
  retryMaxDelaySecs: '',
};

/** What the options say, as the API takes it, with what is wrong with them. `now` is in milliseconds since the epoch. */
export function readOptions(groups: readonly FieldGroup<OptionName>[], values: FieldValues<OptionName>, now: number) {
  const input: Record<string, unknown> = {};
  const faults: Partial<Record<OptionName, string>> = {};
  for (const field of groups.flatMap(({ fields }) => fields)) {
    if (field.name === 'start' || !isShown(field, values)) continue;
    const read = readField(field, values[field.name], false);
    if ('fault' in read) faults[field.name] = read.fault;
    else if (field.name === 'delaySecs') input['scheduledAt'] = new Date(now + Number(read.value) * 1_000).toISOString();
    else if (read.value !== undefined) input[field.name] = read.value;
  }
  return { input, faults };
}
