// Log lines of 140 bytes in the platforms' forms, prebuilt in blocks of 256 KiB of which only the times are renewed.

/** Bytes of a line with its LF. */
export const LINE_BYTES = 140;
/** Stands in one line of every `NEEDLE_EVERY` blocks. */
export const NEEDLE = 'needle-7d3f';
const NEEDLE_EVERY = 25;
const BLOCK_BYTES = 256 * 1024;
const STAMP = 'YYYY-MM-DD?HH:MM:SS';

const MESSAGES = [
  'method=GET path="/products/417" host=shop.example.org from=10.0.3.17 status=200 duration=0.012s bytes=5120',
  'INFO request handled in 12 ms user=4711 cache=hit queue=default id=9f8c2b7a-1d3e-4c5b-8a7f-0e1d2c3b4a59 ok',
  'job 8123 of queue mailers done after 341 ms (attempt 1 of 5), 17 left in the queue, 4 workers are busy now',
  '{"level":"info","msg":"payment accepted","order":48213,"ms":87,"note":"~"}',
];

/**
 * Blocks of whole lines, one second of log each.
 * @param {{form: 'scalingo' | 'digitalocean', wrap: 'text' | 'frames', perFrame?: number, shuffled?: boolean}} shape
 */
export function createBlocks({ form, wrap, perFrame = 1, shuffled = false }) {
  const parts = [];
  let bytes = 0;
  let lines = 0;
  while (bytes < BLOCK_BYTES) {
    const texts = Array.from({ length: perFrame }, () => lineOf(form, lines++, shuffled));
    const part = wrap === 'text' ? Buffer.from(texts.join('')) : frame(form, texts.join(''));
    parts.push(part);
    bytes += part.length;
  }
  const template = Buffer.concat(parts);
  const places = placesOf(template, STAMP);
  const separator = form === 'scalingo' ? ' ' : 'T';
  const needle = template.indexOf('user=4711 ca');
  const start = Math.floor(Date.now() / 1000);
  return {
    lines,
    bytes: template.length,
    /** @param {number} number of the block, from 0 */
    block(number) {
      const block = Buffer.from(template);
      const stamp = Buffer.from(
        new Date((start + number) * 1000).toISOString().slice(0, 19).replace('T', separator),
      );
      for (const place of places) stamp.copy(block, place);
      if (number % NEEDLE_EVERY === NEEDLE_EVERY - 1) block.write(NEEDLE, needle, 'latin1');
      return block;
    },
  };
}

/** The first so many lines of a block of text. */
export function firstLines(block, count) {
  return block.subarray(0, count * LINE_BYTES);
}

function lineOf(form, number, shuffled) {
  // Neighbours change places, as where several instances write.
  const tick = shuffled ? number ^ 5 : number;
  const nanos = String(tick * 100_003 + 17).padStart(9, '0');
  const message = MESSAGES[number % MESSAGES.length];
  const source = number % 4 === 0 ? 'router' : number % 4 === 2 ? 'worker-1' : 'web-1';
  const head =
    form === 'scalingo' ? `${STAMP}.${nanos} +0000 UTC [${source}] ` : `${source} ${STAMP}.${nanos}Z `;
  const filler = '.'.repeat(Math.max(0, LINE_BYTES - head.length - message.length));
  return `${(head + (message.includes('~') ? message.replace('~', filler) : message + filler)).slice(0, LINE_BYTES - 1)}\n`;
}

/** An unmasked text frame of a websocket server. */
function frame(form, text) {
  const json =
    form === 'scalingo'
      ? JSON.stringify({ event: 'log', log: text, timestamp: '2026-09-20T14:15:34.371836275+02:00' })
      : JSON.stringify({ data: text });
  const payload = Buffer.from(json);
  const head = payload.length < 126 ? Buffer.from([0x81, payload.length]) : Buffer.from([0x81, 126, 0, 0]);
  if (head.length === 4) head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}

function placesOf(block, text) {
  const places = [];
  for (let at = block.indexOf(text); at >= 0; at = block.indexOf(text, at + text.length)) places.push(at);
  return places;
}
