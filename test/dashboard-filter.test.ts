import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { buildSchema, type GraphQLInputObjectType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { toggleStatus, withoutToken, withTokens, withValue } from '../dashboard/src/runs/filter/edit-filter.ts';
import { readSpan, writeSpan } from '../dashboard/src/runs/filter/moment.ts';
import { readJson, writeJson } from '../dashboard/src/runs/filter/payload.ts';
import { readFilter } from '../dashboard/src/runs/filter/read-filter.ts';
import { questionOf, readDraft, suggestOwn } from '../dashboard/src/runs/filter/suggest.ts';
import { joinTokens, quote, splitTokens, unquote } from '../dashboard/src/runs/filter/token.ts';

const NOW = Date.parse('2026-01-31T12:00:00Z');
const read = (text: string) => readFilter(text, NOW);
const ago = (hours: number) => new Date(NOW - hours * 3_600_000).toISOString();

describe('a filter', () => {
  it('asks for everything the API can be asked for', () => {
    const { conditions, hasProblem } = read(
      [
        'status:failed,crashed job:send-email payload.customer.id:42 tag.team:core metadata.region:"eu west" error:"timed out"',
        'error-group:g1 created:2h..1h finished:3h..2h triggered-by:cron batch:b1 parent:p1 step:s1 schedule:c1',
        'concurrency-key:k idempotency-key:i',
      ].join(' '),
    );
    expect(hasProblem).toBe(false);
    expect(conditions).toEqual({
      status: ['FAILED', 'CRASHED'],
      job: 'send-email',
      payloadContains: { customer: { id: 42 } },
      tags: { team: 'core' },
      metadata: { region: 'eu west' },
      errorContains: 'timed out',
      errorGroup: 'g1',
      createdAfter: ago(2),
      createdBefore: ago(1),
      finishedAfter: ago(3),
      finishedBefore: ago(2),
      triggeredBy: 'cron',
      batchId: 'b1',
      parentRunId: 'p1',
      workflowStepRunId: 's1',
      scheduleId: 'c1',
      concurrencyKey: 'k',
      idempotencyKey: 'i',
    });
    const schema = buildSchema(readFileSync(new URL('../graphql/schema.graphql', import.meta.url), 'utf8'));
    const input = schema.getType('RunFilter') as GraphQLInputObjectType;
    expect(Object.keys(conditions).toSorted()).toEqual(Object.keys(input.getFields()).toSorted());
  });

  it('makes the JSON that is meant of what is written for a payload', () => {
    const { conditions } = read(
      'payload.n:-1.5 payload.yes:true payload.none:null payload.id:"42" payload.word:four payload.empty:"" payload.list:[1,2] payload."a.b".c:1',
    );
    expect(conditions.payloadContains).toEqual({
      n: -1.5,
      yes: true,
      none: null,
      id: '42',
      word: 'four',
      empty: '',
      list: [1, 2],
      'a.b': { c: 1 },
    });
    expect(
      read('payload.customer.id:42 payload.customer.name:"Ann B" payload.items[].sku:a payload.items[].sku:b').conditions,
    ).toEqual({
      payloadContains: { customer: { id: 42, name: 'Ann B' }, items: [{ sku: 'a' }, { sku: 'b' }] },
    });
    expect(JSON.stringify(read('payload.__proto__.x:1').conditions.payloadContains)).toBe('{"__proto__":{"x":1}}');
  });

  it.each([
    ['foo:bar', 'foo is no filter; begin with status, job, payload., error, created or tag.'],
    ['broken', 'broken is no filter; write error:broken for errors with it, or job:broken for a job'],
    ['status:', 'status needs a value'],
    ['status', 'status needs a value: status:…'],
    ['status:gone', /^status knows no “gone”; there are delayed, .*, expired$/],
    ['-status:failed', '-status cannot be turned round: filters say what runs have, not what they lack'],
    ['error:"open', 'error has a quote that does not close'],
    ['tag.:x', 'tag. needs a name behind the point, in quotes if it has blanks'],
    ['payload.:1', /^payload\. is no path: write payload\.customer\.id/],
    ['payload.a:', 'payload.a needs a value; "" is the empty text'],
    ['payload.a:[1', 'payload.a is no JSON: a quote or a bracket does not close'],
    ['payload.a:12345678901234567890', /^payload\.a is too large to stay exact; write "12345678901234567890"/],
    ['created:1', /^created is no time: write 2h, /],
    ['created:2026-02-30', /^created is no time/],
    ['created:1h..2h', 'created ends before it begins: write the earlier moment first'],
    ['created:..', /^created needs a moment/],
  ])('says in words why it does not understand %s, and asks for nothing then', (text, problem) => {
    const { tokens, conditions, hasProblem } = read(`job:one ${text}`);
    expect(tokens.map((token) => token.problem)).toEqual([
      null,
      typeof problem === 'string' ? problem : expect.stringMatching(problem),
    ]);
    expect(hasProblem).toBe(true);
    expect(conditions).toEqual({});
  });

  it('says which of two words does not go with the other', () => {
    const problems = (text: string) => read(text).tokens.map(({ problem }) => problem);
    expect(problems('job:a job:b')).toEqual([null, 'job is there twice: keep one of them']);
    expect(problems('tag.a:1 tag.b:1 tag.a:2')).toEqual([null, null, 'tag.a is there twice: keep one of them']);
    expect(problems('payload.a:1 payload.a.b:2 job:x')).toEqual([
      null,
      'payload.a.b is asked to be two things at once: leave one of them out',
      null,
    ]);
  });
});

describe('tokens', () => {
  it('are what was written, whatever was written', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const again = joinTokens(splitTokens(text));
        expect(splitTokens(again)).toEqual(splitTokens(text));
        expect(() => read(text)).not.toThrow();
      }),
    );
  });

  it('hold any text, name and payload value', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.jsonValue(), (text, value) => {
        expect(unquote(quote(text))).toBe(text);
        // -0 is 0 in JSON.
        const json: unknown = JSON.parse(JSON.stringify(value));
        expect(readJson(writeJson(json))).toEqual(json);
        const name = quote(text, { isPart: true });
        expect(read(`tag.${name}:${quote(text)}`).conditions).toEqual({ tags: { [text]: text } });
        expect(read(`payload.${name}:${writeJson(text)}`).conditions).toEqual({ payloadContains: { [text]: text } });
      }),
    );
  });

  it('are changed in their place', () => {
    const text = 'status:failed job:a payload.x:1';
    expect(withValue(text, 'job', 'b')).toBe('status:failed job:b payload.x:1');
    expect(withValue(text, 'created', '1h')).toBe('status:failed job:a payload.x:1 created:1h');
    expect(withValue(text, 'job', null)).toBe('status:failed payload.x:1');
    expect(withoutToken(text, 0)).toBe('job:a payload.x:1');
    expect(withTokens(text, 'JOB:c payload.y:2 payload.x:1 tag.T:1 tag.t:2')).toBe(
      'status:failed job:c payload.y:2 payload.x:1 tag.T:1 tag.t:2',
    );
    expect(toggleStatus(text, 'QUEUED')).toBe('status:queued,failed job:a payload.x:1');
    expect(toggleStatus(text, 'FAILED')).toBe('job:a payload.x:1');
  });
});

