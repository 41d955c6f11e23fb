import { checkEndpointUrl, type EndpointPolicy } from '../../core/endpoint-guard.ts';
import { AppError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { checkSchema } from './json-schema.ts';

/** The fields of a job whose soundness takes more than a look at their form. */
export interface CheckedFields {
  readonly endpointUrl?: string | null | undefined;
  readonly payloadSchema?: JsonObject | null | undefined;
  readonly resultSchema?: JsonObject | null | undefined;
}

/** Passes fields that a job may have; BAD_REQUEST, naming the field, for an endpoint or a schema that is refused. */
export function checkJob(fields: CheckedFields, policy: EndpointPolicy): void {
  if (fields.endpointUrl) refuseIf('endpoint_url', checkEndpointUrl(fields.endpointUrl, policy));
  if (fields.payloadSchema) refuseIf('payload_schema', checkSchema(fields.payloadSchema));
  if (fields.resultSchema) refuseIf('result_schema', checkSchema(fields.resultSchema));
}

/** The BAD_REQUEST for one field of a job, named as in the documents and the database. */
export function badField(path: string, message: string): AppError {
  return new AppError('BAD_REQUEST', `${path}: ${message}`, { details: [{ path, message }] });
}

function refuseIf(path: string, fault: string | null): void {
  if (fault !== null) throw badField(path, fault);
}
