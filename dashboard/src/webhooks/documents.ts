import { graphql, type ResultOf } from '../api/graphql.ts';

const SubscriptionFields = graphql(`
  fragment SubscriptionFields on WebhookSubscription {
    id
    webhookUrl
    eventTypes
    active
    goneAt
    createdAt
    createdBy
  }
`);

/** A webhook subscription as lists and forms show it. */
export type Subscription = ResultOf<typeof SubscriptionFields>;

export const SubscriptionsQuery = graphql(
  `
  query WebhookSubscriptions($after: String) {
    webhookSubscriptions(first: 100, after: $after) {
      edges {
        node {
          ...SubscriptionFields
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`,
  [SubscriptionFields],
);

export const CreateSubscriptionMutation = graphql(
  `
  mutation CreateWebhookSubscription($input: CreateWebhookSubscriptionInput!) {
    createWebhookSubscription(input: $input) {
      secret
      subscription {
        ...SubscriptionFields
      }
    }
  }
`,
  [SubscriptionFields],
);

export const UpdateSubscriptionMutation = graphql(
  `
  mutation UpdateWebhookSubscription($id: ID!, $input: UpdateWebhookSubscriptionInput!) {
    updateWebhookSubscription(id: $id, input: $input) {
      ...SubscriptionFields
    }
  }
`,
  [SubscriptionFields],
);

export const DeleteSubscriptionMutation = graphql(
  `
  mutation DeleteWebhookSubscription($id: ID!) {
    deleteWebhookSubscription(id: $id) {
      id
    }
  }
`,
);

const DeliveryFields = graphql(`
  fragment DeliveryFields on WebhookDelivery {
    id
    eventType
    kind
    status
    attempts
    webhookUrl
    createdAt
    lastAttemptAt
    nextAttemptAt
    deliveredAt
    error
    responseStatus
    runId
    subscriptionId
    replayOf
  }
`);

/** A message and how sending it went. */
export type Delivery = ResultOf<typeof DeliveryFields>;

export const TestSubscriptionMutation = graphql(
  `
  mutation TestWebhookSubscription($id: ID!) {
    testWebhookSubscription(id: $id) {
      ...DeliveryFields
    }
  }
`,
  [DeliveryFields],
);

export const DeliveriesQuery = graphql(
  `
  query WebhookDeliveries($filter: WebhookDeliveryFilter, $after: String) {
    webhookDeliveries(filter: $filter, first: 100, after: $after) {
      edges {
        node {
          ...DeliveryFields
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`,
  [DeliveryFields],
);

export const DeliveryQuery = graphql(
  `
  query WebhookDelivery($id: ID!) {
    webhookDelivery(id: $id) {
      ...DeliveryFields
      payload
      responseBody
    }
  }
`,
  [DeliveryFields],
);

export const RetryDeliveryMutation = graphql(
  `
  mutation RetryWebhookDelivery($id: ID!) {
    retryWebhookDelivery(id: $id) {
      ...DeliveryFields
    }
  }
`,
  [DeliveryFields],
);

export const ReplayDeliveryMutation = graphql(
  `
  mutation ReplayWebhookDelivery($id: ID!) {
    replayWebhookDelivery(id: $id) {
      ...DeliveryFields
    }
  }
`,
  [DeliveryFields],
);
