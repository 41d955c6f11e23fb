import { z } from 'zod';
import { integerParam } from '../query.ts';

/** How many rows of a list are answered at most. */
const MAX_ROWS = 1_000;

/** The documented way of asking for a part of a list. */
export const pageQuery = {
  limit: integerParam(z.int().min(1).max(MAX_ROWS).default(100)).describe('How many to answer.'),
  offset: integerParam(z.int().min(0).max(2_147_483_647).default(0)).describe('How many to pass over.'),
};
