import './scalars.ts';
import './error-code.ts';
import './projects/queries.ts';
import './projects/mutations.ts';
import './jobs/queries.ts';
import './jobs/mutations.ts';
import './runs/relations.ts';
import './runs/reports.ts';
import './runs/queries.ts';
import './runs/mutations.ts';
import './runs/operations.ts';
import './runs/managed.ts';
import './runs/executor.ts';
import './runs/executor-reports.ts';
import './runs/chunk-list.ts';
import './runs/stream-token.ts';
import './runs/subscriptions.ts';
import './batches/queries.ts';
import './batches/mutations.ts';
import './dependencies/fields.ts';
import './dependencies/mutations.ts';
import './events/queries.ts';
import './events/mutations.ts';
import './webhooks/queries.ts';
import './webhooks/mutations.ts';
import { builder } from './builder.ts';

/** The schema that every face of the server executes. */
export const schema = builder.toSchema();
