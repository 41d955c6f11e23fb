import { z } from 'zod';
import { findJsonFault } from '../src/core/json.ts';

/**
 * A schema of the domain for the fields of an input type: GraphQL clients send null for what they leave out, so null counts as left
 * out, and text that Postgres could not hold is refused here, since the strings of GraphQL may have any character. For schemas in which
 * null means something of its own, use the schema itself.
 */
export function leavingOutNulls<Out>(schema: z.ZodType<Out>): z.ZodType<Out> {
  return z.preprocess((value, context) => {
    const given = Object.entries(asFields(value)).filter(([, field]) => field !== null && field !== undefined);
    for (const [name, field] of given) {
      const fault = typeof field === 'string' ? findJsonFault(field) : null;
      if (fault) context.issues.push({ code: 'custom', message: fault.message, input: field, path: [name] });
    }
    return Object.fromEntries(given);
  }, schema);
}

function asFields(value: unknown): object {
  if (typeof value === 'object' && value !== null) return value;
  throw new TypeError('an input object arrives as an object');
}

/** The descriptions that the fields of a domain schema carry, so that they are written once; throws for a field without one. */
export function describedBy<Shape extends Record<string, z.ZodType>>(
  schema: z.ZodObject<Shape>,
): { readonly [Field in keyof Shape]: { description: string } } {
  const described = Object.entries(schema.shape).map(([field, { description }]) => {
    if (!description) throw new Error(`the field ${field} of an input schema has no description`);
    return [field, { description }];
  });
  // One entry per key of the shape.
  return Object.fromEntries(described) as { [Field in keyof Shape]: { description: string } };
}
