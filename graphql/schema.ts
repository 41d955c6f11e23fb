import './scalars.ts';
import './error-code.ts';
import './projects/queries.ts';
import './projects/mutations.ts';
import './jobs/queries.ts';
import './jobs/mutations.ts';
import './runs/relations.ts';
import './runs/queries.ts';
import './runs/mutations.ts';
import './runs/executor.ts';
import './runs/subscriptions.ts';
import { builder } from './builder.ts';

/** The schema that every face of the server executes. */
export const schema = builder.toSchema();
