import { z } from 'zod';
import { AppError } from '../../src/core/errors.ts';
import type { LocatedFieldError } from '../problem.ts';
import { defineRoute, gql, type Route } from '../route.ts';
import { LAUNCHED, type Launched, launchedFields } from './action-run.ts';
import {
  asyncItems,
  asyncOthers,
  customDataOf,
  inputItem,
  itemOf,
  jobOf,
  liveBody,
  MAX_INPUT_BYTES,
  MAX_INPUTS,
  parametersOf,
} from './launch-bodies.ts';

/** Bytes of a body with inputs. */
export const BODY_LIMIT = 64 * 1_048_576;

/** The path of every launch. */
export const launchParams = z.strictObject({ name: z.string().describe('Slug or id of the job.') });

const launchedSchema = z
  .object(launchedFields)
  .meta({ id: 'LaunchedAction', description: 'An action run that was just launched.' });

const liveSchema = z
  .object({
    ...launchedFields,
    results: z.array(z.unknown()).describe('What it returned; empty while it goes on.'),
    custom_data: z.unknown().describe('The caller’s own data.'),
    input: z.unknown().describe('What its executor was given.'),
  })
  .meta({ id: 'LiveActionResult', description: 'An action run that was waited for.' });

const WAIT = /^wait=([1-9]\d?)$/;
const MAX_WAIT_SECS = 60;

const preferHeaders = z.object({
  prefer: z
    .string()
    .refine(
      (text) => Number(WAIT.exec(text)?.[1] ?? 0) <= MAX_WAIT_SECS && WAIT.test(text),
      `must be wait=1 to wait=${MAX_WAIT_SECS}`,
    )
    .optional()
    .describe('`wait=10` waits for ten seconds, 60 at most; 30 when left out.'),
});

interface LiveFields {
  readonly live: {
    readonly hasEnded: boolean;
    readonly batch: Launched;
    readonly run: {
      readonly status: string;
      readonly error: string | null;
      readonly result: unknown;
      readonly payload: unknown;
      readonly metadata: Readonly<Record<string, string>>;
    };
  };
}

const REFUSED = {
  BAD_REQUEST: 'A field is invalid, the job is disabled, or the input does not match its payload schema.',
  RATE_LIMITED: 'The rate limit of the job or a quota of the project is used up; `Retry-After` says when to try again.',
} as const;

/** The two ways to write each path; the second is that of the guide. */
export const WAYS = [
  { infix: '/run', suffix: '' },
  { infix: '', suffix: 'Briefly' },
] as const;

function liveRoute({ infix, suffix }: (typeof WAYS)[number]): Route {
  const operationId = `runActionLive${suffix}`;
  return defineRoute({
    operationId,
    method: 'POST',
    path: `/v1/actions/{name}${infix}/live`,
    tag: 'Actions',
    summary: 'Run an action and wait',
    description: [
      'Runs an action on one input and answers its result. A run that fails is answered with 424, and names itself as `run_uid` in `params`.',
      'When the time is up, 30 seconds unless `Prefer: wait=…` says otherwise, the answer is a 202 without results. The run goes on: look at it under `/v1/runs/{uid}`, and at what it returns under `/v1/runs/{uid}/outputs`. Requires the scope `jobs:trigger`.',
    ].join('\n\n'),
    auth: 'key',
    errorStyle: 'actions',
    params: launchParams,
    headers: preferHeaders,
    body: liveBody,
    bodyLimit: MAX_INPUT_BYTES,
    document: LIVE,
    variables: ({ params, headers, body: { input, custom_data: custom, ...others } }) => ({
      input: {
        job: jobOf(params),
        item: itemOf(input, custom),
        parameters: parametersOf(others),
        waitSecs: headers.prefer === undefined ? undefined : Number(WAIT.exec(headers.prefer)?.[1]),
      },
    }),
    response: liveSchema,
    project: ({ live: { hasEnded, batch, run } }: LiveFields) => {
      if (hasEnded && run.status !== 'COMPLETED') throw failed(batch.run_uid, run);
      return { ...batch, results: hasEnded ? [run.result] : [], custom_data: customDataOf(run.metadata), input: run.payload };
    },
    status: { among: [200, 202], choose: ({ live }) => (live.hasEnded ? 200 : 202) },
    errors: { ...REFUSED, UNPROCESSABLE: 'The run has failed.' },
  });
}

const LIVE_FIELDS = gql`fragment LiveFields on TriggerLiveResult {
  hasEnded batch { ...LaunchedFields } run { status error result payload metadata }
} ${LAUNCHED}`;
const LIVE = gql`mutation runActionLive($input: TriggerLiveInput!) { live: triggerLive(input: $input) { ...LiveFields } } ${LIVE_FIELDS}`;

function failed(uid: string, { status, error }: LiveFields['live']['run']): AppError {
  const detail: LocatedFieldError = { path: 'run_uid', message: uid, in: 'body', type: 'value_error' };
  return new AppError('UNPROCESSABLE', error ?? `the run has ended: it is ${status.toLowerCase()}`, { details: [detail] });
}

function asyncRoute({ infix, suffix }: (typeof WAYS)[number]): Route {
  const operationId = `runActionAsync${suffix}`;
  return defineRoute({
    operationId,
    method: 'POST',
    path: `/v1/actions/{name}${infix}/async`,
    tag: 'Actions',
    summary: 'Run an action on many inputs',
    description: [
      `Runs an action on up to ${MAX_INPUTS} inputs, each for itself, and answers once they are stored. The list is read as it arrives: a body that is malformed or too large stores nothing. An input that breaks a rule fails alone.`,
      'Results come under `/v1/runs/{uid}/outputs`, or are sent to the `callback`. Requires the scope `jobs:trigger`.',
    ].join('\n\n'),
    auth: 'key',
    errorStyle: 'actions',
    params: launchParams,
    bodyList: {
      field: 'inputs',
      element: inputItem,
      maxElements: MAX_INPUTS,
      maxElementBytes: MAX_INPUT_BYTES,
      describe: 'The inputs, each an object.',
      others: asyncOthers,
    },
    bodyLimit: BODY_LIMIT,
    document: ASYNC,
    variables: ({ params, elements }) => ({ input: { job: jobOf(params), items: elements && asyncItems(elements) } }),
    response: launchedSchema,
    project: ({ triggered }: { triggered: { batch: Launched } }) => triggered.batch,
    status: 201,
    errors: { ...REFUSED, UNAVAILABLE: 'Too many large lists are being read at once.' },
  });
}

const ASYNC = gql`mutation runActionAsync($input: TriggerBatchInput!) {
  triggered: triggerBatch(input: $input) { batch { ...LaunchedFields } }
} ${LAUNCHED}`;

/** `/v1/actions/{name}/live` and `/async`, with and without `/run`. */
export const actionLaunchRoutes: readonly Route[] = [...WAYS.map(liveRoute), ...WAYS.map(asyncRoute)];
