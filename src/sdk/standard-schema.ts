/** One thing that is wrong with a value, as a Standard Schema reports it. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined;
}

type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: ReadonlyArray<SchemaIssue> };

/** Any schema of the Standard Schema interface, version 1: zod, valibot, arktype and others carry it as `~standard`. */
export interface StandardSchema<Input = unknown, Output = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What a schema accepts. */
export type SchemaInput<S extends StandardSchema> = NonNullable<S['~standard']['types']>['input'];

/** What a schema yields, with defaults filled in and transforms applied. */
export type SchemaOutput<S extends StandardSchema> = NonNullable<S['~standard']['types']>['output'];

/** A value after validation, or one sentence that names each offending field. */
export type Validated = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly message: string };

/** Validates `value`; without a schema everything is valid. */
export async function validate(schema: StandardSchema | undefined, value: unknown): Promise<Validated> {
  if (!schema) return { ok: true, value };
  const result = await schema['~standard'].validate(value);
  return result.issues ? { ok: false, message: describe(result.issues) } : { ok: true, value: result.value };
}

function describe(issues: ReadonlyArray<SchemaIssue>): string {
  return issues.map((issue) => (issue.path?.length ? `${pathText(issue.path)}: ${issue.message}` : issue.message)).join('; ');
}

function pathText(path: NonNullable<SchemaIssue['path']>): string {
  return path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
}
