import { z } from 'zod';
import { checkEndpointUrl, type EndpointPolicy } from '../../core/endpoint-guard.ts';
import { AppError } from '../../core/errors.ts';
import { lengthOf, MAX_ENVIRONMENT_LENGTH, VariableMap } from '../../core/header-text.ts';
import { isUuid } from '../../core/ids.ts';
import { isSlug, key, Slug } from '../../core/schemas.ts';
import { DisplayName, ProjectId } from '../projects/project.ts';

/** A named set of variables and secrets that jobs run with. */
export interface EnvironmentRow {
  readonly id: string;
  readonly projectId: string;
  readonly slug: string;
  readonly name: string;
  readonly parentId: string | null;
  readonly variables: Readonly<Record<string, string>>;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** The columns of an {@link EnvironmentRow} of a row of `environments`. */
export const ENVIRONMENT_COLUMNS = `id, project_id as "projectId", slug, name, parent_id as "parentId", variables, created_by as "createdBy",
  created_at as "createdAt", updated_at as "updatedAt"`;

/** How many environments a project may have. */
export const MAX_ENVIRONMENTS = 50;

/** How many environments may take from one another in a row. */
export const MAX_CHAIN = 5;

/** The variable that takes the place of the endpoint of every job in the environment. */
export const ENDPOINT_VARIABLE = 'ENDPOINT_URL';

const Variables = VariableMap.refine(
  (variables) => lengthOf(variables) <= MAX_ENVIRONMENT_LENGTH,
  `must have at most ${MAX_ENVIRONMENT_LENGTH} characters in all`,
);

const FIELDS = {
  name: DisplayName.describe('Name of the environment, for people.'),
  parentId: key(128).describe('Environment it takes from what it does not say itself, by id or slug; null is none.'),
  variables: Variables.describe(
    'Texts by names of A-Z, 0-9 and _. Executors get them as `X-Variable-<NAME>`; `ENDPOINT_URL` takes the place of the endpoint of every job in the environment.',
  ),
};

/** What a new environment is made from. */
export const CreateEnvironmentInput = z.strictObject({
  projectId: ProjectId.nullish().describe('Project of the environment; only ever the project of the calling key.'),
  slug: Slug.describe('What it is called in URLs and code, for example production; unique in the project.'),
  name: FIELDS.name.nullish().describe('Name of the environment, for people; its slug when left out.'),
  parentId: FIELDS.parentId.nullish().describe(FIELDS.parentId.description ?? ''),
  variables: FIELDS.variables.nullish().describe(FIELDS.variables.description ?? ''),
});

/** The parsed form of {@link CreateEnvironmentInput}. */
export type CreateEnvironmentInput = z.infer<typeof CreateEnvironmentInput>;

/** What to change in an environment; what is left out stays. */
export const UpdateEnvironmentInput = z
  .strictObject({
    name: FIELDS.name.optional().describe(FIELDS.name.description ?? ''),
    parentId: FIELDS.parentId.nullish().describe(FIELDS.parentId.description ?? ''),
    variables: FIELDS.variables.optional().describe('All of its own variables: those that are not named are gone.'),
  })
  .refine((changes) => Object.values(changes).some((value) => value !== undefined), 'must change at least one field');

/** The parsed form of {@link UpdateEnvironmentInput}. */
export type UpdateEnvironmentInput = z.infer<typeof UpdateEnvironmentInput>;

/** Passes variables whose endpoint runs may be sent to; BAD_REQUEST otherwise. */
export function checkVariables(variables: Readonly<Record<string, string>>, policy: EndpointPolicy): void {
  const url = variables[ENDPOINT_VARIABLE];
  const fault = url === undefined ? null : checkEndpointUrl(url, policy);
  if (fault !== null) throw badEnvironment(`variables.${ENDPOINT_VARIABLE}`, fault);
}

/** The BAD_REQUEST for one field, named as in the documents. */
export function badEnvironment(path: string, message: string): AppError {
  return new AppError('BAD_REQUEST', `${path}: ${message}`, { details: [{ path, message }] });
}

/** The column that finds an environment by what a caller calls it; null for what can be neither an id nor a slug. */
export function environmentKeyColumn(idOrSlug: string): 'id' | 'slug' | null {
  if (isUuid(idOrSlug)) return 'id';
  return isSlug(idOrSlug) ? 'slug' : null;
}
