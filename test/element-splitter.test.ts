import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ElementSplitter, ListSyntaxError, makeJsonSplitter, makeLineSplitter } from '../rest/element-splitter.ts';

const MAX = 10_000;

/** What a splitter makes of a text that arrives in pieces of `size` bytes. */
function split(splitter: ElementSplitter, text: string, size: number): unknown[] {
  const bytes = Buffer.from(text);
  const found: unknown[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    for (const element of splitter.push(bytes.subarray(at, at + size))) found.push(parsed(element));
  }
  for (const element of splitter.end()) found.push(parsed(element));
  return found;
}

function parsed(element: Buffer | null): unknown {
  return element === null ? 'too large' : JSON.parse(element.toString());
}

const size = fc.integer({ min: 1, max: 40 });
const json = fc.jsonValue({ maxDepth: 4 });

describe('the JSON splitter', () => {
  it('finds what JSON.parse finds, however the text is spaced and cut', () => {
    fc.assert(
      fc.property(fc.array(json, { maxLength: 8 }), fc.constantFrom(undefined, 1, '\t'), size, (items, space, pieces) => {
        const text = JSON.stringify({ items }, null, space);
        expect(split(makeJsonSplitter('items', MAX), text, pieces)).toEqual((JSON.parse(text) as { items: unknown[] }).items);
      }),
    );
  });

  it('takes no text that JSON.parse does not take', () => {
    const good = '{ "items" : [ {"a":"]},{\\"["} , [1,[2]] ,"\\\\" ] }';
    fc.assert(
      fc.property(
        fc.nat(good.length - 1),
        fc.constantFrom('', ',', ']', '}', '[', '{', '"', ':', '\\', 'x'),
        size,
        (at, put, pieces) => {
          const text = good.slice(0, at) + put + good.slice(at + 1);
          let expected: unknown;
          try {
            expected = JSON.parse(text);
          } catch {
            expect(() => split(makeJsonSplitter('items', MAX), text, pieces)).toThrow();
            return;
          }
          const fields = Object.keys(Object(expected));
          if (fields.join() === 'items')
            expect(split(makeJsonSplitter('items', MAX), text, pieces)).toEqual(Object(expected).items);
          else expect(() => split(makeJsonSplitter('items', MAX), text, pieces)).toThrow(ListSyntaxError);
        },
      ),
      { numRuns: 500 },
    );
  });

  it.each([
    ['null', '', 'must be a JSON object'],
    ['[]', '', 'must be a JSON object'],
    ['{}', 'items', 'is required'],
    ['{"items":7}', 'items', 'must be a list'],
    ['{"items":[],"other":1}', 'other', 'unknown field'],
    ['{"other":1,"items":[]}', 'other', 'unknown field'],
    ['{"items":[],"items":[]}', 'items', 'is given twice'],
    ['{"items":[1]', '', 'is not valid JSON'],
    ['{"items":[1', '', 'is not valid JSON'],
    ['{"items":[1]}}', '', 'is not valid JSON'],
    ['{"items":[1}]}', '', 'is not valid JSON'],
    ['', '', 'is not valid JSON'],
  ])('says what is wrong with %s', (text, path, message) => {
    expect(() => split(makeJsonSplitter('items', MAX), text, 3)).toThrow(expect.objectContaining({ path, message }));
  });

  it('keeps nothing of an element that is too large, and goes on behind it', () => {
    const text = JSON.stringify({ items: [1, 'x'.repeat(30), { a: 'y'.repeat(30) }, 2] });

    expect(split(makeJsonSplitter('items', 20), text, 7)).toEqual([1, 'too large', 'too large', 2]);
  });
});

describe('the line splitter', () => {
  it('finds one element a line, however the lines are cut', () => {
    fc.assert(
      fc.property(
        fc.array(json, { maxLength: 8 }),
        fc.constantFrom('\n', '\r\n', '\n\n', '\n \n'),
        size,
        (items, end, pieces) => {
          const text = items.map((item) => JSON.stringify(item)).join(end);
          expect(split(makeLineSplitter(MAX), text, pieces)).toEqual(JSON.parse(JSON.stringify(items)));
        },
      ),
    );
  });

  it('keeps nothing of a line that is too large', () => {
    expect(split(makeLineSplitter(5), '1\n"123456789"\n2\n', 4)).toEqual([1, 'too large', 2]);
  });
});