describe('suggestions', () => {
  const texts = (draft: string) => suggestOwn(readDraft(draft).text).map(({ text }) => text);
  it('are for the token that is being written', () => {
    expect(readDraft('status:failed error:"timed o')).toEqual({ before: 'status:failed ', text: 'error:"timed o' });
    expect(readDraft('status:failed ')).toEqual({ before: 'status:failed ', text: '' });
    expect(texts('stat')).toEqual(['status:']);
    expect(texts('job:a status:failed,c')).toEqual([
      'status:failed,completed',
      'status:failed,crashed',
      'status:failed,canceled',
    ]);
    expect(texts('created:<3')).toEqual(['created:<30d']);
    expect(texts('timeout')).toEqual(['error:timeout', 'job:timeout']);
    expect(texts('')).toHaveLength(16);
    expect(suggestOwn('0199aaaa-bbbb-7ccc-8ddd-eeeeffff0000')[0]).toMatchObject({ leadsTo: 'run' });
  });

  it('ask the server for names and values, and write what it answers', () => {
    const answer = (value: string, json: unknown = null) => ({ value, count: 2, json });
    expect(questionOf('payload.cust')).toMatchObject({ field: 'PAYLOAD', key: null, prefix: 'cust' });
    expect(questionOf('payload.cust')?.toSuggestion(answer('customer.the id')).text).toBe('payload.customer."the id":');
    const values = questionOf('payload.customer."the id":"4');
    expect(values).toMatchObject({ field: 'PAYLOAD', key: 'customer.the id', prefix: '4' });
    expect(values?.toSuggestion(answer('42', 42)).text).toBe('payload.customer."the id":42');
    expect(values?.toSuggestion(answer('42', '42')).text).toBe('payload.customer."the id":"42"');
    expect(questionOf('tag.team:c')?.toSuggestion(answer('core two')).text).toBe('tag.team:"core two"');
    expect(questionOf('job:')).toMatchObject({ field: 'JOB', key: null, prefix: '' });
    for (const text of ['status:f', 'error:x', 'stat', 'payload.items[].sku:']) expect(questionOf(text)).toBeNull();
  });
});

describe('times', () => {
  it('are spans that can be written again', () => {
    const hour = 3_600_000;
    expect(readSpan('>2h', NOW)).toEqual({ after: NOW - 2 * hour });
    expect(readSpan('2h', NOW)).toEqual({ after: NOW - 2 * hour });
    expect(readSpan('<1.5h', NOW)).toEqual({ before: NOW - 1.5 * hour });
    expect(readSpan('1w..', NOW)).toEqual({ after: NOW - 168 * hour });
    expect(readSpan('2d..now', NOW)).toEqual({ after: NOW - 48 * hour, before: NOW });
    const day = readSpan('2026-01-31', NOW);
    expect(day).toEqual({ after: new Date(2026, 0, 31).getTime(), before: new Date(2026, 1, 1).getTime() });
    for (const span of [day, { after: NOW }, { before: NOW + 1 }]) expect(readSpan(writeSpan(span), 0)).toEqual(span);
    expect(readSpan('2026-01-31T12:00Z..2026-01-31', NOW).after).toBe(NOW);
  });
});
