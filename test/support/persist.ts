import { setTimeout as delay } from 'node:timers/promises';
import { PROCESS_KEY } from './server-process.ts';

const GIVE_UP_MS = 60_000;
const ANSWER_MS = 10_000;
const PAUSE_MS = 20;

class Refused extends Error {}

/**
 * Posts to a server process until that answers with a success, as a careful client does: a fault may cut the request off or answer 503
 * meanwhile. Throws at once for any other answer, and after a minute without one. `key` is its admin key unless told otherwise.
 */
export async function persist(
  url: string,
  body: object,
  { key = PROCESS_KEY, headers = {} }: { readonly key?: string; readonly headers?: Record<string, string> } = {},
): Promise<Record<string, unknown> & { readonly id: string }> {
  for (const giveUpAt = performance.now() + GIVE_UP_MS; ; ) {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      // What was posted to has an id; whoever needs more of the answer looks at it.
      if (response.ok) return (await response.json()) as Record<string, unknown> & { id: string };
      const text = await response.text();
      if (response.status !== 503) throw new Refused(`${url}: ${response.status} ${text}`);
    } catch (error) {
      if (error instanceof Refused || performance.now() > giveUpAt) throw error;
    }
    await delay(PAUSE_MS);
  }
}
