import { parseImageUri } from '../../core/command.ts';
import { cronFault, timezoneFault } from '../../core/cron.ts';
import { checkEndpointUrl, type EndpointPolicy } from '../../core/endpoint-guard.ts';
import { AppError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { ExecutionMode } from './job.ts';
import type { JobDeps } from './job-deps.ts';
import { checkSchema } from './json-schema.ts';

/** The fields of a job whose soundness takes more than a look at their form. */
export interface CheckedFields {
  readonly executionMode?: ExecutionMode | null | undefined;
  readonly imageUri?: string | null | undefined;
  readonly endpointUrl?: string | null | undefined;
  readonly fallbackEndpointUrl?: string | null | undefined;
  readonly webhookUrl?: string | null | undefined;
  readonly payloadSchema?: JsonObject | null | undefined;
  readonly resultSchema?: JsonObject | null | undefined;
  readonly executionWindowCron?: string | null | undefined;
  readonly timezone?: string | null | undefined;
}

/** What jobs may be, as whoever runs the servers has decided. */
type JobPolicies = Pick<JobDeps, 'endpointPolicy' | 'managedExec'>;

/** Passes fields that a job may have; BAD_REQUEST, naming the field, for a URL, a command, a schema, a cron expression or a time zone that is refused. */
export function checkJob(fields: CheckedFields, { endpointPolicy, managedExec }: JobPolicies): void {
  if (fields.executionMode === 'managed' && !managedExec) throw badField('execution_mode', MANAGED_IS_OFF);
  if (fields.endpointUrl) refuseIf('endpoint_url', checkEndpointUrl(fields.endpointUrl, endpointPolicy));
  if (fields.fallbackEndpointUrl) {
    refuseIf('fallback_endpoint_url', checkEndpointUrl(fields.fallbackEndpointUrl, endpointPolicy));
  }
  if (fields.imageUri) refuseIf('image_uri', faultOfImage(fields.imageUri));
  if (fields.webhookUrl) checkWebhookUrl(fields.webhookUrl, endpointPolicy);
  if (fields.payloadSchema) refuseIf('payload_schema', checkSchema(fields.payloadSchema));
  if (fields.resultSchema) refuseIf('result_schema', checkSchema(fields.resultSchema));
  if (fields.timezone) refuseIf('timezone', timezoneFault(fields.timezone));
  if (fields.executionWindowCron) {
    const at = { timezone: fields.timezone ?? 'UTC', now: new Date() };
    refuseIf('execution_window_cron', cronFault(fields.executionWindowCron, at));
  }
}

/** Why no managed job can be made or run here. */
export const MANAGED_IS_OFF = 'managed jobs are switched off here: the server needs MANAGED_EXEC=true';

function faultOfImage(imageUri: string): string | null {
  const command = parseImageUri(imageUri);
  return 'fault' in command ? command.fault : null;
}

/** Passes a URL that webhooks may be sent to, under the rules of endpoints; BAD_REQUEST for any other. */
export function checkWebhookUrl(url: string, policy: EndpointPolicy): void {
  refuseIf('webhook_url', checkEndpointUrl(url, policy)?.replace('endpoint URL', 'webhook URL') ?? null);
}

/** The BAD_REQUEST for one field of a job, named as in the documents and the database. */
export function badField(path: string, message: string): AppError {
  return new AppError('BAD_REQUEST', `${path}: ${message}`, { details: [{ path, message }] });
}

/** What fields say together, by the name of the constraint that sees to it: the field to blame, and why. */
const TOGETHER: ReadonlyMap<string, readonly [path: string, message: string]> = new Map([
  ['jobs_rate_limit', ['rate_limit_window_secs', 'belongs to rate_limit_max: give both, or neither']],
  ['jobs_gathering', ['batch_window_secs', 'does not go together with debounce_window_secs: clear one of them']],
  ['jobs_batch_size', ['batch_max_size', 'needs batch_window_secs']],
]);

/** An error of a statement that writes a job, as its caller should see it: BAD_REQUEST for fields that do not go together. */
export function jobFault(error: unknown): unknown {
  const constraint = brokenConstraint(error);
  const fault = constraint === null ? undefined : TOGETHER.get(constraint);
  return fault ? badField(...fault) : error;
}

/** The constraint that Postgres saw broken; null for any other error. */
export function brokenConstraint(error: unknown): string | null {
  if (!(error instanceof Error) || !('constraint' in error)) return null;
  return typeof error.constraint === 'string' ? error.constraint : null;
}

function refuseIf(path: string, fault: string | null): void {
  if (fault !== null) throw badField(path, fault);
}
