import { formatDuration, formatNumber } from '../ui/format.ts';
import type { Definition } from './documents.ts';

/** A few facts about a job under a common title. */
export interface Words {
  readonly title: string;
  readonly facts: readonly (readonly [name: string, value: string])[];
}

/** As many waits as are written out; a longer list says nothing more. */
const SHOWN_WAITS = 6;

/** The longest and the shortest wait between attempts there is, whatever a job says. */
const [LONGEST_SECS, SHORTEST_SECS] = [3_600, 1];

/** The seconds before attempt 2, 3 and so on, without the fifth by which each of them varies. */
export function retryWaits(job: Definition): number[] {
  const { retryStrategy, retryInitialDelaySecs: first, retryMaxDelaySecs: longest, retryDelaysSecs: list } = job;
  return Array.from({ length: Math.max(0, job.maxAttempts - 1) }, (_, index) => {
    const wait =
      retryStrategy === 'CUSTOM'
        ? (list[index] ?? list.at(-1) ?? first)
        : retryStrategy === 'FIXED'
          ? first
          : retryStrategy === 'LINEAR'
            ? first * (index + 1)
            : first * 2 ** Math.min(index, 30);
    return Math.max(SHORTEST_SECS, Math.min(wait, longest, LONGEST_SECS));
  });
}

/** What a job says, in sentences that somebody reads who did not write it. */
export function wordsOf(job: Definition): readonly Words[] {
  return [
    { title: 'Where its code is', facts: place(job) },
    { title: 'Timeouts', facts: timeouts(job) },
    { title: 'Retries', facts: retries(job) },
    { title: 'Limits', facts: limits(job) },
    { title: 'Triggers', facts: triggers(job) },
    {
      title: 'Webhook',
      facts: [['On every ending', job.webhookUrl === null ? 'tells nobody' : `a signed POST to ${job.webhookUrl}`]],
    },
  ];
}

function place(job: Definition): Words['facts'] {
  const policy = {
    PIN: 'the version it was triggered under',
    MINOR: 'the newest version that is backwards compatible with its own',
    LATEST: 'the newest version',
  }[job.versionPolicy];
  return [
    ...(job.executionMode === 'HTTP'
      ? ([
          ['Executed by', `a POST to ${job.endpointUrl}`],
          [
            'If that cannot be reached',
            job.fallbackEndpointUrl === null ? 'nowhere else' : `once more to ${job.fallbackEndpointUrl}`,
          ],
        ] as const)
      : ([
          ['Executed by', `a process of the server: ${job.imageUri}`],
          ['Memory', job.machinePreset.toLowerCase().replace('_', ' ')],
        ] as const)),
    ['A run executes', policy],
    ['Environment', job.environmentId ?? 'none'],
  ];
}

function timeouts(job: Definition): Words['facts'] {
  return [
    ['An attempt may take', span(job.timeoutSecs)],
    ['An executor may be silent for', span(job.heartbeatTimeoutSecs)],
    ['Expires when not started for', job.runTtlSecs === null ? 'what its trigger says' : span(job.runTtlSecs)],
  ];
}

function retries(job: Definition): Words['facts'] {
  const waits = retryWaits(job);
  const shown = waits.slice(0, SHOWN_WAITS).map(span);
  const rest = waits.length > SHOWN_WAITS ? `, … up to ${span(Math.max(...waits))}` : '';
  return [
    ['Tried', job.maxAttempts === 1 ? 'once, without a retry' : `${job.maxAttempts} times`],
    ...(waits.length > 0 ? ([['Waits between attempts', `about ${shown.join(', ')}${rest}`]] as const) : []),
    ...(job.retryPriorityBoost > 0 ? ([['Priority', `${job.retryPriorityBoost} higher with each retry`]] as const) : []),
    ...(job.poisonPillThreshold === null
      ? []
      : ([['Given up early', `from attempt ${job.poisonPillThreshold} on, when it fails twice in the same way`]] as const)),
    ['After the last attempt', 'it is a dead letter, until somebody replays it'],
  ];
}

function limits(job: Definition): Words['facts'] {
  return [
    ['At once', count(job.maxConcurrency, 'run')],
    ['At once with the same concurrency key', count(job.maxConcurrencyPerKey, 'run')],
    [
      'Triggers',
      job.rateLimitMax === null
        ? 'any number'
        : `${count(job.rateLimitMax, 'trigger')} within ${span(job.rateLimitWindowSecs ?? 0)}; more are refused`,
    ],
  ];
}

function triggers(job: Definition): Words['facts'] {
  return [
    [
      'May start',
      job.executionWindowCron === null ? 'at any time' : `in the minutes ${job.executionWindowCron} (${job.timezone})`,
    ],
    ['Same payload again', job.dedupWindowSecs === null ? 'another run' : `the same run, for ${span(job.dedupWindowSecs)}`],
    ...(job.debounceWindowSecs === null
      ? []
      : ([['Debounced', `a run after ${span(job.debounceWindowSecs)} without another trigger of the same key`]] as const)),
    ...(job.batchWindowSecs === null
      ? []
      : ([
          [
            'Gathered',
            `triggers of ${span(job.batchWindowSecs)} into one run, ${formatNumber(job.batchMaxSize ?? 1_000)} at most`,
          ],
        ] as const)),
    ['Payload', job.payloadSchema === null ? 'any JSON' : 'checked against a schema'],
    ['Result', job.resultSchema === null ? 'any JSON' : 'checked against a schema'],
  ];
}

function count(value: number | null, noun: string): string {
  return value === null ? 'any number' : `${formatNumber(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** Seconds as people say them: `5 min`, `1 h 30 min`. */
function span(seconds: number): string {
  return formatDuration(seconds * 1_000)
    .replace('.0 ', ' ')
    .replace(/ 0 (?:s|min|h)$/, '');
}
