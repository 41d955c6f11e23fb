import { connect, type Socket } from 'node:net';
import { nowMs } from './clock.ts';

const DATA = 'data: ';
const ID = 'id: ';

/** An event stream that is open. */
export interface StreamReader {
  /** How many messages have come. */
  count(): number;
  /** How many messages came with a place in the story that is not behind the one before. */
  disorder(): number;
  /** Takes nothing more off the wire, as a client that hangs. */
  stall(): void;
  close(): void;
}

/** Which stream to open, and who hears of its messages. */
export interface StreamRequest {
  readonly port: number;
  readonly path: string;
  readonly key: string;
  /** Given the text of a message and when it came (clock.ts). */
  readonly onMessage?: (data: string, atMs: number) => void;
}

/**
 * Opens an event stream and resolves when it has begun. By hand, on a bare socket: what reads a thousand streams must not be what is
 * measured. Chunked transfer coding is read over, which messages shorter than a chunk allow.
 */
export function openReader({ port, path, key, onMessage }: StreamRequest): Promise<StreamReader> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(port, '127.0.0.1');
    let count = 0;
    let disorder = 0;
    let place = -1;
    let rest = '';
    socket.setEncoding('utf8');
    socket.once('error', reject);
    socket.once('data', (head) => {
      if (!String(head).startsWith('HTTP/1.1 200 ')) reject(new Error(`GET ${path} was answered: ${String(head).slice(0, 500)}`));
      resolve({ count: () => count, disorder: () => disorder, stall: () => socket.pause(), close: () => socket.destroy() });
    });
    socket.on('data', (text) => {
      const atMs = nowMs();
      const lines = (rest + String(text)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line.startsWith(ID)) {
          const next = placeOf(line.slice(ID.length));
          if (next <= place) disorder++;
          place = next;
        }
        if (!line.startsWith(DATA)) continue;
        count++;
        onMessage?.(line.slice(DATA.length), atMs);
      }
    });
    socket.write(`GET ${path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${key}\r\n\r\n`);
  });
}

/** A number that grows with the id of a message, which is that of its event, and its place in that behind a dot. */
function placeOf(id: string): number {
  const [seq = 0, place = 0] = id.split('.').map(Number);
  return seq * 10_000 + place;
}
