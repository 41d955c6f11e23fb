/** Of a stream no more than this is kept in the page; the beginning is forgotten first. */
export const STREAM_CAPACITY = 400_000;
/** Text is put into nodes of about this size, so that forgetting the beginning takes away whole nodes. */
const NODE_SIZE = 8_192;

/** The text of one stream in the page. It grows without being drawn anew, and is never read as HTML. */
export interface StreamText {
  /** Puts text at the end. */
  readonly append: (text: string) => void;
  /** How many characters of the beginning were forgotten. */
  readonly forgotten: () => number;
}

/** Lets `element` show a stream. */
export function makeStreamText(element: Pick<Element, 'ownerDocument' | 'append'>): StreamText {
  const nodes: Text[] = [];
  let kept = 0;
  let forgotten = 0;
  return {
    append(text) {
      const last = nodes.at(-1);
      if (last && last.length < NODE_SIZE) last.appendData(text);
      else {
        const node = element.ownerDocument.createTextNode(text);
        nodes.push(node);
        element.append(node);
      }
      kept += text.length;
      while (kept > STREAM_CAPACITY && nodes.length > 1) {
        const first = nodes.shift();
        kept -= first?.length ?? 0;
        forgotten += first?.length ?? 0;
        first?.remove();
      }
    },
    forgotten: () => forgotten,
  };
}
