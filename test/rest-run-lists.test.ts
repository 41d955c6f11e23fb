import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DO, type RestWorld, startRestWorld } from './support/rest-world.ts';

let world: RestWorld;
beforeAll(async () => {
  world = await startRestWorld();
});
afterAll(() => world.close());

/** The ids that a list answers. */
async function idsOf(query: string): Promise<string[]> {
  const rows: { id: string }[] = await world.done('GET', `/v1/runs?project_id=default&${query}`);
  return rows.map(({ id }) => id);
}

describe('a filter of the list of runs', () => {
  let ids: {
    plain: string;
    tagged: string;
    nested: string;
    noted: string;
    delayed: string;
    batched: string;
    child: string;
    parent: string;
  };
  let batchId: string;

  beforeAll(async () => {
    const trigger = async (body: object) => (await world.done('POST', `/v1/jobs/${world.job.slug}/trigger`, { body })).id;
    const bulk = await world.done('POST', `/v1/jobs/${world.job.slug}/trigger/bulk`, {
      body: { items: [{ tags: { team: 'core' } }] },
    });
    const parent = await world.accepted();
    const spawned = { key: parent.token, body: { job_slug: world.job.slug } };
    batchId = bulk.batch_id;
    ids = {
      plain: await trigger({}),
      tagged: await trigger({ tags: { team: 'core', 'odd key': 'a=b&c' }, metadata: { region: 'eu' } }),
      nested: await trigger({ payload: { order: { id: 7, lines: [1, 2] }, vip: true } }),
      noted: await trigger({ metadata: { region: 'eu', 'x[y]': 'z' } }),
      delayed: await trigger({ scheduled_at: soon() }),
      batched: bulk.results[0].id,
      child: (await world.done('POST', `/sdk/v1/runs/${parent.id}/spawn`, spawned)).id,
      parent: parent.id,
    };
    await Promise.all([ids.plain, ids.tagged, ids.nested, ids.noted, ids.batched, ids.child].map((id) => world.end(id)));
  });

  const json = (value: unknown) => encodeURIComponent(JSON.stringify(value));

  it.each([
    ['status', () => 'status=delayed', () => [ids.delayed]],
    ['status of a run under way', () => 'status=executing', () => [ids.parent]],
    ['status that no run has', () => 'status=expired', () => []],
    ['triggered_by', () => 'triggered_by=spawn', () => [ids.child]],
    ['batch_id', () => `batch_id=${batchId}`, () => [ids.batched]],
    ['batch_id that is none', () => 'batch_id=none', () => []],
    ['payload_contains', () => `payload_contains=${json({ vip: true })}`, () => [ids.nested]],
    ['payload_contains, nested', () => `payload_contains=${json({ order: { lines: [2] } })}`, () => [ids.nested]],
    ['payload_contains, missing', () => `payload_contains=${json({ order: { id: 8 } })}`, () => []],
    ['metadata_key and metadata_value', () => 'metadata_key=region&metadata_value=eu', () => [ids.noted, ids.tagged]],
    ['metadata[…]', () => 'metadata[region]=eu', () => [ids.noted, ids.tagged]],
    ['metadata[…], encoded', () => 'metadata%5Bregion%5D=eu', () => [ids.noted, ids.tagged]],
    [
      'metadata[…] and a pair',
      () => `metadata[region]=eu&metadata_key=${encodeURIComponent('x[y]')}&metadata_value=z`,
      () => [ids.noted],
    ],
    ['tag_key and tag_value', () => 'tag_key=team&tag_value=core', () => [ids.tagged, ids.batched]],
    ['tags[…]', () => 'tags[team]=core&tags[odd+key]=a%3Db%26c', () => [ids.tagged]],
    ['tags and metadata', () => 'tags[team]=core&metadata[region]=eu', () => [ids.tagged]],
    ['everything at once', () => `tags[team]=core&batch_id=${batchId}&status=completed&triggered_by=manual`, () => [ids.batched]],
    ['conditions that exclude each other', () => 'triggered_by=spawn&status=delayed', () => []],
  ])('%s means the runs it says', async (_, query, expected) => {
    expect((await idsOf(query())).sort()).toEqual(expected().sort());
  });

  it.each([
    ['status=done', 'status is invalid'],
    ['status=paused', 'status is invalid'],
    ['status=', 'status is invalid'],
    ['metadata_value=eu', 'metadata_value needs metadata_key'],
    ['metadata_key=region', 'metadata_key needs metadata_value'],
    ['tag_value=core', 'tag_value needs tag_key'],
    ['tag_key=team', 'tag_key needs tag_value'],
    ['tags[team]=core&tag_key=team&tag_value=core', 'tag_key is asked for twice'],
    ['payload_contains=no', 'payload_contains is not valid JSON'],
    ['cursor=2026-13-45T00:00:00Z', 'cursor must be a valid RFC3339 timestamp'],
    ['cursor=yesterday', 'cursor must be a valid RFC3339 timestamp'],
  ])('%s is refused: %s', async (query, error) => {
    const { status, body } = await world.rest('GET', `/v1/runs?project_id=default&${query}`);

    expect([status, body.error]).toEqual([400, error]);
  });

  it.each([
    'payload_contains=[1]',
    'payload_contains=7',
    `payload_contains=${json({ a: 'x'.repeat(5_000) })}`,
    `metadata[${'k'.repeat(200)}]=v`,
  ])('%.40s… is refused', async (query) => {
    expect((await world.rest('GET', `/v1/runs?project_id=default&${query}`)).status).toBe(400);
  });

  it('finds the runs of the key’s own project only, whatever else it says', async () => {
    const theirs: { id: string; project_id: string }[] = await world.done('GET', '/v1/runs?project_id=other', {
      key: world.other.key,
    });

    expect(theirs.map(({ id }) => id)).toContain(world.other.runId);
    expect(new Set(theirs.map((run) => run.project_id))).toEqual(new Set(['other']));
    expect(await idsOf('limit=100')).not.toContain(world.other.runId);
  });
});

