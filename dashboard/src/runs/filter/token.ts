/**
 * The words of a filter: `key:value`, separated by blanks. Quotes hold what has blanks, colons or points in it together, and are written
 * as in JSON: `error:"timed out"`, `payload."a.b":1`.
 */
export interface Token {
  /** As it was written. */
  readonly text: string;
  /** What stands before the first colon; all of the text when there is none. */
  readonly key: string;
  /** What stands behind it, quotes included; null without a colon. */
  readonly value: string | null;
}

/** Takes a filter apart. Whatever is written makes tokens: what they mean, and whether they mean anything, is said elsewhere. */
export function splitTokens(text: string): Token[] {
  return splitOutside(text, /\s/)
    .filter((part) => part !== '')
    .map((part) => {
      const at = findOutside(part, /:/);
      return at < 0 ? { text: part, key: part, value: null } : { text: part, key: part.slice(0, at), value: part.slice(at + 1) };
    });
}

/** Puts tokens together again. */
export function joinTokens(tokens: readonly Pick<Token, 'text'>[]): string {
  return tokens.map(({ text }) => text).join(' ');
}

/** Splits at a separator of one character, where it does not stand within quotes. */
export function splitOutside(text: string, separator: RegExp): string[] {
  const parts: string[] = [];
  let rest = text;
  for (;;) {
    const at = findOutside(rest, separator);
    if (at < 0) return [...parts, rest];
    parts.push(rest.slice(0, at));
    rest = rest.slice(at + 1);
  }
}

/** Where a character stands for the first time outside of quotes; -1 when it does not. */
function findOutside(text: string, wanted: RegExp): number {
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string;
    if (isQuoted && character === '\\') at++;
    else if (character === '"') isQuoted = !isQuoted;
    else if (!isQuoted && wanted.test(character)) return at;
  }
  return -1;
}

/** The text that a value or a part of a key stands for; null when its quotes do not close or an escape is none of JSON's. */
export function unquote(written: string): string | null {
  if (!written.startsWith('"')) return written.includes('"') ? null : written;
  try {
    const text: unknown = JSON.parse(written);
    return typeof text === 'string' ? text : null;
  } catch {
    return null;
  }
}

/** A text as it is to be written: in quotes where it has to be. `isPart` is for a part of a key, which points and brackets would end. */
export function quote(text: string, { isPart = false }: { readonly isPart?: boolean } = {}): string {
  const isPlain = text !== '' && !/[\s"\\]/.test(text) && !(isPart && /[.:[\]]/.test(text));
  return isPlain ? text : JSON.stringify(text);
}
