import { createHash } from 'node:crypto';
import { z } from 'zod';
// In a project of your own: from 'baton/sdk'.
import { type ChildHandle, isFinal, type Job, job, PermanentError } from '../../src/sdk/entry.ts';
import { checkLinks } from './check-links.ts';
import { type DiskTree, NotInTreeError, openTree } from './disk-tree.ts';
import { FileReport, TreeReport } from './report.ts';

const SPAWNS_AT_ONCE = 8;
/** Child ids per log line, which keeps each line small however large the tree is. */
const CHILDREN_PER_LINE = 200;
const MAX_KEY_LENGTH = 256;

/** JSON Schema of the output `links` of a child, which Baton checks too. */
const LINKS_OUTPUT = {
  type: 'object',
  required: ['checked', 'broken'],
  properties: { checked: { type: 'integer', minimum: 0 }, broken: { type: 'integer', minimum: 0 } },
};

/** The two jobs: `link-check` for a tree, and `link-check-file` for one file of it. Neither looks outside of `base`. */
export function linkCheckJobs(base: string) {
  const checkFile = job({
    slug: 'link-check-file',
    payload: z.strictObject({ root: z.string(), file: z.string() }),
    result: FileReport,
    async handler(ctx) {
      const { root, file } = ctx.payload;
      const tree = await open(base, root);
      if ((await tree.kind(file)) !== 'file') throw new PermanentError(`${file} is not a file in ${root}`);
      const report = await checkLinks(file, tree, (done, of) => {
        ctx.signal.throwIfAborted();
        // Every tenth is enough for people; each report is an event that is kept.
        if (done === of || done % Math.ceil(of / 10) === 0) ctx.progress((done / of) * 100, `${done} of ${of} links`);
      });
      for (const { line, target, reason } of report.broken)
        ctx.log.warn(`${file}:${line} ${target}: ${reason}`, { file, line, target });
      ctx.log.info(`${file}: ${report.links} links, ${report.broken.length} broken`);
      await ctx.output('links', { checked: report.links, broken: report.broken.length }, LINKS_OUTPUT);
      return report;
    },
  });

  const checkTree = job({
    slug: 'link-check',
    payload: z.strictObject({ root: z.string().default('.') }),
    result: TreeReport,
    async handler(ctx) {
      const { root } = ctx.payload;
      const files = await (await open(base, root)).markdownFiles();
      const children: ChildHandle<FileReport>[] = [];
      for (const some of chunks(files, SPAWNS_AT_ONCE)) {
        children.push(...(await Promise.all(some.map((file) => ctx.spawn(checkFile, { root, file }, { key: spawnKey(file) })))));
      }
      // Everything above runs again when the children have ended; what they are called has been said by then.
      if (children.some((child) => !isFinal(child.status))) {
        ctx.progress(0, `${files.length} files to check`, { step: 'spawned' });
        for (const some of chunks(children, CHILDREN_PER_LINE)) {
          ctx.log.info(`checking ${some.length} files`, { children: some.map((child) => child.id) });
        }
      }

      const results = await ctx.waitForChildren(children);
      const reports = results.map((child, index) => {
        if (child.status === 'completed') return child.result;
        throw new PermanentError(`${files[index]} could not be checked: its run ${child.id} is ${child.status} (${child.error})`);
      });
      const links = reports.reduce((sum, report) => sum + report.links, 0);
      const broken = reports.flatMap((report) => report.broken);
      ctx.progress(100, `${links} links in ${files.length} files, ${broken.length} broken`, { step: 'done' });
      return { root, files: files.length, links, broken };
    },
  });

  return { 'link-check': checkTree, 'link-check-file': checkFile } satisfies Record<string, Job>;
}

async function open(base: string, root: string): Promise<DiskTree> {
  try {
    return await openTree(base, root);
  } catch (error) {
    throw error instanceof NotInTreeError ? new PermanentError(error.message, { cause: error }) : error;
  }
}

/** Names a file's child by the file, not by its place in the list: files may come and go before the parent runs again. */
function spawnKey(file: string): string {
  return file.length <= MAX_KEY_LENGTH ? file : createHash('sha256').update(file).digest('hex');
}

function* chunks<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}
