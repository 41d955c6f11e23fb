import { decodeEntities, unescapeMarkdown } from './markdown-inline.ts';

/** What a heading reads as once rendered, which is what its anchor is made of: no markup, no link targets, no images, code as it is. */
export function headingText(markdown: string): string {
  // Every second piece is the content of a code span, in which nothing else is markup.
  const pieces = markdown.split(/(?<!`)(?:`+)(?!`)/);
  const paired = pieces.length % 2 === 1;
  return pieces.map((piece, index) => (paired && index % 2 === 1 ? piece : plainText(piece))).join('');
}

function plainText(markdown: string): string {
  const text = markdown
    .replace(/!\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])/g, '')
    .replace(/\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])/g, '$1')
    .replace(/<!--[\s\S]*?-->|<\/?[a-z][^>]*>/gi, '')
    // Underscores inside a word are text; around words they are emphasis.
    .replace(/(?<![\p{L}\p{N}_\\])_+(?=\S)(.*?\S)_+(?![\p{L}\p{N}_])/gu, '$1');
  return decodeEntities(unescapeMarkdown(text));
}
