import { execFileSync } from 'node:child_process';
import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { asCurl, asGraphQL, type Triggered } from '../dashboard/src/run/trigger-text.ts';

const PLAIN: Triggered = {
  jobId: '0190a0b0-0000-7000-8000-000000000002',
  payload: { id: 42 },
  tags: {},
  metadata: {},
  priority: 0,
  concurrencyKey: null,
  maxAttemptsOverride: null,
  timeoutSecsOverride: null,
  retryBackoff: null,
  retryInitialDelaySecs: null,
  retryMaxDelaySecs: null,
};

/** The words that a shell makes of a command, without executing it. */
function wordsOf(command: string): string[] {
  const script = command.replace(/^curl/, 'set --; set --');
  return execFileSync('sh', ['-c', `BATON_API_KEY=k; ${script}; printf '%s\\0' "$@"`], { encoding: 'utf8' })
    .split('\0')
    .slice(0, -1);
}

test('the command sends what the run was triggered with, and leaves out what was left out', () => {
  const words = wordsOf(asCurl(PLAIN, 'http://127.0.0.1:8080'));
  expect(words).toEqual([
    '-X',
    'POST',
    `http://127.0.0.1:8080/v1/jobs/${PLAIN.jobId}/trigger`,
    '-H',
    'Authorization: Bearer k',
    '-H',
    'Content-Type: application/json',
    '-d',
    '{"payload":{"id":42}}',
  ]);
});

test('no payload can leave its quotes', () => {
  const payload = { text: `it's $HOME; \`rm -rf /\` "quoted" \\ and\nlines` };
  const body = wordsOf(asCurl({ ...PLAIN, payload, tags: { "o'clock": "'" } }, 'http://127.0.0.1')).at(-1) ?? '';
  expect(JSON.parse(body)).toEqual({ payload, tags: { "o'clock": "'" } });
});

test('overrides are named as each interface names them', () => {
  const run: Triggered = { ...PLAIN, priority: 3, maxAttemptsOverride: 5, timeoutSecsOverride: 60, retryBackoff: 'EXPONENTIAL' };
  expect(JSON.parse(wordsOf(asCurl(run, 'http://127.0.0.1')).at(-1) ?? '')).toEqual({
    payload: { id: 42 },
    priority: 3,
    max_attempts_override: 5,
    timeout_secs_override: 60,
    retry_backoff: 'exponential',
  });
  const [document = '', variables = ''] = asGraphQL(run).split('# variables');
  expect(parse(document).definitions).toHaveLength(1);
  expect(JSON.parse(variables)).toEqual({
    input: { job: run.jobId, payload: { id: 42 }, priority: 3, maxAttempts: 5, timeoutSecs: 60, retryBackoff: 'EXPONENTIAL' },
  });
});
