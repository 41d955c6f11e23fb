import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
// In a project of your own: from 'baton/sdk'.
import { type Job, job, PermanentError } from '../../src/sdk/entry.ts';
import { checkLinks } from '../link-check/check-links.ts';
import { NotInTreeError, openTree } from '../link-check/disk-tree.ts';
import { countWords, FileStatistics, renderReport } from './statistics.ts';

/** Where the jobs read and write; nobody who triggers a workflow can have them look elsewhere. */
export interface Places {
  /** The tree of Markdown files. */
  readonly tree: string;
  /** The directory that the report goes to. */
  readonly reports: string;
}

/** Name of the report within its directory. */
export const REPORT_FILE = 'words.md';

/** The jobs behind the steps of the workflow: list the files, look at one of them, write the report. */
export function wordReportJobs({ tree, reports }: Places) {
  const listFiles = job({
    slug: 'word-files',
    result: z.object({ files: z.array(z.string()) }),
    async handler(ctx) {
      const files = await (await openTree(tree, '.')).markdownFiles();
      ctx.log.info(`${files.length} Markdown files`);
      return { files };
    },
  });

  const countFile = job({
    slug: 'word-count',
    // One item of a map step.
    payload: z.object({ item: z.string() }),
    result: FileStatistics,
    async handler(ctx) {
      const file = ctx.payload.item;
      const opened = await openTree(tree, '.');
      try {
        const { words, headings } = countWords(await opened.read(file));
        const { links, broken } = await checkLinks(file, opened, () => ctx.signal.throwIfAborted());
        ctx.log.info(`${file}: ${words} words, ${links} links, ${broken.length} broken`);
        return { file, words, headings, links, broken: [...broken] };
      } catch (error) {
        throw error instanceof NotInTreeError ? new PermanentError(error.message, { cause: error }) : error;
      }
    },
  });

  const writeReport = job({
    slug: 'word-report',
    // A step gets what the steps it depends on returned.
    payload: z.object({ parent_outputs: z.object({ words: z.array(FileStatistics) }) }),
    result: z.object({ path: z.string(), files: z.int(), words: z.int(), broken: z.int() }),
    async handler(ctx) {
      const { words: files } = ctx.payload.parent_outputs;
      if (!(await isDirectory(reports))) {
        // Trying again would not help as long as nobody makes it: a report that creates what it finds missing hides a typo in its settings.
        throw new PermanentError(`there is no directory ${reports} to write the report to: make it, and retry`);
      }
      const path = join(reports, REPORT_FILE);
      await writeFile(path, renderReport(files));
      ctx.log.info(`wrote ${path}`);
      return {
        path,
        files: files.length,
        words: files.reduce((sum, file) => sum + file.words, 0),
        broken: files.reduce((sum, file) => sum + file.broken.length, 0),
      };
    },
  });

  return { 'word-files': listFiles, 'word-count': countFile, 'word-report': writeReport } satisfies Record<string, Job>;
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    // Missing, or out of reach; for whoever is to write into it that is the same.
    return false;
  }
}
