// Follows one run with two EventSources: its events, and the text it streams. The token comes from the server of this page, which has the
// API key; Baton's own address comes with it. A token opens streams for five minutes, and an EventSource connects again by itself with the
// id of the last message. When it is refused for good (the run is over, or the token too old), a new token tells which: it goes on from
// there, or the answer is 410 again and that was all.

const show = (id, text) => {
  document.getElementById(id).textContent = text;
};
const runId = new URLSearchParams(location.search).get('run') ?? '';
show('run', runId);

/** Opens one of the streams of the run, and again with a new token when the old one is refused, until nothing comes any more. */
async function follow(stream, onMessage) {
  let after = '0';
  for (;;) {
    const answer = await fetch(`/token?run=${encodeURIComponent(runId)}`, { method: 'POST' });
    if (!answer.ok) return show('status', (await answer.json()).error);
    const { baton, token } = await answer.json();
    const query = new URLSearchParams({ after, token });
    const isOver = await new Promise((resolve) => {
      const source = new EventSource(`${baton}/v1/runs/${encodeURIComponent(runId)}/${stream}?${query}`);
      let told = false;
      source.onmessage = ({ data, lastEventId }) => {
        told = true;
        after = lastEventId;
        onMessage(JSON.parse(data));
      };
      source.onerror = () => {
        if (source.readyState === EventSource.CLOSED) resolve(!told);
      };
    });
    if (isOver) return;
  }
}

await Promise.all([
  follow('stream', (message) => {
    const line = document.createElement('li');
    if (message.type === 'status_change') {
      show('status', message.to);
      line.textContent = `${message.from ?? 'new'} → ${message.to}${message.error ? `: ${message.error}` : ''}`;
    } else {
      line.textContent = message.message;
      line.className = message.level;
    }
    document.getElementById('events').append(line);
  }),
  follow('stream/chunks', ({ chunk, stream_id }) => {
    if (stream_id === 'default') document.getElementById('text').append(chunk ?? '…');
  }),
]);
document.body.dataset.ended = 'true';
