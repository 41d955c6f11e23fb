import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { actionErrorSchema, errorSchema, fastapiErrorSchema, fastapiValidationSchema } from '../rest/problem-schema.ts';
import type { Route } from '../rest/route.ts';
import { routes } from '../rest/routes.ts';
import { newId } from '../src/core/ids.ts';
import type { RestAnswer } from './support/app.ts';
import { type ContractCase, type GoodRequest, send } from './support/contract-cases.ts';
import { contractCases as cases } from './support/contract-cases-all.ts';
import { type RestWorld, startRestWorld } from './support/rest-world.ts';

let world: RestWorld;
beforeAll(async () => {
  world = await startRestWorld();
});
afterAll(() => world.close());

/**
 * What refusals have in common, made once: a refused request changes nothing, which is what `refused` sees to, so the next one may vary the
 * same good request. Making one anew for each of 900 tests took most of their time.
 */
const made = new Map<string, Promise<unknown>>();
/** What was stored when that was last looked at, if nothing was made since. */
let seen: Record<string, string> | null = null;

function once<Thing>(name: string, make: () => Promise<Thing>): Promise<Thing> {
  const known = made.get(name);
  // Made under this name, by this function.
  if (known) return known as Promise<Thing>;
  seen = null;
  const thing = make();
  made.set(name, thing);
  return thing;
}

const goodOf = (route: Route): Promise<GoodRequest> => once(route.operationId, async () => caseOf(route).request(world));
const keyWith = (scope: string): Promise<string> => once(`key with ${scope}`, () => world.keyWith(scope));

const withBody = routes.filter((route) => route.body !== undefined);
// Nothing can be wrong with the beginning of a key: it just reaches nobody.
const withId = routes.filter((route) => route.params !== undefined && !route.path.includes('{prefix}'));
/** The bodies that name their fields; the only other one is a map. */
const withFields = withBody.filter((route) => route.operationId !== 'annotateOwnRun');
const withQuery = routes.filter((route) => route.query !== undefined);
const ofKeys = routes.filter((route) => route.auth === 'key');
const ofTokens = routes.filter((route) => route.auth === 'run-token');

describe('a body', () => {
  it.each(named(withBody))('of %s must be JSON, of the right kind, and plain', async (_, route) => {
    await refused(route, [
      ['not JSON', { body: '{"a":' }, 400],
      ['a list', { body: '[]' }, 400],
      ['null', { body: 'null' }, 400],
      ['text', { body: '"text"' }, 400],
      ['another type', { body: '{}', headers: { 'content-type': 'text/plain' } }, 415],
      ['compressed', { body: '{}', headers: { 'content-encoding': 'gzip' } }, 415],
      ['NUL', { body: '{"a":"\\u0000"}' }, 400],
      ['half a surrogate pair', { body: '{"a":"\\ud800"}' }, 400],
      ['a prototype', { body: '{"__proto__":{}}' }, 400],
      ['too deep', { body: `{"a":${'['.repeat(70)}${']'.repeat(70)}}` }, 400],
      ['too large', { body: JSON.stringify({ a: 'x'.repeat(route.bodyLimit) }) }, 413],
    ]);
  });

  it.each(named(withFields))('of %s has no fields but its own', async (_, route) => {
    const good = await goodOf(route);

    const [answer] = await refused(route, [['an unknown field', { body: { ...Object(good.body), surprise: 1 } }, 400]]);

    expect(faultsIn(answer)).toEqual([['surprise', 'unknown field']]);
  });

  it.each(named(withFields))('of %s has fields of the right types', async (_, route) => {
    const good = await goodOf(route);
    const properties = Object.entries(propertiesOf(route.body));
    const wrong = properties.flatMap(([field, schema]) => {
      const value = ofAnotherType(schema);
      return value === undefined ? [] : [[field, { body: { ...Object(good.body), [field]: value } }, 400] as const];
    });

    const answers = await refused(route, wrong);

    expect(properties.length).toBeGreaterThan(0);
    const places = answers.map((answer) => [...new Set(faultsIn(answer).map(([path]) => path?.split('.')[0]))]);
    expect(places).toEqual(wrong.map(([field]) => [field]));
  });

  it.each(named(withBody.filter((route) => !route.bodyOptional)))('of %s must be there', async (_, route) => {
    await refused(route, [['nothing', { body: undefined }, 400]]);
  });
});

