import { graphql, type ResultOf } from '../api/graphql.ts';

const KeyFields = graphql(`
  fragment KeyFields on ApiKey {
    id
    name
    prefix
    role
    scopes
    createdAt
    createdBy
    expiresAt
    revokedAt
    graceEndsAt
    rotatedTo
  }
`);

/** An API key as the list shows it. */
export type ApiKey = ResultOf<typeof KeyFields>;

export const ApiKeysQuery = graphql(
  `
  query ApiKeys($after: String) {
    apiKeys(first: 100, after: $after) {
      edges {
        node {
          ...KeyFields
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`,
  [KeyFields],
);

/** The roles there are, and what each opens. */
export const RolesQuery = graphql(`
  query Roles {
    roles {
      role
      scopes
    }
  }
`);

export const CreateKeyMutation = graphql(
  `
  mutation CreateApiKey($input: CreateApiKeyInput!) {
    createApiKey(input: $input) {
      key
      apiKey {
        ...KeyFields
      }
    }
  }
`,
  [KeyFields],
);

export const RevokeKeyMutation = graphql(
  `
  mutation RevokeApiKey($id: ID!) {
    revokeApiKey(id: $id) {
      ...KeyFields
    }
  }
`,
  [KeyFields],
);

export const RotateKeyMutation = graphql(
  `
  mutation RotateApiKey($id: ID!, $input: RotateApiKeyInput) {
    rotateApiKey(id: $id, input: $input) {
      key
      apiKey {
        ...KeyFields
      }
    }
  }
`,
  [KeyFields],
);
