import { PrismaPg } from '@prisma/adapter-pg';
import type { Pool } from 'pg';
import { PrismaClient } from '../../generated/prisma/client.ts';

export type { PrismaClient };

/**
 * Makes the Prisma client that reads for GraphQL, on a pool of ours: it opens no connection of its own, and disconnecting it leaves
 * the pool as it is. Every error of a query is Prisma's; db/errors.ts knows which of them mean that the database is away.
 */
export function makePrisma(pool: Pool): PrismaClient {
  return new PrismaClient({ adapter: new PrismaPg(pool, { disposeExternalPool: false }), errorFormat: 'minimal' });
}
