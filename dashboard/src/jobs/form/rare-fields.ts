import type { JobFieldGroup } from './job-field.ts';

/** What most jobs never say: folded away at first. */
export const RARE_GROUPS: readonly JobFieldGroup[] = [
  {
    title: 'Triggers that belong together',
    fields: [
      {
        name: 'dedupWindowSecs',
        label: 'Same payload, same run',
        kind: 'number',
        clearable: true,
        hint: 'Seconds in which a trigger with an equal payload answers the run there is.',
      },
      {
        name: 'debounceWindowSecs',
        label: 'Debounce',
        kind: 'number',
        clearable: true,
        hint: 'Seconds without another trigger of the same key after which the last one becomes a run; not with batches.',
      },
      {
        name: 'batchWindowSecs',
        label: 'Gather into batches for',
        kind: 'number',
        clearable: true,
        hint: 'Seconds in which triggers of the same key become one run; not with debouncing.',
      },
      {
        name: 'batchMaxSize',
        label: 'Triggers in a batch',
        kind: 'number',
        clearable: true,
        hint: 'How many end a batch before its time does; empty is 1,000.',
      },
    ],
  },
  {
    title: 'When runs may start',
    fields: [
      {
        name: 'executionWindowCron',
        label: 'Execution window',
        kind: 'text',
        clearable: true,
        hint: 'Cron expression of the minutes in which runs may start, * 9-17 * * 1-5 for instance; empty is always.',
      },
      { name: 'timezone', label: 'Time zone', kind: 'text', hint: 'IANA name; UTC when left out.' },
    ],
  },
  {
    title: 'Payload and result',
    fields: [
      {
        name: 'payloadSchema',
        label: 'Schema of the payload',
        kind: 'json',
        clearable: true,
        hint: 'JSON Schema (2020-12). Triggers are checked against it, and the trigger form is made from it.',
      },
      { name: 'resultSchema', label: 'Schema of the result', kind: 'json', clearable: true, hint: 'JSON Schema (2020-12).' },
    ],
  },
  {
    title: 'Labels',
    fields: [
      { name: 'tags', label: 'Tags', kind: 'pairs', hint: 'To find the job and its runs by.' },
      { name: 'defaultRunMetadata', label: 'Metadata of its runs', kind: 'pairs', hint: 'What a trigger brings wins.' },
    ],
  },
  {
    title: 'Webhook',
    fields: [
      {
        name: 'webhookUrl',
        label: 'Webhook URL',
        kind: 'text',
        clearable: true,
        hint: 'Told of every ending of a run, by a signed POST; empty tells nobody.',
      },
      {
        name: 'webhookSecret',
        label: 'Webhook secret',
        kind: 'secret',
        hint: 'What that POST is signed with: whsec_ and base64, or 16 to 256 characters. Left empty, it stays as it is.',
      },
    ],
  },
];
