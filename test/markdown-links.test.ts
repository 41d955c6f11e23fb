import { describe, expect, it } from 'vitest';
import { readMarkdown } from '../examples/link-check/markdown-links.ts';
import { makeSlugger } from '../examples/link-check/slug.ts';

/** `line target` of every link found. */
const linksOf = (markdown: string) => readMarkdown(markdown).links.map(({ line, target }) => `${line} ${target}`);
const anchorsOf = (markdown: string) => [...readMarkdown(markdown).anchors];

describe('links', () => {
  it.each([
    ['inline links', 'See [a](a.md), [b](./b/c.md#d "Title") and [c](#c).', ['1 a.md', '1 ./b/c.md#d', '1 #c']],
    ['images, also as the text of a link', '![x](i.png) [![y](j.png)](k.md)', ['1 i.png', '1 k.md', '1 j.png']],
    ['targets in angle brackets', '[a](<b c.md>) [d](< e>)', ['1 b c.md', '1  e']],
    ['balanced and escaped parentheses', '[a](b(c).md) [d](e\\).md) [f]((g))', ['1 b(c).md', '1 e).md', '1 (g)']],
    ['every kind of title', '[a](a.md \'x\') [b](b.md (y)) [c](c.md\n"z")', ['1 a.md', '1 b.md', '1 c.md']],
    ['text over several lines', 'one [two\nthree](a.md)\n\n[b](b.md)', ['1 a.md', '4 b.md']],
    [
      'references of all three forms',
      '[a][One], [two][] and\n[Two]\n\n[one]: 1.md\n[TWO]: <2 b.md> "t"',
      ['1 1.md', '1 2 b.md', '2 2 b.md'],
    ],
    ['references with code in the label', '[`x`]\n\n[`x`]: x.md', ['1 x.md']],
    ['the first of two definitions', '[a]\n\n[a]: 1.md\n[a]: 2.md', ['1 1.md']],
    ['definitions whose target is on the next line', '[a]\n\n[a]:\n  1.md', ['1 1.md']],
    ['HTML links and images', '<p>\n<a class="x" href="a.md">a</a> <img src=b.png alt="c > d"></p>', ['2 a.md', '2 b.png']],
    ['character references', '[a](b&amp;c.md) [d](e&#x41;&#66;.md)', ['1 b&c.md', '1 eAB.md']],
    [
      'links in lists, quotes and tables',
      '- [a](a.md)\n  - [b](b.md)\n\n> [c](c.md)\n\n| [d](d.md) | [e](e.md) |',
      ['1 a.md', '2 b.md', '4 c.md', '6 d.md', '6 e.md'],
    ],
    ['lines that end in CR LF', '[a](a.md)\r\n\r\n[b](b.md)\r\n', ['1 a.md', '3 b.md']],
    ['an empty target', '[a]()', ['1 ']],
  ])('finds %s', (_what, markdown, links) => {
    expect(linksOf(markdown)).toEqual(links);
  });

  it.each([
    [
      'absolute URLs',
      '[a](https://x.test/a.md) [b](mailto:a@x.test) [c](//x.test) <https://x.test/b.md> [d]\n\n[d]: http://x.test',
    ],
    ['fenced code', '```md\n[a](a.md)\n``\n[b](b.md)\n````\n\n~~~\n[c](c.md)\n```\n[d](d.md)\n~~~'],
    [
      'fenced code in lists and quotes',
      '- ```\n  [a](a.md)\n  ```\n\n> ~~~\n> [b](b.md)\n> ~~~\n\n1. x\n\n   ```\n   [c](c.md)\n   ```',
    ],
    ['a fence that is never closed', '```\n[a](a.md)\n\n[b](b.md)'],
    ['indented code', 'text\n\n    [a](a.md)\n\n\t[b](b.md)'],
    ['inline code', '`[a](a.md)` ``[b](b.md) ` `` `[c]\n(c.md)`'],
    ['comments', '<!-- [a](a.md) -->\n\n<!--\n[b](b.md)\n\n[c](c.md)\n-->\n\nx <!-- [d](d.md)\n--> y'],
    ['front matter', '---\nlink: "[a](a.md)"\n---\n'],
    ['raw HTML', '<pre>\n[a](a.md)\n</pre>\n<script>[b](b.md)</script>'],
    ['escaped brackets', '\\[a](a.md)\n\n[b\\](b.md)\n\n!\\[c](c.md)'],
    ['text that only looks like a link', 'a[0](b c) f[x][y] [z] (a.md) ](b.md) [ ] [x] todo'],
    ['footnotes', 'Text[^1].\n\n[^1]: a.md'],
    ['definitions nobody uses', '[a]: a.md'],
  ])('finds none in %s', (_what, markdown) => {
    expect(linksOf(markdown)).toEqual([]);
  });

  it.each([
    ['a fence in a quote that the quote ends', '> ```\n> x\n\n[a](a.md)', ['4 a.md']],
    ['a code span that is left open', 'a ` b [a](a.md)\n\n- ` x\n- [b](b.md) `', ['1 a.md', '4 b.md']],
    ['backticks of different lengths', '``a` [a](a.md)', ['1 a.md']],
    ['an escaped backtick', '\\`[a](a.md)\\`', ['1 a.md']],
    [
      'indented lines of a paragraph or list',
      'text\n    [a](a.md)\n\n- item\n\n      [b](b.md)\n\n    [c](c.md)',
      ['2 a.md', '6 b.md', '8 c.md'],
    ],
    ['indented code', '    code\n\ntext [a](a.md)', ['3 a.md']],
    ['a one-line comment', '<!-- x -->\n[a](a.md)', ['2 a.md']],
    ['raw HTML on one line', '<pre>x</pre>\n\n[a](a.md)', ['3 a.md']],
    ['a rule that is no front matter', '---\n\n[a](a.md)', ['3 a.md']],
    ['a comment that stands in code', '`<!--` [a](a.md) `-->`', ['1 a.md']],
  ])('finds links behind %s', (_what, markdown, links) => {
    expect(linksOf(markdown)).toEqual(links);
  });

  it('is not held up by pathological input', () => {
    const size = 20_000;
    const inputs = [
      '['.repeat(size),
      '![a]('.repeat(size),
      '`'.repeat(size),
      '<a '.repeat(size),
      '[a](<b'.repeat(size),
      '('.repeat(size),
      '# '.repeat(size),
      '_a'.repeat(size),
    ];

    for (const input of inputs) expect(linksOf(input)).toEqual([]);
  });
});