describe('an id', () => {
  it.each(named(withId.filter((route) => route.auth === 'key')))(
    'of %s that is unknown, foreign or none is not found',
    async (_, route) => {
      const { other } = world;
      const foreign =
        {
          projects: 'other',
          jobs: other.jobId,
          actions: other.jobId,
          'api-keys': other.keyId,
          runs: other.runId,
          events: other.eventKey,
          'batch-operations': other.batchId,
          workflows: other.workflowId,
          wf: other.workflowId,
          run: other.workflowRunId,
          'workflow-runs': other.workflowRunId,
          automations: other.workflowId,
          'automation-runs': other.workflowRunId,
          environments: other.environmentId,
          secrets: other.secretId,
          pricing: other.priceId,
          'circuit-breakers': other.circuitId,
          schedules: other.scheduleId,
          'webhooks/subscriptions': other.subscriptionId,
          'webhooks/deliveries': other.deliveryId,
        }[nounOf(route.path)] ?? '';
      // Nothing is foreign to a key that reaches beyond its project, so this one does not, unless the route takes no other.
      const reachesAll = caseOf(route).scope === 'instance:admin';
      const token = await keyWith(reachesAll ? 'instance:admin' : '*');

      // Where ids are documented to be UUIDs, what is none is bad input.
      const hasForm = route.errorStyle === 'fastapi';

      const answers = await refused(route, [
        ['unknown', { id: newId(), token }, 404],
        ['of another project', { id: reachesAll ? 'nobodys' : foreign, token }, 404],
        ['none at all', { id: 'Not An Id/%', token }, hasForm ? 400 : 404],
        ['too long for any', { id: 'x'.repeat(200), token }, hasForm ? 400 : 404],
        ['NUL', { id: 'a\0b', token }, 400],
      ]);

      expect(new Set(answers.slice(0, hasForm ? 2 : 4).map(wordsOf)).size).toBe(1);
    },
  );

  it.each(named(ofTokens))('of %s must be the run of the token, whatever else is wrong', async (_, route) => {
    const answers = await refused(route, [
      ['another run', { id: world.other.runId }, 403],
      ['no id', { id: 'x' }, 403],
      ['another run and no JSON', { id: newId(), ...(route.body && { body: '{' }) }, 403],
    ]);

    expect(answers.map(({ body }) => body.error)).toEqual(Array(3).fill('token does not match run ID'));
  });
});

describe('a credential', () => {
  it.each(named(ofKeys))('of %s must be a living key', async (_, route) => {
    const { token } = await once('run', () => world.accepted());

    const answers = await refused(route, [
      ['none', { token: null }, 401],
      ['unknown', { token: 'some-key-that-nobody-has' }, 401],
      ['a run token', { token }, 401],
    ]);

    expect(answers.map(({ headers }) => headers.get('www-authenticate'))).toEqual(Array(3).fill('Bearer realm="baton"'));
  });

  it.each(named(ofTokens))('of %s must be a run token, not a key', async (_, route) => {
    const key = await keyWith('*');
    const headers = { 'x-api-key': key };

    await refused(route, [
      ['none', { token: null }, 401],
      ['a key', { token: key }, 401],
      ['a key in its own header', { token: null, headers }, 401],
      ['no token of ours', { token: 'eyJhbGciOiJub25lIn0.e30.' }, 401],
    ]);
  });

  it.each(named(ofKeys.filter((route) => caseOf(route).scope !== null)))('of %s must carry its scope', async (_, route) => {
    const token = await keyWith('stats:read');

    const [answer] = await refused(route, [['another scope', { token }, 403]]);

    expect(wordsOf(answer)).toBe(`insufficient permissions: requires ${caseOf(route).scope}`);
  });

  it.each(named(ofKeys.filter((route) => ![null, 'instance:admin'].includes(caseOf(route).scope))))(
    'of %s needs no other scope',
    async (_, route) => {
      const { request, scope, status } = caseOf(route);
      // A key can be given no more than its maker has, so creating one takes those scopes too.
      const token = await keyWith(route.operationId === 'createApiKey' ? '*' : (scope ?? ''));
      const good = await request(world);
      seen = null;

      expect((await send(world, route, { ...good, token })).status).toBe(status);
    },
  );
});

