import { createEnvironment } from '../../src/domain/environments/create-environment.ts';
import { deleteEnvironment } from '../../src/domain/environments/delete-environment.ts';
import {
  CreateEnvironmentInput,
  type EnvironmentRow,
  UpdateEnvironmentInput,
} from '../../src/domain/environments/environment.ts';
import { updateEnvironment } from '../../src/domain/environments/update-environment.ts';
import { createSecret } from '../../src/domain/secrets/create-secret.ts';
import { deleteSecret, rotateSecret } from '../../src/domain/secrets/rotate-secret.ts';
import { CreateSecretInput, RotateSecretInput, type SecretRow } from '../../src/domain/secrets/secret.ts';
import { builder } from '../builder.ts';
import { describedBy } from '../input.ts';
import { Environment, Secret } from './type.ts';

const created = describedBy(CreateEnvironmentInput);
const CreateEnvironment = builder
  .inputType('CreateEnvironmentInput', {
    description: 'What a new environment is made from.',
    fields: (t) => ({
      projectId: t.id(created.projectId),
      slug: t.string({ required: true, ...created.slug }),
      name: t.string(created.name),
      parentId: t.id(created.parentId),
      variables: t.field({ type: 'StringMap', ...created.variables }),
    }),
  })
  .validate(CreateEnvironmentInput);

const updated = describedBy(UpdateEnvironmentInput);
const UpdateEnvironment = builder
  .inputType('UpdateEnvironmentInput', {
    description: 'What to change in an environment; what is left out stays.',
    fields: (t) => ({
      name: t.string(updated.name),
      parentId: t.id(updated.parentId),
      variables: t.field({ type: 'StringMap', ...updated.variables }),
    }),
  })
  .validate(UpdateEnvironmentInput);

const stored = describedBy(CreateSecretInput);
const CreateSecret = builder
  .inputType('CreateSecretInput', {
    description: 'What a new secret is made from.',
    fields: (t) => ({
      projectId: t.id(stored.projectId),
      environmentId: t.id(stored.environmentId),
      jobId: t.id(stored.jobId),
      key: t.string({ required: true, ...stored.key }),
      value: t.string({ required: true, ...stored.value }),
    }),
  })
  .validate(CreateSecretInput);

const rotated = describedBy(RotateSecretInput);
const RotateSecret = builder
  .inputType('RotateSecretInput', {
    description: 'What takes the place of the value of a secret.',
    fields: (t) => ({ value: t.string({ required: true, ...rotated.value }) }),
  })
  .validate(RotateSecretInput);

builder.mutationFields((t) => {
  const authScopes = { scope: 'secrets:write' } as const;
  const environment = t.arg.id({ required: true, description: 'Id or slug of the environment.' });
  const secret = t.arg.id({ required: true, description: 'The secret.' });
  return {
    createEnvironment: t.field({
      type: Environment,
      description: 'Creates an environment; CONFLICT when the slug is taken. Requires `secrets:write`.',
      args: { input: t.arg({ type: CreateEnvironment, required: true, description: 'The environment.' }) },
      authScopes,
      resolve: async (_root, { input }, { actor, environments }) =>
        environmentNode(await createEnvironment(actor, input, environments)),
    }),
    updateEnvironment: t.field({
      type: Environment,
      description:
        'Changes an environment; holds for runs dispatched from now on, in every server within a second. Requires `secrets:write`.',
      args: { id: environment, input: t.arg({ type: UpdateEnvironment, required: true, description: 'What to change.' }) },
      authScopes,
      resolve: async (_root, { id, input }, { actor, environments }) =>
        environmentNode(await updateEnvironment(actor, { environment: id, changes: input }, environments)),
    }),
    deleteEnvironment: t.field({
      type: Environment,
      description:
        'Deletes an environment with its secrets; CONFLICT while a job runs in it or another environment takes from it. Requires `secrets:write`.',
      args: { id: environment },
      authScopes,
      resolve: async (_root, { id }, { actor, environments }) =>
        environmentNode(await deleteEnvironment(actor, id, environments)),
    }),
    createSecret: t.field({
      type: Secret,
      description:
        'Stores a secret, encrypted; CONFLICT when there is one with its key for the same environment and job. Of several with one key a run gets that of its job, then that of the nearest environment. Requires `secrets:write`.',
      args: { input: t.arg({ type: CreateSecret, required: true, description: 'The secret.' }) },
      authScopes,
      resolve: async (_root, { input }, { actor, environments }) => secretNode(await createSecret(actor, input, environments)),
    }),
    rotateSecret: t.field({
      type: Secret,
      description: 'Gives a secret a new value, for runs dispatched from now on. Requires `secrets:write`.',
      args: { id: secret, input: t.arg({ type: RotateSecret, required: true, description: 'The new value.' }) },
      authScopes,
      resolve: async (_root, { id, input }, { actor, environments }) =>
        secretNode(await rotateSecret(actor, { id, value: input.value }, environments)),
    }),
    deleteSecret: t.field({
      type: Secret,
      description: 'Deletes a secret for good. Requires `secrets:write`.',
      args: { id: secret },
      authScopes,
      resolve: async (_root, { id }, { actor, environments }) => secretNode(await deleteSecret(actor, id, environments)),
    }),
  };
});

function environmentNode(row: EnvironmentRow): typeof Environment.$inferType {
  return { ...row, variables: { ...row.variables } };
}

/** The sealed value stays where it is: no field shows it. */
function secretNode(row: SecretRow): typeof Secret.$inferType {
  return { ...row, sealed: new Uint8Array() };
}
