import { describe, expect, it } from 'vitest';
import { makeOpenApi } from '../rest/openapi.ts';
import { apiInfo, apiTags, routes } from '../rest/routes.ts';
import { ROLES } from '../src/auth/roles.ts';
import { SCOPES } from '../src/auth/scopes.ts';
import { CIRCUIT_STATES } from '../src/core/circuit.ts';
import { FINAL_STATUSES, isFinal, RUN_STATUSES } from '../src/core/run-state.ts';
import { DEPENDENCY_CONDITIONS } from '../src/domain/dependencies/met-statement.ts';
import { HEALTH_WINDOWS } from '../src/domain/jobs/job-health.ts';
import {
  isFinal as isFinalInSdk,
  FINAL_STATUSES as SDK_FINAL_STATUSES,
  RUN_STATUSES as SDK_RUN_STATUSES,
} from '../src/sdk/run-status.ts';

// REST and the SDK depend on nothing of the domain, so what both sides have words for stands there twice.
const published = JSON.parse(JSON.stringify(makeOpenApi(routes, apiTags, apiInfo)));
const { CircuitBreaker, JobHealth, NewApiKey, ApiKey, JobDependency, NewJobDependency } = published.components.schemas;

/** The words that a published schema allows, `null` left out. */
function wordsOf(schema: object): string[] {
  const found: string[] = [];
  JSON.stringify(schema, (name, value) => {
    if (name === 'enum') found.push(...value);
    if (name === 'const') found.push(value);
    return value;
  });
  return [...new Set(found)];
}

describe('words that stand in two places are the same', () => {
  it.each([
    ['scopes of a key', () => wordsOf(ApiKey.properties.scopes), SCOPES],
    ['scopes of a new key', () => wordsOf(NewApiKey.properties.scopes), SCOPES],
    ['roles of a key', () => wordsOf(ApiKey.properties.role), ROLES],
    ['roles of a new key', () => wordsOf(NewApiKey.properties.role), ROLES],
    ['conditions of a dependency', () => wordsOf(JobDependency.properties.condition), DEPENDENCY_CONDITIONS],
    ['conditions of a new dependency', () => wordsOf(NewJobDependency.properties.condition), DEPENDENCY_CONDITIONS],
    ['states of a circuit', () => wordsOf(CircuitBreaker.properties.state), CIRCUIT_STATES],
    ['windows of the health of a job', () => wordsOf(JobHealth.properties.window), Object.keys(HEALTH_WINDOWS)],
    ['statuses of a run in the SDK', () => [...SDK_RUN_STATUSES], RUN_STATUSES],
    ['final statuses in the SDK', () => [...SDK_FINAL_STATUSES], FINAL_STATUSES],
  ] as const)('%s', (_, second, first) => {
    expect(second().toSorted()).toEqual([...first].toSorted());
  });

  it('and so is what ends a run', () => {
    for (const status of RUN_STATUSES) expect(isFinalInSdk(status)).toBe(isFinal(status));
  });
});
