/**
 * `node examples/live.ts`: serves a page that follows runs in a browser, at http://127.0.0.1:8090/?run=<id>. Needs `BATON_API_KEY`, and
 * `BATON_URL` where Baton is not at its default address.
 */
import { makeLivePage } from './live/server.ts';

const { BATON_URL: batonUrl = 'http://127.0.0.1:8080', BATON_API_KEY: apiKey, PORT: port = '8090' } = process.env;
if (!apiKey) {
  console.error('Set BATON_API_KEY: a key with the scope runs:read.');
  process.exit(2);
}
makeLivePage({ batonUrl, apiKey }).listen(Number(port), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${port}/?run=<id of a run>`);
});
