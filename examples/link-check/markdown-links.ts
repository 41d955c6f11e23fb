import { headingText } from './heading-text.ts';
import { blankRawBlocks, findHeadings } from './markdown-blocks.ts';
import { blankInlineCode, decodeEntities, inlineBlocks, unescapeMarkdown } from './markdown-inline.ts';
import { makeSlugger } from './slug.ts';

/** A link or image that points into the tree it stands in. */
export interface MarkdownLink {
  /** Where it begins; counts from 1. */
  readonly line: number;
  /** As written, with escapes undone; `#fragment` alone means the same document. */
  readonly target: string;
}

/** What a document links to, and what can be linked to in it. */
export interface MarkdownDocument {
  /** In the order they stand. Absolute URLs are left out. */
  readonly links: readonly MarkdownLink[];
  /** Anchors of its headings, by GitHub's rules, and of its HTML. */
  readonly anchors: ReadonlySet<string>;
}

interface Found {
  readonly offset: number;
  readonly target: string;
}

const DEFINITION = /^(?:[ \t]|>)*\[((?:[^[\]\\]|\\.)+)\]:[ \t]*\n?[ \t]*(<[^<>\n]*>|[^\s<]\S*)/gm;
const TAG = /<([a-z][a-z0-9-]*)((?:\s+(?:[^"'<>]|"[^"]*"|'[^']*')*)?)>/gi;
const ATTRIBUTE = /(?<![\w-])(id|name|href|src)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/gi;
/** With its title. Without a limit, text full of unclosed parentheses would take quadratic time: 16 s for 120 KB. */
const MAX_TARGET_LENGTH = 2_000;
const ABSOLUTE = /^(?:[a-z][a-z0-9+.-]*:|\/\/)/i;

/** Reads the links and anchors of a Markdown document, without regard to what stands in code, comments and front matter. */
export function readMarkdown(source: string): MarkdownDocument {
  const blocks = blankRawBlocks(source.replace(/\r\n?/g, '\n'));
  const slug = makeSlugger();
  const anchors = new Set(findHeadings(blocks).map((heading) => slug(headingText(heading.text))));
  const definitions = new Map<string, string>();
  const text = blocks.replace(DEFINITION, (whole: string, label: string, target: string) => {
    // A footnote's text is text.
    if (label.startsWith('^')) return whole;
    const key = labelKey(label);
    if (!definitions.has(key)) definitions.set(key, target.replace(/^<(.*)>$/, '$1'));
    return whole.replace(/[^\n]/g, ' ');
  });

  const found: Found[] = [];
  for (const { start, end } of inlineBlocks(text)) {
    const block = text.slice(start, end);
    const markup = blankInlineCode(block);
    const html = readTags(markup);
    for (const anchor of html.anchors) anchors.add(anchor);
    for (const link of [...html.links, ...readBrackets({ block, markup, definitions })]) {
      found.push({ offset: start + link.offset, target: link.target });
    }
  }
  const lineOf = lineCounter(text);
  const links = found
    .sort((a, b) => a.offset - b.offset)
    .map(({ offset, target }) => ({ line: lineOf(offset), target: decodeEntities(unescapeMarkdown(target)) }))
    .filter((link) => !ABSOLUTE.test(link.target));
  return { links, anchors };
}

function readTags(markup: string): { readonly anchors: string[]; readonly links: Found[] } {
  const anchors: string[] = [];
  const links: Found[] = [];
  for (const tag of markup.matchAll(TAG)) {
    const element = tag[1]?.toLowerCase() ?? '';
    for (const [, attribute = '', double, single, bare] of (tag[2] ?? '').matchAll(ATTRIBUTE)) {
      const name = attribute.toLowerCase();
      const value = double ?? single ?? bare ?? '';
      if (name === 'id' || (name === 'name' && element === 'a')) anchors.push(decodeEntities(value));
      const isLink = (name === 'href' && element === 'a') || (name === 'src' && element === 'img');
      if (isLink) links.push({ offset: tag.index, target: value });
    }
  }
  return { anchors, links };
}

interface Brackets {
  /** The block as written, for labels. */
  readonly block: string;
  /** The same without code. */
  readonly markup: string;
  readonly definitions: ReadonlyMap<string, string>;
}

/** Reads `[text](target)`, `[text][label]`, `[label][]` and `[label]`, images too, also one inside the text of another. */
function readBrackets({ block, markup, definitions }: Brackets): Found[] {
  const found: Found[] = [];
  const open: number[] = [];
  for (let at = 0; at < markup.length; at += 1) {
    const character = markup[at];
    if (character === '\\') at += 1;
    if (character === '[') open.push(at);
    const start = character === ']' ? open.pop() : undefined;
    if (start === undefined) continue;
    const inline = markup[at + 1] === '(' ? readDestination(markup, at + 2) : null;
    if (inline) {
      found.push({ offset: start, target: inline.target });
      at = inline.end;
      continue;
    }
    const ownLabel = block.slice(start + 1, at);
    const label = /^\[((?:[^[\]\\]|\\.)*)\]/.exec(block.slice(at + 1));
    const target = definitions.get(labelKey(label?.[1] || ownLabel));
    if (target === undefined) continue;
    found.push({ offset: start, target });
    at += label?.[0].length ?? 0;
  }
  return found;
}

/** Reads the target and optional title of an inline link from behind its `(`; null when it is no link after all. */
function readDestination(markup: string, from: number): { readonly target: string; readonly end: number } | null {
  const rest = markup.slice(from, from + MAX_TARGET_LENGTH);
  const lead = /^[ \t]*\n?[ \t]*/.exec(rest)?.[0].length ?? 0;
  const bracketed = /^<((?:[^<>\n\\]|\\.)*)>/.exec(rest.slice(lead));
  const target = bracketed?.[1] ?? balanced(rest.slice(lead));
  const behind = lead + (bracketed?.[0].length ?? target.length);
  const tail = /^(?:\s+(?:"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'|\((?:[^()\\]|\\[\s\S])*\)))?\s*\)/.exec(
    rest.slice(behind),
  );
  return tail ? { target, end: from + behind + tail[0].length - 1 } : null;
}

const WHITE_SPACE = new Set([' ', '\t', '\n']);

/** The longest start of `text` without white space in which every closing parenthesis has an opening one. */
function balanced(text: string): string {
  let depth = 0;
  let at = 0;
  for (; at < text.length && !WHITE_SPACE.has(text.charAt(at)); at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '(') depth += 1;
    else if (text[at] === ')' && depth-- === 0) break;
  }
  return text.slice(0, at);
}

/** Labels are the same when they differ in case and white space alone. */
function labelKey(label: string): string {
  return label.trim().replace(/\s+/g, ' ').toLowerCase();
}

function lineCounter(text: string): (offset: number) => number {
  const starts = [...text.matchAll(/\n/g)].map((match) => match.index + 1);
  return (offset) => {
    let [low, high] = [0, starts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  };
}
