import { z } from 'zod';
import { notFound } from '../../src/core/errors.ts';
import { dateTime } from '../date-time.ts';
import { toCamelKeys } from '../names.ts';
import { limitParam, nextOf, opaqueCursorParam, type Page, rowsOf } from '../paging.ts';
import { defineRoute, gql, type Route } from '../route.ts';

const projectSchema = z
  .object({
    id: z.string().describe('The slug that was chosen for it.'),
    name: z.string().describe('What people call it.'),
    max_executing_runs: z.int().nullable().describe('How many of its runs may execute at once; null is any number.'),
    max_queued_runs: z.int().nullable().describe('How many of its runs may be queued at once; null is any number.'),
    max_jobs: z.int().nullable().describe('How many jobs it may have; null is any number.'),
    max_active_event_triggers: z
      .int()
      .nullable()
      .describe('How many of its runs may wait for an event at once; null is any number.'),
    max_daily_cost_microusd: z
      .int()
      .nullable()
      .describe('What its runs may cost on one day of UTC, in millionths of a US dollar; null is anything.'),
    max_cost_per_run_microusd: z
      .int()
      .nullable()
      .describe('What one of its runs may cost, in millionths of a US dollar; null is anything.'),
    created_at: dateTime.describe('When it was created.'),
  })
  .meta({ id: 'Project', description: 'A tenant; everything else belongs to one.' });

const PROJECT = gql`fragment ProjectV1 on Project {
  id name max_executing_runs: maxExecutingRuns max_queued_runs: maxQueuedRuns max_jobs: maxJobs
  max_active_event_triggers: maxActiveEventTriggers max_daily_cost_microusd: maxDailyCostMicrousd
  max_cost_per_run_microusd: maxCostPerRunMicrousd created_at: createdAt
}`;
type ProjectV1 = z.input<typeof projectSchema>;

const name = z.string().max(255).regex(/\S/, 'must not be blank').describe('Name of the project, for people.');
const count = z.int().min(1).max(1_000_000);
const cost = z.int().min(1).max(1_000_000_000_000_000);
const quotas = {
  max_executing_runs: count
    .nullish()
    .describe('How many runs of the project may execute at once, others wait their turn; null is any number.'),
  max_queued_runs: count
    .nullish()
    .describe('How many runs of the project may be queued at once before triggers are refused; null is any number.'),
  max_jobs: count.nullish().describe('How many jobs the project may have; null is any number.'),
  max_active_event_triggers: count
    .nullish()
    .describe('How many runs of the project may wait for an event at once; null is any number.'),
  max_daily_cost_microusd: cost
    .nullish()
    .describe(
      'What its runs may cost on one day of UTC before triggers are refused, in millionths of a US dollar; null is anything.',
    ),
  max_cost_per_run_microusd: cost
    .nullish()
    .describe('What one run may cost before its reports of usage are refused, in millionths of a US dollar; null is anything.'),
};
const params = z.strictObject({ id: z.string().describe('The project.') });
const PROJECT_ID = /^[a-z0-9][a-z0-9_-]{0,62}$/;

const createBody = z
  .strictObject({
    id: z
      .string()
      .regex(PROJECT_ID, 'must be 1 to 63 characters of a-z, 0-9, _ and -, the first one a letter or a digit')
      .describe('Slug of the project, fixed for good and unique in this installation.'),
    name,
    ...quotas,
  })
  .meta({ id: 'NewProject', description: 'What a project is made from.' });

const updateBody = z
  .strictObject({
    name: name.optional(),
    ...quotas,
  })
  .meta({ id: 'ProjectChanges', description: 'What to change in a project; what is left out stays.' });

/** `/v1/projects`. */
export const projectRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'createProject',
    method: 'POST',
    path: '/v1/projects',
    tag: 'Projects',
    summary: 'Create a project',
    description:
      'Creates an empty project. Requires the scope `instance:admin`; a key for it is the next thing to make, with `POST /v1/api-keys`.',
    auth: 'key',
    body: createBody,
    document: gql`mutation createProject($input: CreateProjectInput!) { project: createProject(input: $input) { ...ProjectV1 } } ${PROJECT}`,
    variables: ({ body }) => ({ input: toCamelKeys(body) }),
    response: projectSchema,
    project: ({ project }: { project: ProjectV1 }) => project,
    status: 201,
    errors: { CONFLICT: 'A project with this id exists.' },
  }),
  defineRoute({
    operationId: 'listProjects',
    method: 'GET',
    path: '/v1/projects',
    tag: 'Projects',
    summary: 'List projects',
    description: 'Lists the projects that the key can see, by id: its own, or all of them with the scope `instance:admin`.',
    auth: 'key',
    query: z.strictObject({ limit: limitParam, cursor: opaqueCursorParam.optional() }),
    document: gql`query listProjects($first: Int, $after: String) {
      projects(first: $first, after: $after) { edges { node { ...ProjectV1 } } pageInfo { hasNextPage endCursor } }
    } ${PROJECT}`,
    variables: ({ query }) => ({ first: query.limit, after: query.cursor }),
    response: z.array(projectSchema),
    project: ({ projects }: { projects: Page<ProjectV1> }) => rowsOf(projects),
    nextCursor: ({ projects }) => nextOf(projects),
  }),
  defineRoute({
    operationId: 'getProject',
    method: 'GET',
    path: '/v1/projects/{id}',
    tag: 'Projects',
    summary: 'Get a project',
    description: 'Answers the project of the key, or any project to a key with the scope `instance:admin`.',
    auth: 'key',
    params,
    document: gql`query getProject($id: ID!) { project(id: $id) { ...ProjectV1 } } ${PROJECT}`,
    variables: ({ params }) => ({ id: params.id }),
    response: projectSchema,
    project: ({ project }: { project: ProjectV1 }) => project,
  }),
  defineRoute({
    operationId: 'updateProject',
    method: 'PATCH',
    path: '/v1/projects/{id}',
    tag: 'Projects',
    summary: 'Change a project',
    description:
      'Changes the name or the limits of a project; what the body leaves out stays. Requires the scope `instance:admin`.',
    auth: 'key',
    params,
    body: updateBody,
    document: gql`mutation updateProject($input: UpdateProjectInput!) { project: updateProject(input: $input) { ...ProjectV1 } } ${PROJECT}`,
    variables: ({ params, body }) => {
      // As part of an input it would be a field of the wrong form; in a path it is a thing that is not there.
      if (!PROJECT_ID.test(params.id)) throw notFound('project');
      return { input: { ...toCamelKeys(body), id: params.id } };
    },
    response: projectSchema,
    project: ({ project }: { project: ProjectV1 }) => project,
  }),
];
