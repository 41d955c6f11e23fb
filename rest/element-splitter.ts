/** The bytes of one element of a list as they were sent; null for an element that is larger than allowed, whose bytes were not kept. */
export type ElementBytes = Buffer | null;

/** Cuts a body into the elements of its list, whatever the pieces are in which it arrives. */
export interface ElementSplitter {
  /** Takes the next piece; yields the elements that it completes. Throws {@link ListSyntaxError}. */
  push(piece: Buffer): Generator<ElementBytes>;
  /** To be called after the last piece; yields what it completes. Throws {@link ListSyntaxError} when the body is cut short. */
  end(): Iterable<ElementBytes>;
  /** What stood beside the list, as it was sent, by name; whole once `end` was called. */
  readonly others: ReadonlyMap<string, Buffer>;
}

/** Thrown for a body that is no such list; `path` names the field that is at fault, empty for the body as a whole. */
export class ListSyntaxError extends Error {
  override readonly name = 'ListSyntaxError';
  readonly path: string;

  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}

const code = (character: string): number => character.charCodeAt(0);
const QUOTE = code('"');
const BACKSLASH = code('\\');
const COMMA = code(',');
const COLON = code(':');
const OPEN_LIST = code('[');
const CLOSE_LIST = code(']');
const OPEN_OBJECT = code('{');
const CLOSE_OBJECT = code('}');
const LINE_FEED = code('\n');
const BLANKS = new Set([' ', '\t', '\r', '\n'].map(code));

/** A name longer than this is not that of a field of ours. */
const MAX_NAME_BYTES = 256;

const NOT_JSON = 'is not valid JSON';

/** Collects the bytes of an element across pieces, as long as they are few enough. */
function makeCollector(maxBytes: number) {
  let parts: Buffer[] = [];
  let size = 0;
  return {
    add(part: Buffer): void {
      size += part.length;
      if (size <= maxBytes) parts.push(part);
      else parts = [];
    },
    take(): ElementBytes {
      const [only] = parts;
      const bytes = size > maxBytes ? null : parts.length === 1 && only ? only : Buffer.concat(parts, size);
      parts = [];
      size = 0;
      return bytes;
    },
  };
}

type Place = 'body' | 'name' | 'in name' | 'colon' | 'list' | 'first' | 'element' | 'before value' | 'value' | 'end' | 'over';

/** Bytes that all fields beside a list may have together. */
const MAX_OTHER_BYTES = 65_536;

/**
 * Splits `{"<field>": [ … ]}`; the fields named as `otherNames` may stand before and behind it, and are collected. Only the frame is read here, and of the elements only where they end; what is inside of them is for a JSON
 * parser to judge, element by element, so that no turn of the event loop has to parse more than one of them.
 */
