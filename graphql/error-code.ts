import { ERROR_CODES, type ErrorCode } from '../src/core/errors.ts';
import { builder } from './builder.ts';

const MEANING: Readonly<Record<ErrorCode, string>> = {
  BAD_REQUEST: 'The request breaks a rule; `details` names the fields.',
  UNAUTHENTICATED: 'The credential is missing, unknown, revoked or expired.',
  FORBIDDEN: 'The credential does not reach this far.',
  NOT_FOUND: 'There is no such thing in the project of the caller.',
  CONFLICT: 'It stands otherwise than the request supposes: taken, moved on, or claimed again since.',
  GONE: 'It has been and is over.',
  PAYLOAD_TOO_LARGE: 'More bytes than are taken.',
  UNPROCESSABLE: 'Well-formed, and refused by a schema of the caller; `details` names the fields.',
  RATE_LIMITED: 'Too much at once; try again after `retryAfterSecs`.',
  UNAVAILABLE: 'The server cannot do it at the moment; nothing is wrong with the request.',
  INTERNAL: 'A fault of the server, logged there under `requestId`.',
};

builder.enumType('ErrorCode', {
  description: 'What `extensions.code` of an error can be.',
  values: Object.fromEntries(ERROR_CODES.map((code) => [code, { description: MEANING[code] }])),
});
