import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { checkLinks, type FileTree, resolveLink } from '../examples/link-check/check-links.ts';
import { openTree } from '../examples/link-check/disk-tree.ts';
import { linkCheckJobs } from '../examples/link-check/jobs.ts';
import { startFamily } from './support/fake-family.ts';

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
        {
          file: 'README.md',
          line: 3,
          target: 'docs/guide.md#nope',
          reason: 'there is no heading or anchor "nope" in docs/guide.md',
        },
        {
          file: 'README.md',
          line: 5,
          target: '#Top',
          reason: 'there is no heading or anchor "Top" in README.md, but there is "top"',
        },
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
    const root = await onDisk({
      'b.md': '',
      'a/x.MARKDOWN': '',
      'a/y.txt': '',
      'node_modules/p/z.md': '',
      '.git/z.md': '',
      '.github/c.md': '',
    });
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

    await expect(openTree(base, root.replace('$SIBLING', sibling.split('/').at(-1) ?? ''))).rejects.toThrow(
      /is not a directory in/,
    );
  });
});

describe('the jobs', () => {
  it('check every file of a tree in a child run of its own and report what is broken', async () => {
    const long = `${'d/'.repeat(150)}long.md`;
    const base = await onDisk({
      'README.md': '[a](docs/a.md#a) [b](b.md)',
      'docs/a.md': '# A\n[up](../README.md)',
      [long]: '[x](y.md)',
    });
    const { baton, runToEnd } = await startFamily(linkCheckJobs(base));

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
    expect(baton.bodies('output')).toContainEqual({
      output_key: 'links',
      value: { checked: 2, broken: 1 },
      schema: expect.anything(),
    });
    expect(baton.bodies('log')).toContainEqual(
      expect.objectContaining({ level: 'warn', message: 'README.md:1 b.md: there is no b.md' }),
    );
    expect(baton.bodies('progress')).toContainEqual({ percent: 100, message: '4 links in 3 files, 2 broken', step: 'done' });
    // Spawned once and met again: the second execution of the parent asks for the same three keys, none longer than Baton takes.
    const keys = baton.bodies('spawn').map((body) => (body as { spawn_key: string }).spawn_key);
    expect([keys.length, new Set(keys).size]).toEqual([6, 3]);
    expect(Math.max(...keys.map((key) => key.length))).toBeLessThanOrEqual(256);
    // What its children are called is said once, however often the parent runs.
    expect(baton.bodies('log').filter((body) => (body as { message: string }).message.startsWith('checking'))).toHaveLength(1);
  });

  it('complete at once for a tree without Markdown', async () => {
    const { runToEnd } = await startFamily(linkCheckJobs(await onDisk({ 'a.txt': '' })));

    expect(await runToEnd('link-check', {})).toMatchObject({
      status: 'completed',
      result: { root: '.', files: 0, links: 0, broken: [] },
    });
  });

  it.each([
    ['link-check', { root: '..' }, /is not a directory in/],
    ['link-check', { root: 4 }, /the payload is not valid: root/],
    ['link-check', { root: '.', other: 1 }, /the payload is not valid: .*other/],
    ['link-check-file', { root: '.', file: '../x.md' }, /is not a file in/],
    ['link-check-file', { root: '.', file: '.' }, /is not a file in/],
  ])('%s fails for good with the payload %j', async (slug, payload, words) => {
    const base = await onDisk({ 'tree/a.md': '', 'x.md': '' });
    const { baton, runToEnd } = await startFamily(linkCheckJobs(join(base, 'tree')));

    const run = await runToEnd(slug, payload);

    expect(run.error).toMatch(words);
    expect(baton.bodies('fail')).toEqual([{ error: run.error }]);
  });
});
