import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { checkLinks, type FileTree, resolveLink } from '../examples/link-check/check-links.ts';
import { openTree } from '../examples/link-check/disk-tree.ts';
import { linkCheckJobs } from '../examples/link-check/jobs.ts';
import { readMarkdown } from '../examples/link-check/markdown-links.ts';
import { makeSlugger } from '../examples/link-check/slug.ts';
import { createExecutor } from '../src/sdk/entry.ts';
import { type FakeAnswer, type FakeBaton, latch, makeDispatch, type SeenRequest, startFakeBaton, TEST_SECRET } from './support/fake-baton.ts';

/** `line target` of every link found. */
const linksOf = (markdown: string) => readMarkdown(markdown).links.map(({ line, target }) => `${line} ${target}`);
const anchorsOf = (markdown: string) => [...readMarkdown(markdown).anchors];

describe('links', () => {
  it.each([
    ['inline links', 'See [a](a.md), [b](./b/c.md#d "Title") and [c](#c).', ['1 a.md', '1 ./b/c.md#d', '1 #c']],
    ['images, also as the text of a link', '![x](i.png) [![y](j.png)](k.md)', ['1 i.png', '1 k.md', '1 j.png']],
    ['targets in angle brackets', '[a](<b c.md>) [d](< e>)', ['1 b c.md', '1  e']],
    ['balanced and escaped parentheses', '[a](b(c).md) [d](e\\).md) [f]((g))', ['1 b(c).md', '1 e).md', '1 (g)']],
    ['every kind of title', "[a](a.md 'x') [b](b.md (y)) [c](c.md\n\"z\")", ['1 a.md', '1 b.md', '1 c.md']],
    ['text over several lines', 'one [two\nthree](a.md)\n\n[b](b.md)', ['1 a.md', '4 b.md']],
    ['references of all three forms', '[a][One], [two][] and\n[Two]\n\n[one]: 1.md\n[TWO]: <2 b.md> "t"', ['1 1.md', '1 2 b.md', '2 2 b.md']],
    ['references with code in the label', '[`x`]\n\n[`x`]: x.md', ['1 x.md']],
    ['the first of two definitions', '[a]\n\n[a]: 1.md\n[a]: 2.md', ['1 1.md']],
    ['definitions whose target is on the next line', '[a]\n\n[a]:\n  1.md', ['1 1.md']],
    ['HTML links and images', '<p>\n<a class="x" href="a.md">a</a> <img src=b.png alt="c > d"></p>', ['2 a.md', '2 b.png']],
    ['character references', '[a](b&amp;c.md) [d](e&#x41;&#66;.md)', ['1 b&c.md', '1 eAB.md']],
    ['links in lists, quotes and tables', '- [a](a.md)\n  - [b](b.md)\n\n> [c](c.md)\n\n| [d](d.md) | [e](e.md) |', ['1 a.md', '2 b.md', '4 c.md', '6 d.md', '6 e.md']],
    ['lines that end in CR LF', '[a](a.md)\r\n\r\n[b](b.md)\r\n', ['1 a.md', '3 b.md']],
    ['an empty target', '[a]()', ['1 ']],
  ])('finds %s', (_what, markdown, links) => {
    expect(linksOf(markdown)).toEqual(links);
  });

  it.each([
    ['absolute URLs', '[a](https://x.test/a.md) [b](mailto:a@x.test) [c](//x.test) <https://x.test/b.md> [d]\n\n[d]: http://x.test'],
    ['fenced code', '```md\n[a](a.md)\n``\n[b](b.md)\n````\n\n~~~\n[c](c.md)\n```\n[d](d.md)\n~~~'],
    ['fenced code in lists and quotes', '- ```\n  [a](a.md)\n  ```\n\n> ~~~\n> [b](b.md)\n> ~~~\n\n1. x\n\n   ```\n   [c](c.md)\n   ```'],
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
    ['indented lines of a paragraph or list', 'text\n    [a](a.md)\n\n- item\n\n      [b](b.md)\n\n    [c](c.md)', ['2 a.md', '6 b.md', '8 c.md']],
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
    const inputs = ['['.repeat(size), '![a]('.repeat(size), '`'.repeat(size), '<a '.repeat(size), '[a](<b'.repeat(size), '('.repeat(size), '# '.repeat(size), '_a'.repeat(size)];

    for (const input of inputs) expect(linksOf(input)).toEqual([]);
  });
});

