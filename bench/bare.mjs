// What polylog is measured against: the least that a Node program does for the same bytes. `bare.mjs dump|live URL [LINES]`
const [kind, url, lines] = process.argv.slice(2);

if (kind === 'dump') {
  const { request } = await import('undici');
  const { pipeline } = await import('node:stream/promises');
  const { body } = await request(url);
  await pipeline(body, process.stdout);
} else await live();

/** Parses every frame, writes batches of 64 KiB and pauses while the pipe is full. Leaves after so many lines. */
async function live() {
  const { WebSocket } = await import('ws');
  const socket = new WebSocket(url, { perMessageDeflate: false });
  let left = Number(lines);
  let batch = '';
  const flush = () => {
    const full = batch !== '' && !process.stdout.write(batch);
    batch = '';
    if (!full) return;
    socket.pause();
    process.stdout.once('drain', () => socket.resume());
  };
  socket.on('message', (frame) => {
    if (left <= 0) return;
    const { log, data = log } = JSON.parse(frame.toString());
    batch += data;
    left -= data.length / 140;
    if (left <= 0) {
      flush();
      socket.terminate();
    } else if (batch.length >= 64 * 1024) flush();
  });
}
