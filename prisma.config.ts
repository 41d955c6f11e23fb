import { defineConfig } from 'prisma/config';

// Only `prisma generate` is used: the schema engine behind `prisma migrate` is not on the npm registry, so migrations are SQL files.
export default defineConfig({ schema: 'schema.prisma' });