describe('anchors', () => {
  it.each([
    ['headings of both kinds', '# One\n## Two ##\n\nThree\n===\nFour\nfive\n---\n####### no\n#no', ['one', 'two', 'three', 'four-five']],
    ['headings in quotes', '> ## Quoted', ['quoted']],
    ['HTML headings, ids and names', '<h2 align="center">\n  In HTML\n</h2>\n\n<a id="x"></a><a name=\'y\'></a><div id=z>\n<input name="no" data-id="no">', ['in-html', 'x', 'y', 'z']],
    ['markup in headings', '# A `code_b` *c* __d__ ~~e~~ [f](g.md) ![h](i.png) snake_case_j &amp; \\*k <b>l</b>', ['a-code_b-c-d-e-f--snake_case_j--k-l']],
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

    expect(['Setup', 'Setup', 'Setup 1', 'Setup', 'setup-1', 'constructor'].map(slug)).toEqual(['setup', 'setup-1', 'setup-1-1', 'setup-2', 'setup-1-2', 'constructor']);
  });
});

describe('resolving a link', () => {
  it.each([
    ['docs/a.md', 'b.md', { path: 'docs/b.md', fragment: '' }],
    ['docs/a.md', '../b.md#c', { path: 'b.md', fragment: 'c' }],
    ['docs/a.md', '#c', { path: 'docs/a.md', fragment: 'c' }],
    ['docs/a.md', '', { path: 'docs/a.md', fragment: '' }],
    ['docs/a.md', '/b.md', { path: 'b.md', fragment: '' }],
    ['docs/a.md', './x/', { path: 'docs/x', fragment: '' }],
    ['docs/a.md', '..', { path: '.', fragment: '' }],
    ['docs/a.md', '/', { path: '.', fragment: '' }],
    ['a.md', 'b%20c.md?raw=true#%C3%BCber', { path: 'b c.md', fragment: 'über' }],
    ['a.md', 'x/../../etc/passwd', 'leads out of the tree that is checked'],
    ['a.md', '/../etc/passwd', 'leads out of the tree that is checked'],
    ['a.md', '%2e%2e/secret', 'leads out of the tree that is checked'],
    ['a.md', '100%.md', 'is not valid percent-encoding'],
    ['a.md', 'b.md#%FF', 'is not valid percent-encoding'],
    ['a.md', 'a%00b', 'contains a NUL character'],
  ])('from %s to %s', (file, target, destination) => {
    expect(resolveLink(file, target)).toEqual(destination);
  });
});

function memoryTree(files: Record<string, string>): FileTree {
  return {
    async kind(path) {
      if (path in files) return 'file';
      return path === '.' || Object.keys(files).some((file) => file.startsWith(`${path}/`)) ? 'directory' : 'missing';
    },
    read: async (path) => files[path] ?? '',
  };
}

describe('checking a file', () => {
  it('reports every link that leads nowhere, with line and reason, and none that leads somewhere', async () => {
    const tree = memoryTree({
      'README.md': [
        '# Top',
        '[ok](docs/guide.md#set-up) [ok](docs) [ok](docs/#x) [ok](#top) [ok](#) [ok](src/x.ts#L10) [ok](docs/guide.md#set-up-1)',
        '[gone](docs/gone.md) [no anchor](docs/guide.md#nope)',
        '',
        '[case](#Top) ![image](logo.png)',
        '[out](../x.md)',
      ].join('\n'),
      'docs/guide.md': '# Set up\n# Set up',
      'src/x.ts': '',
    });
    const progress: string[] = [];

    const report = await checkLinks('README.md', tree, (done, of) => progress.push(`${done}/${of}`));

    expect(report).toEqual({
      file: 'README.md',
      links: 12,
      broken: [
        { file: 'README.md', line: 3, target: 'docs/gone.md', reason: 'there is no docs/gone.md' },
        { file: 'README.md', line: 3, target: 'docs/guide.md#nope', reason: 'there is no heading or anchor "nope" in docs/guide.md' },
        { file: 'README.md', line: 5, target: '#Top', reason: 'there is no heading or anchor "Top" in README.md, but there is "top"' },
        { file: 'README.md', line: 5, target: 'logo.png', reason: 'there is no logo.png' },
        { file: 'README.md', line: 6, target: '../x.md', reason: 'leads out of the tree that is checked' },
      ],
    });
    expect(progress.at(-1)).toBe('12/12');
  });
});

