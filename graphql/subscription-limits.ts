import SchemaBuilder, { BasePlugin, type SchemaTypes } from '@pothos/core';
import { PothosComplexityPlugin } from '@pothos/plugin-complexity';
import type { GraphQLFieldResolver } from 'graphql';

declare global {
  export namespace PothosSchemaTypes {
    export interface Plugins<Types extends SchemaTypes> {
      subscriptionLimits: SubscriptionLimits<Types>;
    }
  }
}

/**
 * Holds subscriptions to the limits of the complexity plugin before they begin. By itself it looks at a document when its first field is
 * resolved: of a subscription that would be at every event, when all that the document must not ask for has been set going.
 */
class SubscriptionLimits<Types extends SchemaTypes> extends BasePlugin<Types> {
  readonly #complexity = new PothosComplexityPlugin<Types>(this.buildCache, 'complexity');

  override wrapSubscribe(
    subscribe: GraphQLFieldResolver<unknown, Types['Context'], object> | undefined,
  ): GraphQLFieldResolver<unknown, Types['Context'], object> | undefined {
    if (!subscribe) return undefined;
    return (root, args, context, info) => {
      this.#complexity.checkComplexity(context, info);
      return subscribe(root, args, context, info);
    };
  }
}

SchemaBuilder.registerPlugin('subscriptionLimits', SubscriptionLimits);
