// Reads stdin at so many MB a second for so many seconds, says every now and then how many bytes it has taken, and leaves.
import { readSync } from 'node:fs';

const [rate, seconds] = process.argv.slice(2).map(Number);
const buffer = Buffer.alloc(64 * 1024);
const started = performance.now();
let taken = 0;
let said = started;
for (;;) {
  const now = performance.now();
  if (now - started > seconds * 1000) break;
  if (taken < ((now - started) / 1000) * rate * 1e6) {
    const got = readSync(0, buffer);
    if (got === 0) break;
    taken += got;
  } else await new Promise((resolve) => setTimeout(resolve, 5));
  if (now - said > 100) {
    said = now;
    process.stdout.write(`${taken}\n`);
  }
}
process.stdout.write(`${taken}\n`);
process.exit();