export function makeJsonSplitter(field: string, maxElementBytes: number, otherNames: readonly string[] = []): ElementSplitter {
  const collector = makeCollector(maxElementBytes);
  const otherCollector = makeCollector(MAX_OTHER_BYTES);
  const others = new Map<string, Buffer>();
  let otherBytes = 0;
  let present = field;
  let name: number[] = [];
  let place: Place = 'body';
  let seen = false;
  let depth = 0;
  let inString = false;
  let escaped = false;

  function* push(piece: Buffer): Generator<ElementBytes> {
    for (let at = 0; at < piece.length; at++) {
      if (place === 'value') {
        const end = endOfElement(piece, at, CLOSE_OBJECT);
        otherCollector.add(piece.subarray(at, end));
        if (end === piece.length) return;
        keepOther(otherCollector.take());
        place = piece[end] === COMMA ? 'name' : 'over';
        at = end;
        continue;
      }
      if (place === 'element') {
        const end = endOfElement(piece, at, CLOSE_LIST);
        collector.add(piece.subarray(at, end));
        if (end === piece.length) return;
        yield collector.take();
        place = piece[end] === COMMA ? 'element' : 'end';
        at = end;
        continue;
      }
      const byte = piece[at] as number;
      if (place === 'in name') readName(byte);
      else if (!BLANKS.has(byte)) {
        place = afterFrame(byte);
        // The first byte of the first element, or of a value, belongs to it.
        if (place === 'element' || place === 'value') at--;
      }
    }
  }

  function keepOther(bytes: ElementBytes): void {
    otherBytes += bytes?.length ?? 0;
    if (bytes === null || otherBytes > MAX_OTHER_BYTES) {
      throw new ListSyntaxError(present, `is larger than ${MAX_OTHER_BYTES} bytes`);
    }
    others.set(present, bytes);
  }

  /** Where the element that `at` stands in ends: at its comma, at the end of what it stands in, or with the piece. */
  function endOfElement(piece: Buffer, from: number, closing: number): number {
    for (let at = from; at < piece.length; at++) {
      const byte = piece[at];
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inString = false;
      } else if (byte === QUOTE) inString = true;
      else if (byte === OPEN_OBJECT || byte === OPEN_LIST) depth++;
      else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
        if (depth === 0 && byte === closing) return at;
        if (depth-- === 0) throw new ListSyntaxError('', NOT_JSON);
      } else if (byte === COMMA && depth === 0) return at;
    }
    return piece.length;
  }

  function readName(byte: number): void {
    if (byte === QUOTE && !escaped) {
      const text = nameOf(name);
      name = [];
      const isOther = otherNames.includes(text);
      if (text !== field && !isOther) throw new ListSyntaxError(text, 'unknown field');
      if (isOther ? others.has(text) : seen) throw new ListSyntaxError(text, 'is given twice');
      seen ||= !isOther;
      present = text;
      place = 'colon';
      return;
    }
    escaped = byte === BACKSLASH && !escaped;
    if (name.push(byte) > MAX_NAME_BYTES) throw new ListSyntaxError('', 'has an unknown field with a very long name');
  }

  /** Where a byte of the frame leads. */
  function afterFrame(byte: number): Place {
    switch (place) {
      case 'body':
        if (byte !== OPEN_OBJECT) throw new ListSyntaxError('', 'must be a JSON object');
        return 'name';
      case 'name':
        if (byte === CLOSE_OBJECT && !seen) throw new ListSyntaxError(field, 'is required');
        if (byte !== QUOTE) throw new ListSyntaxError('', NOT_JSON);
        return 'in name';
      case 'colon':
        if (byte !== COLON) throw new ListSyntaxError('', NOT_JSON);
        return present === field ? 'list' : 'before value';
      case 'list':
        if (byte !== OPEN_LIST) throw new ListSyntaxError(field, 'must be a list');
        return 'first';
      case 'first':
        return byte === CLOSE_LIST ? 'end' : 'element';
      case 'end':
        if (byte !== COMMA && byte !== CLOSE_OBJECT) throw new ListSyntaxError('', NOT_JSON);
        return byte === COMMA ? 'name' : 'over';
      case 'before value':
        return 'value';
      default:
        throw new ListSyntaxError('', NOT_JSON);
    }
  }

  return {
    push,
    end() {
      if (place !== 'over') throw new ListSyntaxError('', NOT_JSON);
      if (!seen) throw new ListSyntaxError(field, 'is required');
      return [];
    },
    others,
  };
}

function nameOf(bytes: readonly number[]): string {
  try {
    return String(JSON.parse(`"${Buffer.from(bytes).toString('utf8')}"`));
  } catch {
    throw new ListSyntaxError('', NOT_JSON);
  }
}

/** Lines are elements and nothing else. */
const NO_OTHERS: ReadonlyMap<string, Buffer> = new Map();

/** Splits newline-delimited JSON: one element a line, empty lines left out. */
export function makeLineSplitter(maxElementBytes: number): ElementSplitter {
  const collector = makeCollector(maxElementBytes);

  function* line(): Generator<ElementBytes> {
    const bytes = collector.take();
    if (bytes === null || bytes.some((byte) => !BLANKS.has(byte))) yield bytes;
  }

  return {
    *push(piece) {
      let from = 0;
      for (let end = piece.indexOf(LINE_FEED); end !== -1; end = piece.indexOf(LINE_FEED, from)) {
        collector.add(piece.subarray(from, end));
        from = end + 1;
        yield* line();
      }
      collector.add(piece.subarray(from));
    },
    end: line,
    others: NO_OTHERS,
  };
}
