import { graphql } from '../../api/graphql.ts';
import { DefinitionFields } from '../documents.ts';

export const JobToEditQuery = graphql(
  `
    query JobToEdit($id: ID!) {
      job(id: $id) {
        id
        enabled
        version
        ...DefinitionFields
      }
    }
  `,
  [DefinitionFields],
);

export const CreateJobMutation = graphql(`
  mutation CreateJob($input: CreateJobInput!) {
    createJob(input: $input) {
      id
      name
    }
  }
`);

export const UpdateJobMutation = graphql(`
  mutation UpdateJob($id: ID!, $input: UpdateJobInput!) {
    updateJob(id: $id, input: $input) {
      id
      version
    }
  }
`);
