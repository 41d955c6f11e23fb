const ESCAPE = /\\([!-/:-@[-`{-~])/g;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' };

/** Text without the backslashes that make punctuation mean itself. */
export function unescapeMarkdown(text: string): string {
  return text.replace(ESCAPE, '$1');
}

/** Text with the common named and all numeric character references replaced by what they stand for. */
export function decodeEntities(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|([a-z]+));/gi, (whole, hex: string, decimal: string, name: string) => {
    if (name) return ENTITIES[name.toLowerCase()] ?? whole;
    const code = hex ? Number.parseInt(hex, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** A stretch of a text, from `start` up to but without `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * The pieces of a text whose raw blocks are blanked in which inline markup is read on its own: paragraphs, headings, list items and
 * table rows. A code span or link that is left open in one never reaches into the next.
 */
export function inlineBlocks(blanked: string): Span[] {
  const spans: Span[] = [];
  let start = 0;
  let offset = 0;
  let before = '';
  for (const line of blanked.split('\n')) {
    if (line.trim() === '' || STARTS_BLOCK.test(line) || HEADING.test(before)) {
      if (offset > start) spans.push({ start, end: offset });
      start = offset;
    }
    before = line;
    offset += line.length + 1;
  }
  if (blanked.length > start) spans.push({ start, end: blanked.length });
  return spans;
}

const HEADING = /^ {0,3}#{1,6}(?:[ \t]|$)/;
const STARTS_BLOCK = /^[ \t]*(?:[-*+][ \t]|\d{1,9}[.)][ \t]|\||#{1,6}(?:[ \t]|$))/;

/** Blanks out code spans and HTML comments within one inline block; every other character keeps its place. */
export function blankInlineCode(block: string): string {
  let blanked = '';
  for (let at = 0; at < block.length; ) {
    const token = tokenAt(block, at);
    blanked += token.raw ? token.text.replace(/[^\n]/g, ' ') : token.text;
    at += token.text.length;
  }
  return blanked;
}

interface Token {
  readonly text: string;
  /** True when nothing in it is markup. */
  readonly raw: boolean;
}

function tokenAt(block: string, at: number): Token {
  if (block[at] === '\\') return { text: block.slice(at, at + 2), raw: false };
  if (block.startsWith('<!--', at)) {
    const close = block.indexOf('-->', at + 4);
    if (close >= 0) return { text: block.slice(at, close + 3), raw: true };
  }
  if (block[at] !== '`') return { text: block.charAt(at), raw: false };
  const marks = /^`+/.exec(block.slice(at))?.[0] ?? '`';
  const closing = new RegExp(`(?<!\`)${marks}(?!\`)`, 'g');
  closing.lastIndex = at + marks.length;
  const close = closing.exec(block);
  // Marks without a partner are text, all of them.
  return close ? { text: block.slice(at, close.index + marks.length), raw: true } : { text: marks, raw: false };
}
