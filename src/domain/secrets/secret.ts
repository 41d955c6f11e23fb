import { z } from 'zod';
import { headerText, VariableName } from '../../core/header-text.ts';
import { key } from '../../core/schemas.ts';
import { ProjectId } from '../projects/project.ts';

/** A secret as everybody may see it who may see secrets: without its value. */
export interface SecretRow {
  readonly id: string;
  readonly projectId: string;
  readonly environmentId: string | null;
  readonly jobId: string | null;
  readonly key: string;
  readonly prefix: string;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** The columns of a {@link SecretRow} of a row of `secrets`. */
export const SECRET_COLUMNS = `id, project_id as "projectId", environment_id as "environmentId", job_id as "jobId", key, prefix,
  created_by as "createdBy", created_at as "createdAt", updated_at as "updatedAt"`;

/** How many secrets a project may have. */
export const MAX_SECRETS = 500;

/** Characters a value may have. */
export const MAX_VALUE_LENGTH = 4_096;

const Value = headerText(MAX_VALUE_LENGTH);

/** What a new secret is made from. */
export const CreateSecretInput = z.strictObject({
  projectId: ProjectId.nullish().describe('Project of the secret; only ever the project of the calling key.'),
  environmentId: key(128)
    .nullish()
    .describe('Environment whose runs get it, by id or slug; left out: all of them, and jobs in no environment.'),
  jobId: key(128).nullish().describe('Job whose runs get it, by id or slug; left out: all jobs.'),
  key: VariableName.describe('What the header is called after `X-Secret-`: A-Z, 0-9 and _.'),
  value: Value.describe('The value: printable ASCII of at most 4,096 characters. It cannot be read again.'),
});

/** The parsed form of {@link CreateSecretInput}. */
export type CreateSecretInput = z.infer<typeof CreateSecretInput>;

/** What takes the place of the value of a secret. */
export const RotateSecretInput = z.strictObject({
  value: Value.describe('The new value: printable ASCII of at most 4,096 characters. It cannot be read again.'),
});

/** Which secrets are meant. */
export const SecretFilterInput = z.strictObject({
  environmentId: key(128).optional().describe('Secrets of this environment, by id or slug.'),
  jobId: key(128).optional().describe('Secrets of this job, by id or slug.'),
  key: VariableName.optional().describe('Secrets with this key.'),
});

/** Values at least this long show their first characters. */
const RECOGNIZABLE_LENGTH = 24;
const PREFIX_LENGTH = 4;

/** What is shown of a value: enough to tell which of several tokens it is, nothing of a value that is short enough to be guessed. */
export function shownPrefix(value: string): string {
  return value.length >= RECOGNIZABLE_LENGTH ? value.slice(0, PREFIX_LENGTH) : '';
}