/** Writes files below a fresh directory and returns it. */
async function onDisk(files: Record<string, string>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'link-check-'));
  onTestFinished(() => rm(root, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
}

describe('the tree on disk', () => {
  it('lists Markdown files alone, without node_modules, .git and symbolic links', async () => {
    const outside = await onDisk({ 'secret.md': '' });
    const root = await onDisk({ 'b.md': '', 'a/x.MARKDOWN': '', 'a/y.txt': '', 'node_modules/p/z.md': '', '.git/z.md': '', '.github/c.md': '' });
    await symlink(outside, join(root, 'link'));
    await symlink(join(outside, 'secret.md'), join(root, 'link.md'));

    expect(await (await openTree(root, '.')).markdownFiles()).toEqual(['.github/c.md', 'a/x.MARKDOWN', 'b.md']);
  });

  it('reaches nothing outside of its root, by dots or by symbolic links', async () => {
    const outside = await onDisk({ 'secret.md': '# Secret' });
    const root = await onDisk({ 'a/b.md': '', 'c.md': '' });
    await symlink(outside, join(root, 'a/link'));
    await symlink(join(root, 'c.md'), join(root, 'a/inner.md'));
    await symlink('loop', join(root, 'loop'));
    const tree = await openTree(root, 'a');

    expect(await tree.kind('b.md')).toBe('file');
    expect(await tree.kind('.')).toBe('directory');
    expect(await tree.kind('gone.md')).toBe('missing');
    expect(await tree.kind('b.md/x')).toBe('missing');
    expect(await tree.kind('link/secret.md')).toBe('outside');
    expect(await tree.kind('../c.md')).toBe('outside');
    expect(await tree.kind('inner.md')).toBe('outside');
    expect(await (await openTree(root, '.')).kind('loop')).toBe('missing');
    await expect(tree.read('link/secret.md')).rejects.toThrow(/there is no/);
  });

  it.each(['..', '/', '/etc', 'gone', 'a.md', 'link', '../$SIBLING'])('refuses the root %s', async (root) => {
    const base = await onDisk({ 'a.md': '' });
    const sibling = `${base}-sibling`;
    await mkdir(sibling);
    onTestFinished(() => rm(sibling, { recursive: true }));
    await symlink(tmpdir(), join(base, 'link'));

    await expect(openTree(base, root.replace('$SIBLING', sibling.split('/').at(-1) ?? ''))).rejects.toThrow(/is not a directory in/);
  });
});

interface FakeRun {
  readonly id: string;
  readonly slug: string;
  readonly payload: unknown;
  epoch: number;
  status: 'queued' | 'executing' | 'waiting' | 'completed' | 'failed';
  result: unknown;
  error: string | null;
}

/** As much of Baton as a parent with children needs: it dispatches, and wakes a waiting parent when its children have ended. */
async function startFamily(base: string): Promise<{ readonly baton: FakeBaton; runToEnd(slug: string, payload: unknown): Promise<FakeRun> }> {
  const runs = new Map<string, FakeRun>();
  const done = latch<FakeRun>();
  const isOver = (run: FakeRun) => run.status === 'completed' || run.status === 'failed';
  const children = () => [...runs.values()].filter((run) => run.id !== 'root');

  async function dispatch(run: FakeRun): Promise<void> {
    run.status = 'executing';
    run.epoch += 1;
    const response = await executor.fetch(makeDispatch({ slug: run.slug, payload: run.payload, runId: run.id, epoch: run.epoch }));
    expect(response.status).toBe(202);
  }

  async function answer({ path, body }: SeenRequest): Promise<FakeAnswer | undefined> {
    const [, id = '', route] = /runs\/([^/]+)\/(.+)$/.exec(path) ?? [];
    const run = runs.get(decodeURIComponent(id));
    const input = body as { job_slug: string; payload: unknown; spawn_key: string; result: unknown; error: string };
    if (!run) return { status: 404 };
    if (route === 'spawn') {
      const child = runs.get(input.spawn_key) ?? { id: input.spawn_key, slug: input.job_slug, payload: input.payload, epoch: 0, status: 'queued', result: null, error: null };
      if (!runs.has(child.id)) setImmediate(() => void dispatch(child));
      runs.set(child.id, child);
      return { status: 202, body: { id: child.id, status: child.status } };
    }
    if (route === 'wait-for-children') {
      const ready = children().every(isOver);
      if (!ready) run.status = 'waiting';
      return { status: 200, body: { status: ready ? 'ready' : 'waiting', children: children() } };
    }
    if (route !== 'complete' && route !== 'fail') return undefined;
    Object.assign(run, route === 'complete' ? { status: 'completed', result: input.result } : { status: 'failed', error: input.error });
    const root = runs.get('root');
    if (run === root) done.open(run);
    else if (root?.status === 'waiting' && children().every(isOver)) setImmediate(() => void dispatch(root));
    return undefined;
  }

  const baton = await startFakeBaton(answer);
  const executor = createExecutor(linkCheckJobs(base), { secrets: TEST_SECRET, batonUrl: baton.url });
  onTestFinished(async () => {
    await executor.close({ graceMs: 0 });
    await baton.close();
  });
  return {
    baton,
    async runToEnd(slug, payload) {
      const root: FakeRun = { id: 'root', slug, payload, epoch: 0, status: 'queued', result: null, error: null };
      runs.set('root', root);
      await dispatch(root);
      return done.promise;
    },
  };
}

describe('the jobs', () => {
  it('check every file of a tree in a child run of its own and report what is broken', async () => {
    const long = `${'d/'.repeat(150)}long.md`;
    const base = await onDisk({ 'README.md': '[a](docs/a.md#a) [b](b.md)', 'docs/a.md': '# A\n[up](../README.md)', [long]: '[x](y.md)' });
    const { baton, runToEnd } = await startFamily(base);

    const run = await runToEnd('link-check', { root: '.' });

    expect(run).toMatchObject({ status: 'completed', epoch: 2 });
    expect(run.result).toEqual({
      root: '.',
      files: 3,
      links: 4,
      broken: [
        { file: 'README.md', line: 1, target: 'b.md', reason: 'there is no b.md' },
        { file: long, line: 1, target: 'y.md', reason: `there is no ${dirname(long)}/y.md` },
      ],
    });
    expect(baton.bodies('output')).toContainEqual({ output_key: 'links', value: { checked: 2, broken: 1 }, schema: expect.anything() });
    expect(baton.bodies('log')).toContainEqual(expect.objectContaining({ level: 'warn', message: 'README.md:1 b.md: there is no b.md' }));
    expect(baton.bodies('progress')).toContainEqual({ percent: 100, message: '4 links in 3 files, 2 broken', step: 'done' });
    // Spawned once and met again: the second execution of the parent asks for the same three keys, none longer than Baton takes.
    const keys = baton.bodies('spawn').map((body) => (body as { spawn_key: string }).spawn_key);
    expect([keys.length, new Set(keys).size]).toEqual([6, 3]);
    expect(Math.max(...keys.map((key) => key.length))).toBeLessThanOrEqual(256);
    // What its children are called is said once, however often the parent runs.
    expect(baton.bodies('log').filter((body) => (body as { message: string }).message.startsWith('checking'))).toHaveLength(1);
  });

  it('complete at once for a tree without Markdown', async () => {
    const { runToEnd } = await startFamily(await onDisk({ 'a.txt': '' }));

    expect(await runToEnd('link-check', {})).toMatchObject({ status: 'completed', result: { root: '.', files: 0, links: 0, broken: [] } });
  });

  it.each([
    ['link-check', { root: '..' }, /is not a directory in/],
    ['link-check', { root: 4 }, /the payload is not valid: root/],
    ['link-check', { root: '.', other: 1 }, /the payload is not valid: .*other/],
    ['link-check-file', { root: '.', file: '../x.md' }, /is not a file in/],
    ['link-check-file', { root: '.', file: '.' }, /is not a file in/],
  ])('%s fails for good with the payload %j', async (slug, payload, words) => {
    const base = await onDisk({ 'tree/a.md': '', 'x.md': '' });
    const { baton, runToEnd } = await startFamily(join(base, 'tree'));

    const run = await runToEnd(slug, payload);

    expect(run.error).toMatch(words);
    expect(baton.bodies('fail')).toEqual([{ error: run.error }]);
  });
});