describe('anchors', () => {
  it.each([
    [
      'headings of both kinds',
      '# One\n## Two ##\n\nThree\n===\nFour\nfive\n---\n####### no\n#no',
      ['one', 'two', 'three', 'four-five'],
    ],
    ['headings in quotes', '> ## Quoted', ['quoted']],
    [
      'HTML headings, ids and names',
      '<h2 align="center">\n  In HTML\n</h2>\n\n<a id="x"></a><a name=\'y\'></a><div id=z>\n<input name="no" data-id="no">',
      ['in-html', 'x', 'y', 'z'],
    ],
    [
      'markup in headings',
      '# A `code_b` *c* __d__ ~~e~~ [f](g.md) ![h](i.png) snake_case_j &amp; \\*k <b>l</b>',
      ['a-code_b-c-d-e-f--snake_case_j--k-l'],
    ],
    ['code that looks like markup', '# The `<T>` of `_x_`', ['the-t-of-_x_']],
    ['no headings in code, or under lists and rules', '```\n# a\n```\n\n    # b\n\n- c\n---\n\n---\n', []],
  ])('are made of %s', (_what, markdown, anchors) => {
    expect(anchorsOf(markdown)).toEqual(anchors);
  });

  it.each([
    ['punctuation', 'What? Yes: "this", (that) & more…', 'what-yes-this-that--more'],
    ['other alphabets and marks', 'Überschrift 第一章 हिन्दी', 'überschrift-第一章-हिन्दी'],
    ['emoji', '🚀 Launch', '-launch'],
    ['numbers, dots and slashes', '1.2.3 /v1/runs', '123-v1runs'],
    ['hyphens and underscores', 'a - b--c_d', 'a---b--c_d'],
  ])('are named as on GitHub: %s', (_what, heading, slug) => {
    expect(makeSlugger()(heading)).toBe(slug);
  });

  it('of the same name are numbered, without taking the name of another heading', () => {
    const slug = makeSlugger();

    expect(['Setup', 'Setup', 'Setup 1', 'Setup', 'setup-1', 'constructor'].map(slug)).toEqual([
      'setup',
      'setup-1',
      'setup-1-1',
      'setup-2',
      'setup-1-2',
      'constructor',
    ]);
  });
});
