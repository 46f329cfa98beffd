// Runs one program in front of a reader and says what it took. Knows no platform and no table.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PRELOAD = fileURLToPath(new URL('usage.cjs', import.meta.url));
const PIPELINE = 'NODE_OPTIONS="--require=$PRELOAD" "$0" "$@"; echo $? >"$BENCH_USAGE.code"';

/** @typedef {{ argv: string[], env?: Record<string, string> }} Program `argv` behind node */

/**
 * Through a pipe into `wc -l`. Seconds of wall clock (start and end of the process included) and of CPU, peak MB, lines
 * and bytes.
 * @param {Program} program
 */
export async function runPiped({ argv, env = {} }) {
  const directory = mkdtempSync(join(tmpdir(), 'polylog-bench-'));
  const usage = join(directory, 'usage');
  const started = performance.now();
  const child = spawn('sh', ['-c', `{ ${PIPELINE}; } | wc -lc`, process.execPath, ...argv], {
    env: { ...process.env, ...env, PRELOAD, BENCH_USAGE: usage },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [said, complained] = await Promise.all([text(child.stdout), text(child.stderr), ended(child)]);
  const wall = (performance.now() - started) / 1000;
  const code = Number(readFileSync(`${usage}.code`, 'utf8'));
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}: ${complained}`);
  const { cpu, peak } = JSON.parse(readFileSync(usage, 'utf8'));
  rmSync(directory, { recursive: true });
  const [lines, bytes] = said.trim().split(/\s+/).map(Number);
  return { wall, cpu, peak, lines, bytes };
}

/**
 * Milliseconds to the first byte of stdout, from the last one to the end of the process, and in all.
 * @param {Program} program
 */
export async function runTimed({ argv, env = {} }) {
  const started = performance.now();
  const child = spawn(process.execPath, argv, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let first = Number.NaN;
  let last = Number.NaN;
  child.stdout.on('data', () => {
    last = performance.now();
    if (Number.isNaN(first)) first = last;
  });
  const exited = new Promise((resolve) => child.once('exit', () => resolve(performance.now())));
  const [over] = await Promise.all([exited, ended(child)]);
  return { first: first - started, after: over - last, all: over - started };
}

/**
 * In front of a reader that takes so many MB a second for so many seconds. `share`: bytes that have to be received for
 * one that is written.
 * @param {Program} program
 * @param {{rate: number, seconds: number, share: number, sent: () => Promise<number>}} slow
 */
export async function runSlowly({ argv, env = {} }, { rate, seconds, share, sent }) {
  const directory = mkdtempSync(join(tmpdir(), 'polylog-bench-'));
  const usage = join(directory, 'usage');
  const reader = fileURLToPath(new URL('slow-reader.mjs', import.meta.url));
  const command = `{ ${PIPELINE}; } | "$0" "$READER" ${rate} ${seconds}`;
  const child = spawn('sh', ['-c', command, process.execPath, ...argv], {
    env: { ...process.env, ...env, PRELOAD, READER: reader, BENCH_USAGE: usage },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const over = ended(child);
  const samples = [];
  let ahead = 0;
  let read = 0;
  let taken = 0;
  child.stdout.on('data', (chunk) => {
    taken = Number(String(chunk).trim().split('\n').at(-1));
  });
  for (let second = 1; second < seconds; second += 0.5) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const pid = readFileSync(`${usage}.pid`, 'utf8');
    const handed = await sent();
    ahead = Math.max(ahead, handed - taken * share);
    read = Math.max(read, field(pid, 'io', 'rchar') - taken * share);
    samples.push(field(pid, 'status', 'VmRSS') / 1024);
  }
  await over;
  rmSync(directory, { recursive: true });
  return { taken: taken / 1e6, sentAhead: ahead / 1e6, readAhead: read / 1e6, rss: samples };
}

function field(pid, file, name) {
  const found = new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/${file}`, 'utf8'));
  return Number(found?.[1]);
}

function ended(child) {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
}

async function text(stream) {
  let all = '';
  for await (const chunk of stream) all += chunk;
  return all;
}

/** @param {number[]} values */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
