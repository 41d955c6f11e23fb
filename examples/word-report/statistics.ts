import { z } from 'zod';
import { blankRawBlocks, findHeadings } from '../link-check/markdown-blocks.ts';
import { BrokenLink } from '../link-check/report.ts';

/** What is known about one file: how long it is, and which of its links lead nowhere. */
export const FileStatistics = z.object({
  file: z.string(),
  words: z.int(),
  headings: z.int(),
  links: z.int(),
  broken: z.array(BrokenLink),
});

/** The parsed form of {@link FileStatistics}. */
export type FileStatistics = z.infer<typeof FileStatistics>;

/** A letter or digit and what hangs on to it: `don't`, `at-least-once` and `2.5` are one word each. */
const WORD = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*(?:['’_.-][\p{L}\p{N}][\p{L}\p{N}\p{M}]*)*/gu;
/** Where links lead, and tags: what a reader of the rendered page does not see. */
const UNSEEN = /\]\([^()\s]*(?:\s+"[^"\n]*")?\)|<[^<>]{0,2000}>/g;

/** Counts the words and headings of a Markdown document; blocks of code, comments and where links lead are not read. */
export function countWords(source: string): { readonly words: number; readonly headings: number } {
  const text = blankRawBlocks(source.replace(/\r\n?/g, '\n'));
  const words = text.replace(UNSEEN, ']').match(WORD) ?? [];
  return { words: words.length, headings: findHeadings(text).length };
}

/** The report on a tree, in Markdown: its files, the longest first, and what of it leads nowhere. */
export function renderReport(files: readonly FileStatistics[]): string {
  const rows = files
    .toSorted((a, b) => b.words - a.words || (a.file < b.file ? -1 : 1))
    .map(
      ({ file, words, headings, links, broken }) => `| ${cell(file)} | ${words} | ${headings} | ${links} | ${broken.length} |`,
    );
  const broken = files
    .flatMap((file) => file.broken)
    .map(({ file, line, target, reason }) => `- ${file}:${line} ${target}: ${reason}`);
  const words = files.reduce((sum, file) => sum + file.words, 0);
  const parts = [
    '# Words',
    `${words} words in ${files.length} files.`,
    ['| file | words | headings | links | broken |', '| --- | --- | --- | --- | --- |', ...rows].join('\n'),
    ...(broken.length > 0 ? ['## Broken links', broken.join('\n')] : []),
  ];
  return `${parts.join('\n\n')}\n`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
