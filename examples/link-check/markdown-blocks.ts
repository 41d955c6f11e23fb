/** A heading: where it stands and its text as written, without `#` or underline. */
export interface Heading {
  /** Counts from 1. */
  readonly line: number;
  readonly text: string;
}

const FENCE = /^((?:[ \t]|>|[-*+][ \t]|\d{1,9}[.)][ \t])*)(`{3,}|~{3,})(.*)$/;
const INDENTED = /^(?: {4}| {0,3}\t)/;
const LIST_ITEM = /^[ \t]*(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)/;
const RAW_HTML = /^ {0,3}<(pre|script|style|textarea)(?=[\s>]|$)/i;
const ATX = /^ {0,3}#{1,6}(?:[ \t]+(.*))?$/;
const UNDERLINE = /^ {0,3}(?:=+|-+)[ \t]*$/;
const QUOTE = /^ {0,3}>[ \t]?/;

/**
 * Blanks out the blocks in which Markdown means nothing: front matter, fenced and indented code, raw HTML and HTML comments. What is
 * blanked becomes spaces, so that every other character keeps its place. Lines are separated by LF.
 */
export function blankRawBlocks(text: string): string {
  const lines = text.split('\n');
  let endOf: End | null = frontMatter(lines);
  let inList = false;
  let codeMayStart = true;
  return lines
    .map((line, index) => {
      if (endOf && index > 0) {
        const place = endOf(line);
        if (place !== 'inside') endOf = null;
        if (place !== 'after') return blank(line);
      }
      if (endOf) return blank(line);
      if (line.trim() === '') {
        codeMayStart = true;
        return line;
      }
      if (!inList && codeMayStart && INDENTED.test(line)) return blank(line);
      if (LIST_ITEM.test(line)) inList = true;
      else if (codeMayStart && !/^[ \t]/.test(line)) inList = false;
      codeMayStart = false;
      endOf = rawBlock(line);
      return endOf || isOneLineRaw(line) ? blank(line) : line;
    })
    .join('\n');
}

/** The headings of a text whose raw blocks are blanked, in their order: `# like this`, underlined, and in HTML. */
export function findHeadings(blanked: string): Heading[] {
  return [...markdownHeadings(blanked), ...htmlHeadings(blanked)].sort((a, b) => a.line - b.line);
}

function htmlHeadings(blanked: string): Heading[] {
  return [...blanked.matchAll(/<(h[1-6])(?:\s[^<>]*)?>([\s\S]*?)<\/\1>/gi)].map((match) => ({
    line: blanked.slice(0, match.index).split('\n').length,
    text: (match[2] ?? '').replace(/\s+/g, ' ').trim(),
  }));
}

function markdownHeadings(blanked: string): Heading[] {
  const headings: Heading[] = [];
  let paragraph: Heading | null = null;
  for (const [index, whole] of blanked.split('\n').entries()) {
    let line = whole;
    while (QUOTE.test(line)) line = line.replace(QUOTE, '');
    const atx = ATX.exec(line);
    if (atx) headings.push({ line: index + 1, text: (atx[1] ?? '').replace(/(?:^|[ \t]+)#+[ \t]*$/, '').trim() });
    else if (paragraph && UNDERLINE.test(line)) headings.push(paragraph);
    const continues = !atx && line.trim() !== '' && !UNDERLINE.test(line) && !LIST_ITEM.test(line);
    // Only a paragraph can be underlined; below a list item the same line is a rule.
    if (!continues) paragraph = null;
    else if (!INDENTED.test(line))
      paragraph = { line: index + 1, text: paragraph ? `${paragraph.text} ${line.trim()}` : line.trim() };
  }
  return headings;
}

/** Tells where a line stands to the raw block begun before it: inside, its last line, or behind it and so to be read as text. */
type End = (line: string) => 'inside' | 'last' | 'after';

function frontMatter(lines: readonly string[]): End | null {
  const closed = lines[0]?.trimEnd() === '---' && lines.slice(1).some((line) => line.trimEnd() === '---');
  return closed ? (line) => (line.trimEnd() === '---' ? 'last' : 'inside') : null;
}

function rawBlock(line: string): End | null {
  return fence(line) ?? rawHtml(line) ?? comment(line);
}

function fence(line: string): End | null {
  const [, prefix = '', marks = '', info = ''] = FENCE.exec(line) ?? [];
  if (marks === '' || (marks.startsWith('`') && info.includes('`'))) return null;
  const quoted = prefix.includes('>');
  return (next) => {
    if (quoted && !next.trimStart().startsWith('>')) return 'after';
    const closing = next.replace(/^[ \t>]*/, '').trimEnd();
    return closing.length >= marks.length && closing === marks.charAt(0).repeat(closing.length) ? 'last' : 'inside';
  };
}

function rawHtml(line: string): End | null {
  const tag = RAW_HTML.exec(line)?.[1];
  if (!tag) return null;
  const close = new RegExp(`</${tag}>`, 'i');
  return close.test(line) ? null : (next) => (close.test(next) ? 'last' : 'inside');
}

function comment(line: string): End | null {
  const opens = /^ {0,3}<!--/.test(line) && !line.includes('-->');
  return opens ? (next) => (next.includes('-->') ? 'last' : 'inside') : null;
}

function isOneLineRaw(line: string): boolean {
  return RAW_HTML.test(line);
}

function blank(line: string): string {
  return ' '.repeat(line.length);
}