describe('a list of runs', () => {
  const COUNT = 250;
  let triggered: string[];

  beforeAll(async () => {
    const items = Array.from({ length: COUNT }, (_, n) => ({ payload: DO.complete, tags: { list: 'paged', n: String(n) } }));
    const { results } = await world.done('POST', `/v1/jobs/${world.job.slug}/trigger/bulk`, { body: { items } });
    triggered = results.map(({ id }: { id: string }) => id);
  });

  it('leads through every run once by its Link header, newest first', async () => {
    const seen: string[] = [];
    const sizes: number[] = [];
    for (let path: string | null = '/v1/runs?project_id=default&tags[list]=paged&limit=100'; path !== null; ) {
      const { body, headers } = await world.rest('GET', path);
      seen.push(...body.map(({ id }: { id: string }) => id));
      sizes.push(body.length);
      path = nextPath(headers);
    }

    expect(seen).toEqual(triggered.toReversed());
    expect(sizes).toEqual([100, 100, 50]);
  });

  it('leads through every run once by created_at, in pages that divide the list and pages that do not', async () => {
    for (const limit of [50, 37]) {
      const seen: string[] = [];
      for (let cursor = ''; ; ) {
        const rows: { id: string; created_at: string }[] = await world.done(
          'GET',
          `/v1/runs?project_id=default&tags[list]=paged&limit=${limit}${cursor}`,
        );
        seen.push(...rows.map(({ id }) => id));
        const last = rows.at(-1);
        if (!last) break;
        cursor = `&cursor=${encodeURIComponent(last.created_at)}`;
      }

      expect(seen).toEqual(triggered.toReversed());
    }
  });

  it('keeps the filters of the request in the link', async () => {
    const { headers } = await world.rest(
      'GET',
      '/v1/runs?project_id=default&tags[list]=paged&status=completed&limit=1&triggered_by=manual',
    );

    expect(headers.get('link')).toMatch(
      /^<\/v1\/runs\?project_id=default&tags%5Blist%5D=paged&status=completed&limit=1&triggered_by=manual&cursor=[\w%-]+>; rel="next"$/,
    );
  });

  it('has 50 rows unless told otherwise, and 100 at most', async () => {
    expect(await idsOf('')).toHaveLength(50);
    expect(await idsOf('limit=1000')).toHaveLength(100);
  });

  it('of dead letters has those alone', async () => {
    const dead = await world.ended({ payload: DO.fail });
    await world.ended({ payload: DO.complete });

    const rows: { id: string; status: string; error: string }[] = await world.done('GET', '/v1/runs/dlq?project_id=default');

    expect(rows.map(({ id, status }) => [id, status])).toEqual([[dead.id, 'dead_letter']]);
    expect(rows[0]?.error).toContain('500');
  });
});

