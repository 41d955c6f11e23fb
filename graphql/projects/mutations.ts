import type { InputFieldBuilder } from '@pothos/core';
import { CreateApiKeyInput, createApiKey } from '../../src/domain/projects/create-api-key.ts';
import { CreateProjectInput, createProject } from '../../src/domain/projects/create-project.ts';
import { revokeApiKey } from '../../src/domain/projects/revoke-api-key.ts';
import { RotateApiKeyInput, rotateApiKey } from '../../src/domain/projects/rotate-api-key.ts';
import { UpdateProjectInput, updateProject } from '../../src/domain/projects/update-project.ts';
import { builder } from '../builder.ts';
import { describedBy } from '../input.ts';
import { ApiKey, ApiKeyCreated, apiKeyNode, Project, RoleEnum, ScopeEnum } from './type.ts';

const created = describedBy(CreateProjectInput);
const CreateProject = builder
  .inputType('CreateProjectInput', {
    description: 'What a new project is made from.',
    fields: (t) => ({
      id: t.id({ required: true, ...created.id }),
      name: t.string({ required: true, ...created.name }),
      ...quotaFields(t, created),
    }),
  })
  .validate(CreateProjectInput);

const updated = describedBy(UpdateProjectInput);
const UpdateProject = builder
  .inputType('UpdateProjectInput', {
    description: 'What to change in a project; what is left out stays.',
    fields: (t) => ({
      id: t.id({ required: true, ...updated.id }),
      name: t.string(updated.name),
      ...quotaFields(t, updated),
    }),
  })
  .validate(UpdateProjectInput);

const minted = describedBy(CreateApiKeyInput);
const CreateApiKey = builder
  .inputType('CreateApiKeyInput', {
    description: 'What a new API key is made from.',
    fields: (t) => ({
      projectId: t.id(minted.projectId),
      name: t.string({ required: true, ...minted.name }),
      scopes: t.field({ type: [ScopeEnum], ...minted.scopes }),
      role: t.field({ type: RoleEnum, ...minted.role }),
      expiresInDays: t.int(minted.expiresInDays),
    }),
  })
  .validate(CreateApiKeyInput);

const rotated = describedBy(RotateApiKeyInput);
const RotateApiKey = builder
  .inputType('RotateApiKeyInput', {
    description: 'How a key is rotated.',
    fields: (t) => ({ gracePeriodMinutes: t.int(rotated.gracePeriodMinutes) }),
  })
  .validate(RotateApiKeyInput);

builder.mutationFields((t) => ({
  createProject: t.field({
    type: Project,
    description: 'Creates a project; CONFLICT when its id is taken. Requires `instance:admin`.',
    args: { input: t.arg({ type: CreateProject, required: true, description: 'The project.' }) },
    authScopes: { scope: 'instance:admin' },
    resolve: (_root, { input }, { actor, projects }) => createProject(actor, input, projects),
  }),
  updateProject: t.field({
    type: Project,
    description: 'Changes a project. Requires `instance:admin`.',
    args: { input: t.arg({ type: UpdateProject, required: true, description: 'The project, and what to change.' }) },
    authScopes: { scope: 'instance:admin' },
    resolve: (_root, { input }, { actor, projects }) => updateProject(actor, input, projects),
  }),
  createApiKey: t.field({
    type: ApiKeyCreated,
    description: 'Creates an API key that may do no more than the calling one. Requires `api-keys:manage`.',
    args: { input: t.arg({ type: CreateApiKey, required: true, description: 'The key.' }) },
    authScopes: { scope: 'api-keys:manage' },
    resolve: (_root, { input }, { actor, projects }) => createApiKey(actor, input, projects),
  }),
  rotateApiKey: t.field({
    type: ApiKeyCreated,
    description:
      'Makes a key that takes the place of another, which works beside it for a while; for keys that may do no more than the calling one. CONFLICT for a key that works no more or was rotated before. Requires `api-keys:manage`.',
    args: {
      id: t.arg.id({ required: true, description: 'The key’s id.' }),
      input: t.arg({ type: RotateApiKey, description: 'How; all defaults when left out.' }),
    },
    authScopes: { scope: 'api-keys:manage' },
    resolve: (_root, { id, input }, { actor, projects }) => rotateApiKey(actor, { id, ...input }, projects),
  }),
  revokeApiKey: t.field({
    type: ApiKey,
    description:
      'Revokes an API key for good, within a second in every server; doing it again changes nothing. Requires `api-keys:manage`.',
    args: { id: t.arg.id({ required: true, description: 'The key’s id.' }) },
    authScopes: { scope: 'api-keys:manage' },
    resolve: async (_root, { id }, { actor, projects }) => apiKeyNode(await revokeApiKey(actor, id, projects)),
  }),
}));

function quotaFields(
  t: InputFieldBuilder<typeof builder.$inferSchemaTypes, 'InputObject'>,
  field: Omit<typeof created, 'id' | 'name'>,
) {
  return {
    maxExecutingRuns: t.int(field.maxExecutingRuns),
    maxQueuedRuns: t.int(field.maxQueuedRuns),
    maxJobs: t.int(field.maxJobs),
    maxActiveEventTriggers: t.int(field.maxActiveEventTriggers),
    maxDailyCostMicrousd: t.float(field.maxDailyCostMicrousd),
    maxCostPerRunMicrousd: t.float(field.maxCostPerRunMicrousd),
  };
}
