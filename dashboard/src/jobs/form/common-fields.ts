import type { JobFieldGroup } from './job-field.ts';

/** What most jobs say. */
export const COMMON_GROUPS: readonly JobFieldGroup[] = [
  {
    title: 'The job',
    fields: [
      { name: 'name', label: 'Name', kind: 'text', required: true, hint: 'For people.' },
      {
        name: 'slug',
        label: 'Slug',
        kind: 'text',
        required: true,
        hint: 'What it is called in URLs and code; unique in the project.',
      },
      { name: 'description', label: 'Description', kind: 'long', hint: 'What it does, for people.' },
      {
        name: 'enabled',
        label: 'Enabled',
        kind: 'switch',
        hint: 'A disabled job refuses triggers, and what is in its queue does not start.',
      },
    ],
  },
  {
    title: 'Where its code is',
    fields: [
      {
        name: 'executionMode',
        label: 'Executed by',
        kind: 'choice',
        choices: [
          ['HTTP', 'an HTTP endpoint of yours'],
          ['MANAGED', 'a process that the server starts'],
        ],
      },
      {
        name: 'endpointUrl',
        label: 'Endpoint URL',
        kind: 'text',
        required: true,
        when: ['executionMode', 'HTTP'],
        hint: 'Each run is posted there: an absolute http or https URL.',
      },
      {
        name: 'fallbackEndpointUrl',
        label: 'Fallback endpoint URL',
        kind: 'text',
        clearable: true,
        when: ['executionMode', 'HTTP'],
        hint: 'Tried once within the same attempt when the endpoint fails for the network, with a 5xx or a 429.',
      },
      {
        name: 'imageUri',
        label: 'Command',
        kind: 'text',
        required: true,
        when: ['executionMode', 'MANAGED'],
        hint: 'exec:<command>, split into words without a shell.',
      },
      {
        name: 'machinePreset',
        label: 'Memory of the process',
        kind: 'choice',
        when: ['executionMode', 'MANAGED'],
        choices: [
          ['MICRO', 'micro: 256 MB'],
          ['SMALL_1X', 'small 1x: 512 MB'],
          ['SMALL_2X', 'small 2x: 1 GB'],
          ['MEDIUM_1X', 'medium 1x: 4 GB'],
          ['MEDIUM_2X', 'medium 2x: 8 GB'],
          ['LARGE_1X', 'large 1x: 16 GB'],
          ['LARGE_2X', 'large 2x: 32 GB'],
        ],
      },
      {
        name: 'environmentId',
        label: 'Environment',
        kind: 'text',
        clearable: true,
        hint: 'Id or slug of the environment whose variables and secrets its runs get; empty is none.',
      },
      {
        name: 'versionPolicy',
        label: 'Version a run executes',
        kind: 'choice',
        choices: [
          ['PIN', 'the one it was triggered under'],
          ['MINOR', 'the newest that is backwards compatible with it'],
          ['LATEST', 'the newest'],
        ],
      },
    ],
  },
  {
    title: 'Timeouts',
    fields: [
      {
        name: 'timeoutSecs',
        label: 'Timeout',
        kind: 'number',
        hint: 'Seconds after which an attempt is given up; 300 when left out.',
      },
      {
        name: 'heartbeatTimeoutSecs',
        label: 'Heartbeat timeout',
        kind: 'number',
        hint: 'Seconds an executor that has accepted a run may stay silent; 60 when left out.',
      },
      {
        name: 'runTtlSecs',
        label: 'Expires unstarted after',
        kind: 'number',
        clearable: true,
        hint: 'Seconds a run may wait for its first start; empty leaves it to the trigger.',
      },
    ],
  },
  {
    title: 'Retries',
    fields: [
      {
        name: 'maxAttempts',
        label: 'Attempts',
        kind: 'number',
        hint: 'How often a run is tried, the first try included; 3 when left out.',
      },
      {
        name: 'retryStrategy',
        label: 'Wait between attempts',
        kind: 'choice',
        choices: [
          ['EXPONENTIAL', 'doubles each time'],
          ['LINEAR', 'grows by the first wait each time'],
          ['FIXED', 'stays the same'],
          ['CUSTOM', 'is taken from a list'],
        ],
      },
      {
        name: 'retryDelaysSecs',
        label: 'Waits',
        kind: 'numbers',
        when: ['retryStrategy', 'CUSTOM'],
        hint: 'Seconds before attempt 2, 3 and so on, separated by commas; the last one repeats.',
      },
      {
        name: 'retryInitialDelaySecs',
        label: 'First wait',
        kind: 'number',
        hint: 'Seconds before the second attempt; 1 when left out.',
      },
      {
        name: 'retryMaxDelaySecs',
        label: 'Longest wait',
        kind: 'number',
        hint: 'Seconds that no wait exceeds; 3600 when left out.',
      },
      {
        name: 'retryPriorityBoost',
        label: 'Priority per retry',
        kind: 'number',
        hint: 'Added to the priority of a run with each retry, 0 to 10.',
      },
      {
        name: 'poisonPillThreshold',
        label: 'Give up early from attempt',
        kind: 'number',
        clearable: true,
        hint: 'From this attempt on, the same class of error twice in a row ends the retries; empty never does.',
      },
    ],
  },
  {
    title: 'Limits',
    fields: [
      {
        name: 'maxConcurrency',
        label: 'Runs at once',
        kind: 'number',
        clearable: true,
        hint: 'How many runs may execute at the same time; empty is unlimited.',
      },
      {
        name: 'maxConcurrencyPerKey',
        label: 'Runs at once per concurrency key',
        kind: 'number',
        clearable: true,
        hint: 'Empty is unlimited.',
      },
      {
        name: 'rateLimitMax',
        label: 'Triggers per window',
        kind: 'number',
        clearable: true,
        hint: 'How many are taken on before more are refused; empty is any number.',
      },
      {
        name: 'rateLimitWindowSecs',
        label: 'Length of that window',
        kind: 'number',
        clearable: true,
        hint: 'Seconds; goes with the triggers per window.',
      },
    ],
  },
];
