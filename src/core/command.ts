/** Longest accepted `image_uri`, in UTF-16 code units. */
export const MAX_IMAGE_URI_LENGTH = 2_048;

/** A program to start and what it is told, as the operating system takes them: no shell reads them again. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
}

const SCHEME = 'exec:';

/**
 * Reads an `image_uri` of the form `exec:<command>`; answers what is wrong with it, in a sentence, for anything else.
 *
 * The command is split into words at blanks. `'…'` takes everything between the quotes as it stands; in `"…"` a backslash makes a `"` or
 * a backslash after it plain; outside of quotes it makes any next character plain. Quoted and plain parts that touch are one word. Nothing
 * else has a meaning: `$`, `*`, `|`, `;`, `&`, `>`, backquotes and line breaks inside quotes reach the program as they were written.
 */
export function parseImageUri(imageUri: string): Command | { readonly fault: string } {
  if (imageUri.length > MAX_IMAGE_URI_LENGTH) return { fault: `must have at most ${MAX_IMAGE_URI_LENGTH} characters` };
  if (!imageUri.startsWith(SCHEME)) return { fault: 'must have the form exec:<command>, "exec:node worker.js" for instance' };
  if (imageUri.includes('\0')) return { fault: 'must not contain a NUL character' };
  const words = splitWords(imageUri.slice(SCHEME.length));
  if (words === null) return { fault: 'has a quote or a backslash that is not followed by its end' };
  const [program, ...args] = words;
  return program ? { program, args } : { fault: 'names no program after exec:' };
}

const PLAIN = /[^ \t\r\n'"\\]+|\\([\s\S])/y;
const SINGLE_QUOTED = /'([^']*)'/y;
const DOUBLE_QUOTED = /"((?:[^"\\]|\\[\s\S])*)"/y;
const BLANKS = /[ \t\r\n]+/y;

/** The words of a command; null when a quote is never closed or a backslash stands last. */
function splitWords(command: string): string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  for (let at = 0; at < command.length; ) {
    const blanks = matchAt(BLANKS, command, at);
    if (blanks) {
      if (word !== null) words.push(word);
      word = null;
      at += blanks[0].length;
      continue;
    }
    const plain = matchAt(PLAIN, command, at);
    const single = matchAt(SINGLE_QUOTED, command, at);
    const double = matchAt(DOUBLE_QUOTED, command, at);
    const part = plain ?? single ?? double;
    if (!part) return null;
    const inner = double ? (double[1] ?? '').replace(/\\(["\\])/g, '$1') : (part[1] ?? part[0]);
    word = (word ?? '') + inner;
    at += part[0].length;
  }
  if (word !== null) words.push(word);
  return words;
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
