import { writeFileSync } from 'node:fs';
import { makeOpenApi } from '../rest/openapi.ts';
import { apiInfo, apiTags, routes } from '../rest/routes.ts';

// Rewrites the committed document; a test fails when it is stale.
const target = new URL('../rest/openapi.json', import.meta.url);
writeFileSync(target, `${JSON.stringify(makeOpenApi(routes, apiTags, apiInfo), null, 2)}\n`);
