import { readFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';

/** Where Baton is, and the key with which tokens are asked for; it never leaves this server. */
interface LivePageOptions {
  readonly batonUrl: string;
  readonly apiKey: string;
}

const FILES: Readonly<Record<string, { readonly name: string; readonly type: string }>> = {
  '/': { name: 'page.html', type: 'text/html; charset=utf-8' },
  '/page.js': { name: 'page.js', type: 'text/javascript; charset=utf-8' },
};

/**
 * The back end of a page that follows runs in a browser: it serves the page, and asks Baton for a token whenever the page needs one. Whether
 * this visitor may see that run is for a back end to decide; this one lets everybody see everything, so it is for a machine of one's own.
 */
export function makeLivePage({ batonUrl, apiKey }: LivePageOptions): Server {
  async function token(runId: string, res: ServerResponse): Promise<void> {
    const answer = await fetch(`${batonUrl}/v1/sse-token`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ run_id: runId }),
    });
    const body = (await answer.json()) as Record<string, unknown>;
    send(res, answer.status, JSON.stringify({ ...body, baton: batonUrl }));
  }

  return createServer(async (req, res) => {
    try {
      const { pathname, searchParams } = new URL(req.url ?? '/', 'http://localhost');
      const file = FILES[pathname];
      if (req.method === 'POST' && pathname === '/token') return await token(searchParams.get('run') ?? '', res);
      if (req.method === 'GET' && file)
        return send(res, 200, await readFile(new URL(file.name, import.meta.url), 'utf8'), file.type);
      send(res, 404, '{"error":"not found"}');
    } catch {
      send(res, 502, '{"error":"Baton does not answer"}');
    }
  });
}

function send(res: ServerResponse, status: number, body: string, type = 'application/json'): void {
  res.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
}
