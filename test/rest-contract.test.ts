import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeOpenApi } from '../rest/openapi.ts';
import { errorSchema } from '../rest/problem-schema.ts';
import type { Route } from '../rest/route.ts';
import { apiInfo, apiTags, routes } from '../rest/routes.ts';
import type { RestAnswer } from './support/app.ts';
import { type ContractCase, send } from './support/contract-cases.ts';
import { contractCases as cases } from './support/contract-cases-all.ts';
import { departures, documentedShape, filledFields } from './support/documented-shapes.ts';
import { DO, type RestWorld, startRestWorld } from './support/rest-world.ts';

let world: RestWorld;
beforeAll(async () => {
  world = await startRestWorld();
});
afterAll(() => world.close());

describe('the contract', () => {
  it('has a case for every route, and no other', () => {
    expect(Object.keys(cases).sort()).toEqual(routes.map((route) => route.operationId).sort());
  });

  it.each(routes.map((route) => [`${route.method} ${route.path}`, route] as const))(
    '%s answers as documented',
    async (_, route) => {
      const { request, status, body } = caseOf(route);

      const answer = await send(world, route, await request(world));

      expect([answer.status, answer.status === status ? null : answer.body]).toEqual([status, null]);
      expect(answer.headers.get('x-request-id')).toMatch(/^[\w-]{36}$/);
      expect(answer.headers.get('x-api-version')).toBe('v1');
      expect(departuresOf(answer.body, body)).toEqual([]);
      expect(publishedFaults(route, answer)).toEqual([]);
    },
  );

  it.each(routes.filter((route) => route.method === 'GET').map((route) => [route.path, route] as const))(
    'HEAD %s answers like GET, without the body',
    async (_, route) => {
      const request = await caseOf(route).request(world);
      await world.settled();
      const get = await send(world, route, request);

      const head = await send(world, { ...route, method: 'HEAD' }, request);

      expect([head.status, head.body]).toEqual([get.status, '']);
      expect(head.headers.get('content-length')).toBe(get.headers.get('content-length'));
    },
  );

  it('fills every documented field of a run that this server has a word for', async () => {
    const everything = {
      payload: DO.accept,
      scheduled_at: '2020-01-01T00:00:00+01:00',
      ttl_secs: 600,
      concurrency_key: 'tenant-1',
      timeout_secs_override: 60,
      max_attempts_override: 3,
    };
    const headers = { 'idempotency-key': 'filled' };
    const { id } = await world.done('POST', `/v1/jobs/${world.job.slug}/trigger`, { body: everything, headers });
    const token = await world.dispatched(id);
    const child = await world.done('POST', `/sdk/v1/runs/${id}/spawn`, { key: token, body: { job_slug: world.job.slug } });
    const continued = await world.done('POST', `/sdk/v1/runs/${id}/continue`, { key: token, body: {} });
    await world.done('POST', `/sdk/v1/runs/${id}/heartbeat`, { key: token });
    const retrying = await world.done('POST', `/sdk/v1/runs/${id}/fail`, { key: token, body: { error: 'not yet', retry: true } });
    const bulk = await world.done('POST', `/v1/jobs/${world.job.slug}/trigger/bulk`, {
      body: { items: [{ payload: DO.complete }] },
    });
    await world.end(bulk.results[0].id);
    const seen = [
      retrying,
      continued,
      ...(await Promise.all([child.id, bulk.results[0].id].map((one) => world.done('GET', `/v1/runs/${one}`)))),
    ];

    const empty = new Set(Object.keys(documentedShape('JobRun')));
    for (const field of seen.flatMap(filledFields)) empty.delete(field);

    expect([...empty].sort()).toEqual(NOTHING_SETS_THEM_YET);
  });
});

describe('a path', () => {
  const paths = [...new Set(routes.map((route) => route.path))];
  /** `/v1/runs/dlq` could be the path of a run too. */
  const matches = (path: string, pattern: string) => new RegExp(`^${pattern.replace(/\{\w+\}/g, '[^/]+')}$`).test(path);
  const methodsOf = (path: string) => [
    ...new Set(routes.filter((route) => matches(path, route.path)).map((route) => route.method)),
  ];

  it.each(paths)('%s refuses other methods and names its own', async (path) => {
    const own = methodsOf(path);
    const expected = [...own, ...(own.includes('GET') ? ['HEAD'] : [])].sort();
    const answer = await world.rest('PUT', path.replace(/\{\w+\}/g, 'x'));

    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')?.split(', ').sort()).toEqual(expected);
    expect(errorSchema.strict().parse(answer.body).error).toBe('this path does not have that method');
  });

  it.each([
    '/v1',
    '/v1/',
    '/v1/run',
    '/v1/runs/',
    '/v1/runs//events',
    '/v1/runs/x/y/z',
    '/v1/jobs/x/triggers',
    '/sdk/v1/runs',
    '/sdk/v2/runs/x/log',
  ])('%s is unknown', async (path) => {
    const answer = await world.rest('GET', path);

    expect(answer.status).toBe(404);
    expect(errorSchema.strict().parse(answer.body).error).toBe('no such route');
  });
});

/** Fields of a run that belong to features still to come: workflows, continuations, retry overrides of a workflow step. */
const NOTHING_SETS_THEM_YET = ['retry_backoff', 'retry_initial_delay_secs', 'retry_max_delay_secs', 'workflow_step_run_id'];

const published = JSON.parse(JSON.stringify(makeOpenApi(routes, apiTags, apiInfo)));
const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
ajv.addSchema(published, 'api');

function caseOf(route: Route): ContractCase {
  const found = cases[route.operationId];
  if (!found) throw new Error(`${route.operationId} has no case`);
  return found;
}

function departuresOf(body: unknown, documented: ContractCase['body']): string[] {
  if (documented === 'any') return [];
  if (documented === null) return body === '' ? [] : ['there is a body'];
  if (!isList(documented)) return departures(body, documented);
  if (!Array.isArray(body) || body.length === 0) return ['the list is empty, or none'];
  return body.flatMap((row) => departures(row, documented[0]));
}

/** What is wrong with an answer by the published OpenAPI document. */
function publishedFaults(route: Route, answer: RestAnswer): string[] {
  const response = published.paths[route.path][route.method.toLowerCase()].responses[answer.status];
  if (!response) return [`the status ${answer.status} is not published`];
  if (!response.content) return [];
  const content = `#/paths/${escapePointer(route.path)}/${route.method.toLowerCase()}/responses/${answer.status}/content`;
  const isStream = route.stream !== undefined;
  const schema = isStream ? `${content}/text~1event-stream/schema/contentSchema` : `${content}/application~1json/schema`;
  const validate = ajv.compile({ $ref: `api${schema}` });
  const bodies = isStream ? messagesOf(answer.body) : [answer.body];
  return bodies.flatMap((body) =>
    validate(body) ? [] : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`),
  );
}

/** The data of the messages of an event stream, of which there must be some, each with an id. */
function messagesOf(text: string): unknown[] {
  const frames = text.split('\n\n').filter((frame) => frame.includes('data: '));
  expect(frames.length).toBeGreaterThan(1);
  expect(frames.filter((frame) => !/^id: \S+$/m.test(frame))).toEqual([]);
  return frames.map((frame) => JSON.parse(/^data: (.*)$/m.exec(frame)?.[1] ?? ''));
}

function escapePointer(key: string): string {
  return encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'));
}

function isList(
  documented: Exclude<ContractCase['body'], 'any' | null>,
): documented is Extract<ContractCase['body'], readonly unknown[]> {
  return Array.isArray(documented);
}