describe('a query', () => {
  it.each(named(routes))('of %s has no parameters but its own', async (_, route) => {
    const [answer] = await refused(route, [['an unknown one', { query: 'surprise=1' }, 400]]);

    expect(faultsIn(answer)).toEqual([['surprise', 'unknown field']]);
  });

  it.each(named(withQuery.filter((route) => 'cursor' in propertiesOf(route.query))))(
    'of %s has a sensible limit and cursor',
    async (_, route) => {
      const good = await goodOf(route);
      const limits = ['0', '-1', 'x', '', '1.5', '1e3', '%00'].map(
        (limit) => [`limit ${limit}`, { query: `limit=${limit}` }, 400] as const,
      );

      const answers = await refused(route, limits);
      await refused(route, [['no cursor', { query: 'cursor=No%20Cursor' }, 400]]);
      const clamped = await send(world, route, { ...good, query: 'limit=1000000' });

      expect(new Set(answers.slice(0, -1).map(wordsOf))).toEqual(new Set(['limit must be a positive integer']));
      expect(clamped.status).toBe(200);
    },
  );

  it.each(named(withQuery.filter((route) => 'project_id' in propertiesOf(route.query))))(
    'of %s sees one project',
    async (_, route) => {
      const token = await keyWith('*');

      const answers = await refused(route, [
        ['another project', { query: 'project_id=other', token }, 404],
        ['an unknown one', { query: 'project_id=nobody', token }, 404],
        ['none at all', { query: 'project_id=%20', token }, 404],
      ]);

      expect(answers.map(({ body }) => body.error)).toEqual(Array(3).fill('project not found'));
    },
  );
});

type Refusal = readonly [what: string, over: GoodRequest & { readonly body?: unknown }, status: number];

/** Sends variations of a good request and sees that each is refused as documented, and that nothing was stored or changed. */
async function refused(route: Route, refusals: readonly Refusal[]): Promise<RestAnswer[]> {
  const base = await goodOf(route);
  const before = seen ?? (await world.stored());
  const answers: RestAnswer[] = [];
  for (const [what, over, ordinary] of refusals) {
    const answer = await send(world, route, { ...base, ...over });
    // FastAPI calls bad input unprocessable.
    const status = route.errorStyle.startsWith('fastapi') && ordinary === 400 ? 422 : ordinary;
    expect([what, answer.status, answer.status === status ? null : answer.body]).toEqual([what, status, null]);
    if (route.errorStyle === 'actions') {
      const { error_ref, status_code } = actionErrorSchema.strict().parse(answer.body);
      expect([error_ref, status_code]).toEqual([answer.headers.get('x-request-id'), answer.status]);
    } else if (route.errorStyle === 'baton') {
      expect(errorSchema.strict().parse(answer.body).request_id).toBe(answer.headers.get('x-request-id'));
    } else (status === 422 ? fastapiValidationSchema : fastapiErrorSchema).strict().parse(answer.body);
    answers.push(answer);
  }
  seen = await world.stored();
  expect(seen).toEqual(before);
  return answers;
}

/** What the id in a path is the id of: the segment before it, or for `/wf/{name}/{run_id}/` the run. */
function nounOf(path: string): string {
  if (path.includes('{run_id}') && path.startsWith('/wf/')) return 'run';
  return /^(?:(?:\/api)?\/v1)?\/((?:webhooks\/)?[^/]+)/.exec(path)?.[1] ?? '';
}

/** What an answer says went wrong, in any style. */
function wordsOf(answer: RestAnswer | undefined): unknown {
  return answer?.body.error ?? answer?.body.detail ?? answer?.body.message;
}

/** The fields that an answer finds fault with and what it says of each, in any style. */
function faultsIn(answer: RestAnswer | undefined): string[][] {
  const { details, detail, params } = answer?.body ?? {};
  if (params) return Object.entries(params as Record<string, string>);
  if (details) return details.map(({ path, message }: { path: string; message: string }) => [path, message]);
  return detail.map(({ loc, msg }: { loc: string[]; msg: string }) => [loc.slice(1).join('.'), msg]);
}

function caseOf(route: Route): ContractCase {
  const found = cases[route.operationId];
  if (!found) throw new Error(`${route.operationId} has no case`);
  return found;
}

function named(some: readonly Route[]): [string, Route][] {
  return some.map((route) => [`${route.method} ${route.path}`, route]);
}

interface JsonSchema {
  readonly type?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
}

function propertiesOf(schema: z.ZodType | undefined): Readonly<Record<string, JsonSchema>> {
  if (!schema) return {};
  // What zod prints is JSON Schema; its own type for it says less than this one.
  const json = z.toJSONSchema(schema, { io: 'input' }) as unknown as JsonSchema;
  const target = json.$ref === undefined ? json : json.$defs?.[json.$ref.replace('#/$defs/', '')];
  return target?.properties ?? {};
}

/** A value that a property does not take; undefined for one that takes any. */
function ofAnotherType({ type, anyOf }: JsonSchema): unknown {
  const types = [type, ...(anyOf ?? []).map((branch) => branch.type)].flat().filter((one) => one !== undefined);
  if (types.length === 0) return undefined;
  return types.includes('object') || types.includes('array') ? 7 : [];
}
