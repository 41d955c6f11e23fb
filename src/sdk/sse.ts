/** One message of a server-sent event stream. */
export interface SseMessage {
  /** `message` unless the stream named another. */
  readonly event: string;
  /** Its data lines, joined by line breaks. */
  readonly data: string;
}

/**
 * Reads server-sent events by the rules of the HTML standard. Comments and fields other than `event` and `data` are passed over, and a
 * last message that no blank line ends is dropped, since the rest of it may be missing.
 */
export async function* parseSse(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<SseMessage, void, undefined> {
  let event = '';
  let data: string[] = [];
  for await (const line of lines(chunks)) {
    if (line === '') {
      if (data.length > 0) yield { event: event || 'message', data: data.join('\n') };
      event = '';
      data = [];
      continue;
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') event = value;
    else if (field === 'data') data.push(value);
  }
}

/** Lines that have ended, by CR LF, LF or CR. */
async function* lines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  // Drops a byte order mark, and keeps characters whose bytes are spread over chunks.
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    // A CR at the very end may be the first half of a CR LF.
    const end = rest.endsWith('\r') ? rest.length - 1 : rest.length;
    const parts = rest.slice(0, end).split(/\r\n|\n|\r/);
    rest = (parts.pop() ?? '') + rest.slice(end);
    yield* parts;
  }
}
