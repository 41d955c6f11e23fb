import { z } from 'zod';
import { AppError, notFound } from '../../src/core/errors.ts';
import { JsonInput, JsonObjectInput } from '../../src/core/schemas.ts';
import { dateTimeInput } from '../date-time.ts';
import type { Element, Elements } from '../streamed-body.ts';

/** Inputs that one request may have. */
export const MAX_INPUTS = 100_000;
/** Bytes of JSON that one input may have, as any payload. */
export const MAX_INPUT_BYTES = 6 * 1_048_576;
const MAX_ACTION_NAME = 128;
const MAX_CUSTOM_DATA = 1_024;
const TOO_LONG = `must have at most ${MAX_CUSTOM_DATA} characters of JSON`;

const customData = JsonInput.optional().describe(
  'Anything of the caller’s own, up to 1,024 characters of JSON: it comes back with the result.',
);

const shared = {
  parameters: JsonObjectInput.optional().describe('What the executor gets as `parameters` beside the fields of each input.'),
  identity_ids: z.array(z.string().min(1).max(128)).max(100).optional().describe('What the executor gets as `identity_ids`.'),
  identity_mode: z.enum(['direct', 'auto', 'managed']).optional().describe('What the executor gets as `identity_mode`.'),
};

/** Whom to call back. */
export const callbackSchema = z
  .strictObject({
    url: z.string().min(1).max(2_048).describe('Where callbacks are sent to by POST: an absolute http or https URL.'),
    headers: z.record(z.string(), z.string()).optional().describe('Headers to send along, at most 20; never shown again.'),
    on: z
      .enum(['all', 'final'])
      .optional()
      .describe('`all` (default) for the end of each input and of the run, `final` for the latter alone.'),
  })
  .meta({ id: 'ActionCallback', description: 'Whom to tell of the endings of an action run.' });

/** The body of a live run. */
export const liveBody = z
  .strictObject({
    input: JsonObjectInput.describe('The one input.'),
    custom_data: customData.refine(isShort, TOO_LONG),
    ...shared,
  })
  .meta({ id: 'LiveAction', description: 'One input to run an action on.' });

/** One input of an async or scheduled run. */
export const inputItem = JsonObjectInput.describe(
  'An input; its field `custom_data` is not given to the executor, and comes back with the result.',
);

/** What may stand beside the inputs of an async run. */
export const asyncOthers = z.strictObject({ ...shared, callback: callbackSchema.optional() });

/** What may stand beside the inputs of a scheduled run. */
export const scheduleOthers = z.strictObject({
  ...shared,
  callback: callbackSchema.optional(),
  name: z.string().min(1).max(255).optional().describe('What people call it; the name of the action when left out.'),
  cron: z.string().min(1).max(256).optional().describe('A cron expression of five fields. Either this or `schedule_at`.'),
  schedule_at: dateTimeInput.optional().describe('The one moment to run at. Either this or `cron`.'),
  timezone: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .describe('IANA name of the time zone of the cron expression; `UTC` when left out.'),
});

type Shared = { readonly [field in keyof typeof shared]?: unknown };

/** What every input of a request gets, by the names that the executor sees; undefined for nothing. */
export function parametersOf({ parameters, identity_ids, identity_mode }: Shared): Record<string, unknown> | undefined {
  const given = Object.entries({ parameters, identity_ids, identity_mode }).filter(([, value]) => value !== undefined);
  return given.length > 0 ? Object.fromEntries(given) : undefined;
}

/** The name of the metadata that keeps the caller's own data. */
const CUSTOM_DATA = 'custom_data';

/** An input as a trigger takes it. */
export function itemOf(input: object, custom: unknown): Record<string, unknown> {
  return { payload: input, ...(custom !== undefined && { metadata: { [CUSTOM_DATA]: JSON.stringify(custom) } }) };
}

/** The caller's own data of a run, from its metadata; null for none. */
export function customDataOf(metadata: Readonly<Record<string, string>>): unknown {
  const text = metadata[CUSTOM_DATA];
  if (text === undefined) return null;
  try {
    return JSON.parse(text);
  } catch {
    // Whoever triggers the job otherwise may keep any text under this name.
    return text;
  }
}

/** What an async run is made from: its items as they arrive, and at their end what stood beside them. */
export function asyncItems(elements: Elements) {
  return actionItems(elements, (others) => optionsOf(others as z.output<typeof asyncOthers>));
}

/** As {@link asyncItems}, of a scheduled run. */
export function scheduledItems(elements: Elements) {
  return actionItems(elements, (others) => {
    const { name, cron, timezone, schedule_at: runAt, ...options } = others as z.output<typeof scheduleOthers>;
    const times = { name, cron, timezone, ...(runAt !== undefined && { runAt: new Date(runAt) }) };
    return { ...times, ...optionsOf(options) };
  });
}

async function* actionItems(
  elements: Elements,
  said: (others: object) => object,
): AsyncGenerator<Record<string, unknown> | AppError, unknown> {
  for (;;) {
    const step = await elements.next();
    if (step.done) return said(step.value ?? {});
    yield itemOfElement(step.value);
  }
}

function itemOfElement(element: Element): Record<string, unknown> | AppError {
  if ('error' in element) return element.error;
  const { custom_data: custom, ...input } = element.value as Record<string, unknown>;
  return checkedItem(input, custom);
}

function checkedItem(input: object, custom: unknown): Record<string, unknown> | AppError {
  const item = itemOf(input, custom);
  return isShort(custom) ? item : new AppError('BAD_REQUEST', `custom_data: ${TOO_LONG}`);
}

function isShort(custom: unknown): boolean {
  return custom === undefined || JSON.stringify(custom).length <= MAX_CUSTOM_DATA;
}

function optionsOf({ callback, ...others }: z.output<typeof asyncOthers>): object {
  const parameters = parametersOf(others);
  return { ...(parameters && { parameters }), ...(callback && { callback }) };
}

/** As part of an input a longer one would be a field of the wrong form; in a path it is an action that is not there. */
export function jobOf({ name }: { readonly name: string }): string {
  if (name.length > MAX_ACTION_NAME) throw notFound('job');
  return name;
}
