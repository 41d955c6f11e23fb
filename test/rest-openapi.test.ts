import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { makeOpenApi } from '../rest/openapi.ts';
import { defineRoute, gql } from '../rest/route.ts';
import { apiInfo, apiTags, routes } from '../rest/routes.ts';
import { toyRoutes } from './support/rest-toy-routes.ts';

const TAGS = [
  { name: 'Notes', description: 'Small texts.' },
  { name: 'Faults', description: 'Ways to fail.' },
  { name: 'Unused', description: 'Of no row.' },
];
const INFO = { title: 'Toy', version: '1', description: 'A toy.' };

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const COMMITTED = join(ROOT, 'rest/openapi.json');

/** The document as a reader of the JSON text meets it. */
function printed(rows = toyRoutes) {
  return JSON.parse(JSON.stringify(makeOpenApi(rows, TAGS, INFO)));
}

describe('the OpenAPI document', () => {
  it('prints equal text for equal rows', () => {
    expect(JSON.stringify(makeOpenApi(toyRoutes, TAGS, INFO))).toBe(JSON.stringify(makeOpenApi(toyRoutes, TAGS, INFO)));
  });

  it('passes redocly lint without a remark', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'baton-openapi-'));
    try {
      const file = join(dir, 'openapi.json');
      await writeFile(file, JSON.stringify(makeOpenApi(toyRoutes, TAGS, INFO)));

      expect(await lint(file, COMMITTED)).toMatch(/Your API descriptions are valid/);
    } finally {
      await rm(dir, { recursive: true });
    }
  });

  it('is committed as the rows print it', async () => {
    const committed = await readFile(COMMITTED, 'utf8');

    expect(committed, 'run scripts/print-openapi.ts').toBe(`${JSON.stringify(makeOpenApi(routes, apiTags, apiInfo), null, 2)}\n`);
  });

  it('describes parameters with their limits, defaults and styles', () => {
    const { parameters } = printed().paths['/v1/notes'].get;

    expect(parameters).toEqual([
      { name: 'limit', in: 'query', required: false, schema: { type: 'integer', minimum: 1, maximum: 100, default: 50 } },
      { name: 'cursor', in: 'query', required: false, schema: { type: 'string' } },
      { name: 'text', in: 'query', required: false, schema: { type: 'array', items: { type: 'string' } } },
      {
        name: 'tags',
        in: 'query',
        required: false,
        style: 'deepObject',
        explode: true,
        schema: { type: 'object', additionalProperties: { type: 'string' } },
      },
      { name: 'data_contains', in: 'query', required: false, schema: { type: 'string' } },
    ]);
    expect(printed().paths['/v1/notes'].post.parameters).toEqual([
      {
        name: 'Idempotency-Key',
        in: 'header',
        required: false,
        description: 'Makes a repeated request the same request.',
        schema: { type: 'string', maxLength: 8 },
      },
    ]);
  });

  it('names the answers a row can give, and no others', () => {
    const { paths } = printed();
    const statuses = (path: string, method: string) => Object.keys(paths[path][method].responses);

    expect(statuses('/v1/notes', 'post')).toEqual(['200', '201', '400', '401', '403', '409', '413', '415', '500', '503']);
    expect(statuses('/v1/notes/{id}', 'delete')).toEqual(['204', '400', '401', '403', '404', '413', '415', '500', '503']);
    expect(statuses('/v1/notes/{id}/stream', 'get')).toEqual(['200', '400', '401', '403', '404', '410', '500', '503']);
    expect(statuses('/v1/notes/{id}/follow', 'get')).toEqual(['200', '204', '400', '404', '500', '503']);
    expect(statuses('/run/fail/{code}/', 'get')).toEqual(['200', '404', '422', '500', '503']);
    expect(paths['/v1/notes'].post.responses['409']).toEqual({
      $ref: '#/components/responses/Conflict',
      description: 'A note with this key exists.',
    });
  });

  it('says which credential each row takes', () => {
    const { paths, components } = printed();

    expect(paths['/v1/notes'].get.security).toEqual([{ bearerAuth: [] }, { apiKeyHeader: [] }, { session: [] }]);
    expect(paths['/sdk/v1/int'].get.security).toEqual([{ runToken: [] }]);
    expect(paths['/v1/fail/{code}'].get.security).toEqual([]);
    expect(Object.keys(components.securitySchemes)).toEqual(['bearerAuth', 'apiKeyHeader', 'session', 'runToken']);
    expect(printed().tags.map((tag: { name: string }) => tag.name)).toEqual(['Notes', 'Faults']);
  });

  it('shares named schemas, and splits one whose input differs from its output', () => {
    const Inner = z.object({ size: z.int().default(3) }).meta({ id: 'Inner' });
    const Outer = z.object({ inner: Inner, at: z.iso.datetime() }).meta({ id: 'Outer' });
    const row = defineRoute({
      operationId: 'outer',
      method: 'POST',
      path: '/v1/outer',
      tag: 'Notes',
      summary: 'Echo',
      auth: 'none',
      body: Outer,
      document: gql`{ hello }`,
      response: Outer,
      project: (data: z.output<typeof Outer>) => data,
    });
    const { paths, components } = printed([row]);
    const { post } = paths['/v1/outer'];

    expect(post.requestBody.content['application/json'].schema).toEqual({ $ref: '#/components/schemas/OuterInput' });
    expect(post.responses['200'].content['application/json'].schema).toEqual({ $ref: '#/components/schemas/Outer' });
    expect(components.schemas.OuterInput.properties.inner).toEqual({ $ref: '#/components/schemas/InnerInput' });
    expect(components.schemas.InnerInput.required).toBeUndefined();
    expect(components.schemas.Inner.required).toEqual(['size']);
    expect(components.schemas.Outer.properties.at).toEqual({ type: 'string', format: 'date-time' });
    expect(Object.keys(components.schemas)).toEqual(Object.keys(components.schemas).sort());
  });

  it('holds schemas that a validator can use', () => {
    const document = printed();
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema(document, 'api');
    const matches = (name: string, value: unknown) => ajv.getSchema(`api#/components/schemas/${name}`)?.(value);

    expect(matches('Note', { id: '1', body_text: 'x', data: null })).toBe(true);
    expect(matches('Note', { id: 1, body_text: 'x', data: null })).toBe(false);
    expect(matches('Error', { error: 'x', request_id: 'y', details: [{ path: 'a', message: 'b' }] })).toBe(true);
  });

  it('refuses a row whose tag nobody described', () => {
    expect(() => makeOpenApi(toyRoutes, [], INFO)).toThrow('route listNotes: the tag Notes is not described');
  });
});

/** What redocly says of documents under the repository's rules; rejects when it finds an error or a warning. */
async function lint(...files: string[]): Promise<string> {
  const cli = join(ROOT, 'node_modules/@redocly/cli/bin/cli.js');
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    [cli, 'lint', '--config', join(ROOT, 'redocly.yaml'), ...files],
    {
      env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
    },
  );
  const said = stdout + stderr;
  if (/warning/i.test(said)) throw new Error(said);
  return said;
}