describe('what belongs to a run', () => {
  it('is its children, oldest first, each once by Link and by created_at', async () => {
    const parent = await world.accepted();
    const spawned: string[] = [];
    for (let n = 0; n < 5; n++) {
      const body = { job_id: world.job.id, spawn_key: `child-${n}` };
      spawned.push((await world.done('POST', `/sdk/v1/runs/${parent.id}/spawn`, { key: parent.token, body })).id);
    }

    const byLink: string[] = [];
    for (let path: string | null = `/v1/runs/${parent.id}/children?limit=2`; path !== null; ) {
      const { body, headers } = await world.rest('GET', path);
      byLink.push(...body.map(({ id }: { id: string }) => id));
      path = nextPath(headers);
    }
    const byTime: string[] = [];
    for (let cursor = ''; byTime.length < 20; ) {
      const rows: { id: string; created_at: string }[] = await world.done(
        'GET',
        `/v1/runs/${parent.id}/children?limit=2${cursor}`,
      );
      byTime.push(...rows.map(({ id }) => id));
      const last = rows.at(-1);
      if (!last) break;
      cursor = `&cursor=${encodeURIComponent(last.created_at)}`;
    }

    expect(byLink).toEqual(spawned);
    expect(byTime).toEqual(spawned);
  });

  it('is its events, in order, by level and by type', async () => {
    const { id, token } = await world.accepted();
    const post = (route: string, body: object) => world.done('POST', `/sdk/v1/runs/${id}/${route}`, { key: token, body });
    await post('log', { message: 'one', level: 'debug' });
    await post('log', { message: 'two', level: 'warn', type: 'error', data: { page: 3 } });
    await post('progress', { message: 'three', percent: 50, step: 's', eta_seconds: 4 });
    await post('output', { output_key: 'k', value: [1] });
    const messages = async (query: string) => {
      const events: { message: string }[] = await world.done('GET', `/v1/runs/${id}/events?${query}`);
      return events.map(({ message }) => message);
    };
    const { body, headers } = await world.rest('GET', `/v1/runs/${id}/events?type=log&level=debug`);
    const paged: string[] = [];
    for (let path: string | null = `/v1/runs/${id}/events?limit=3`; path !== null; ) {
      const page = await world.rest('GET', path);
      paged.push(...page.body.map((event: { message: string }) => event.message));
      path = nextPath(page.headers);
    }

    expect((await messages('')).slice(-4)).toEqual(['one', 'two', 'three', 'output "k"']);
    expect(paged).toEqual(await messages(''));
    expect(await messages('type=error')).toEqual(['two']);
    expect(await messages('level=warn')).toEqual(['two']);
    expect(await messages('type=progress&level=warn')).toEqual([]);
    expect(body).toEqual([
      {
        id: expect.stringContaining(id),
        run_id: id,
        type: 'log',
        level: 'debug',
        message: 'one',
        data: null,
        created_at: expect.any(String),
      },
    ]);
    expect(headers.get('link')).toBeNull();
    expect((await world.done('GET', `/v1/runs/${id}/events?type=progress`))[0].data).toEqual({
      percent: 50,
      step: 's',
      eta_secs: 4,
    });
    expect((await world.rest('GET', `/v1/runs/${id}/events?level=loud`)).body.error).toBe('level is invalid');
    expect((await world.rest('GET', `/v1/runs/${id}/events?type=noise`)).body.error).toBe('type is invalid');
  });

  it('is its outputs, the last value of each key', async () => {
    const { id, token } = await world.accepted();
    const put = (output_key: string, value: unknown) =>
      world.done('POST', `/sdk/v1/runs/${id}/output`, { key: token, body: { output_key, value } });
    await put('a', 1);
    await put('b', null);
    await put('a', { deep: ['x'] });

    const outputs: { output_key: string; value: unknown }[] = await world.done('GET', `/v1/runs/${id}/outputs`);

    expect(outputs.map(({ output_key, value }) => [output_key, value])).toEqual([
      ['a', { deep: ['x'] }],
      ['b', null],
    ]);
  });
});

/** The path that a `Link` header leads to; null when there is none. */
function nextPath(headers: Headers): string | null {
  return /^<([^>]+)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1] ?? null;
}

function soon(): string {
  return new Date(Date.now() + 3_600_000).toISOString();
}
