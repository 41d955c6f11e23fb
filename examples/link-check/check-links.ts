import { posix } from 'node:path';
import { type MarkdownDocument, readMarkdown } from './markdown-links.ts';
import type { BrokenLink, FileReport } from './report.ts';

/** The files that links may lead to. Paths are relative to the root, with `/`. */
export interface FileTree {
  /** What stands at a path; `outside` when that leads out of the tree, by a symbolic link too. */
  kind(path: string): Promise<'file' | 'directory' | 'missing' | 'outside'>;
  read(path: string): Promise<string>;
}

/** Where a link leads: a path relative to the root, and the anchor there. */
export interface Destination {
  readonly path: string;
  readonly fragment: string;
}

const OUTSIDE = 'leads out of the tree that is checked';

/** True for the names of Markdown files. */
export function isMarkdown(path: string): boolean {
  return /\.(?:md|markdown)$/i.test(path);
}

/** Checks every relative link of one document; `onChecked` hears how many are done. */
export async function checkLinks(
  file: string,
  tree: FileTree,
  onChecked: (done: number, of: number) => void,
): Promise<FileReport> {
  const documents = new Map<string, MarkdownDocument>();
  async function documentAt(path: string): Promise<MarkdownDocument> {
    const known = documents.get(path);
    if (known) return known;
    const document = readMarkdown(await tree.read(path));
    documents.set(path, document);
    return document;
  }

  async function faultOf(target: string): Promise<string | null> {
    const destination = resolveLink(file, target);
    if (typeof destination === 'string') return destination;
    const { path, fragment } = destination;
    const kind = await tree.kind(path);
    if (kind === 'outside') return OUTSIDE;
    if (kind === 'missing') return `there is no ${path}`;
    // Anchors mean something in Markdown alone; `#L10` of a source file is the viewer's business. `#` and `#top` are every page's.
    if (kind === 'directory' || !isMarkdown(path) || fragment === '' || fragment === 'top') return null;
    const { anchors } = await documentAt(path);
    if (anchors.has(fragment)) return null;
    const lower = fragment.toLowerCase();
    return `there is no heading or anchor "${fragment}" in ${path}${anchors.has(lower) ? `, but there is "${lower}"` : ''}`;
  }

  const { links } = await documentAt(file);
  const broken: BrokenLink[] = [];
  for (const [index, { line, target }] of links.entries()) {
    const reason = await faultOf(target);
    if (reason) broken.push({ file, line, target, reason });
    onChecked(index + 1, links.length);
  }
  return { file, links: links.length, broken };
}

/** Where a link of the document `file` leads, or what is wrong with it in words. A leading `/` means the root of the tree. */
export function resolveLink(file: string, target: string): Destination | string {
  const [, rawPath = '', rawFragment = ''] = /^([^?#]*)(?:\?[^#]*)?(?:#(.*))?$/s.exec(target) ?? [];
  const path = percentDecode(rawPath);
  const fragment = percentDecode(rawFragment);
  if (path === null || fragment === null) return 'is not valid percent-encoding';
  if (path.includes('\0')) return 'contains a NUL character';
  if (path === '') return { path: file, fragment };
  const resolved = posix.normalize(path.startsWith('/') ? `.${path}` : posix.join(posix.dirname(file), path));
  if (resolved === '..' || resolved.startsWith('../')) return OUTSIDE;
  return { path: resolved.replace(/(?<=.)\/$/, ''), fragment };
}

function percentDecode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone % or bytes that are not UTF-8: no browser would find this either.
    return null;
  }
}
