import type { JobContext } from './context.ts';
import type { SchemaInput, SchemaOutput, StandardSchema } from './standard-schema.ts';

declare const types: unique symbol;

/** Names a job together with the types of its payload and result. Every {@link Job} that was given a `slug` is one. */
export interface JobRef<PayloadInput = unknown, Result = unknown> {
  readonly slug: string;
  /** Carries types only; never set. */
  readonly [types]?: { readonly payload: PayloadInput; readonly result: Result } | undefined;
}

/** A job that `createExecutor` can run: what its payload and result must look like, and the function that does the work. */
export interface Job<Slug extends string | undefined = string | undefined, PayloadInput = unknown, Result = unknown> {
  readonly slug: Slug;
  readonly payload: StandardSchema | undefined;
  readonly result: StandardSchema | undefined;
  /** Called with a context whose payload has passed the payload schema. */
  readonly handler: (ctx: JobContext<never>) => unknown;
  /** Carries types only; never set. */
  readonly [types]?: { readonly payload: PayloadInput; readonly result: Result } | undefined;
}

/** What triggering or spawning a job takes: the input of its payload schema, anything for a bare slug. */
export type PayloadInput<J> = J extends { readonly [types]?: { readonly payload: infer P } | undefined } ? P : unknown;

/** What a completed run of a job yields: the output of its result schema, else what its handler returns, unknown for a bare slug. */
export type ResultOf<J> = J extends { readonly [types]?: { readonly result: infer R } | undefined } ? R : unknown;

type InputOf<S> = S extends StandardSchema ? SchemaInput<S> : unknown;
type PayloadOf<S> = S extends StandardSchema ? SchemaOutput<S> : unknown;

interface JobSpec<Slug, Payload, Result> {
  /** The job's slug; with it the job can be handed to `spawn` and `trigger`, which then know its types. */
  readonly slug?: Slug;
  /** Checks the payload before the handler sees it; a run whose payload does not pass fails for good. */
  readonly payload?: Payload;
  /** Checks what the handler returns; a run whose result does not pass fails for good. */
  readonly result?: Result;
}

/**
 * Declares a job. Payload and result schemas may be of any library that implements Standard Schema (zod, valibot, arktype), and give
 * the handler, `spawn` and `trigger` their types.
 */
export function job<
  Result extends StandardSchema,
  Payload extends StandardSchema | undefined = undefined,
  Slug extends string | undefined = undefined,
>(
  spec: JobSpec<Slug, Payload, Result> & {
    readonly result: Result;
    readonly handler: (ctx: JobContext<PayloadOf<Payload>>) => SchemaInput<Result> | Promise<SchemaInput<Result>>;
  },
): Job<Slug, InputOf<Payload>, SchemaOutput<Result>>;
export function job<
  Returned,
  Payload extends StandardSchema | undefined = undefined,
  Slug extends string | undefined = undefined,
>(
  spec: JobSpec<Slug, Payload, undefined> & {
    readonly handler: (ctx: JobContext<PayloadOf<Payload>>) => Returned | Promise<Returned>;
  },
): Job<Slug, InputOf<Payload>, Returned>;
export function job(spec: {
  readonly slug?: string | undefined;
  readonly payload?: StandardSchema | undefined;
  readonly result?: StandardSchema | undefined;
  readonly handler: (ctx: JobContext<never>) => unknown;
}): Job {
  return { slug: spec.slug, payload: spec.payload, result: spec.result, handler: spec.handler };
}
