import { z } from 'zod';

/** An instant in an answer: RFC 3339 in UTC, made by the schema, so not looked at again. */
export const dateTime = z.string().meta({ format: 'date-time' });

/** An instant in a request. */
export const dateTimeInput = z.iso
  .datetime({ offset: true, error: 'must be an RFC 3339 date-time with seconds and a zone, for example 2030-01-31T12:00:00Z' })
  .refine((text) => new Date(text).getUTCFullYear() >= 1970, 'must not lie before 1970');
