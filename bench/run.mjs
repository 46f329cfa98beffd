// `npm run bench`: start-up, throughput and memory of polylog as ratios to bare programs of the same round.
// Options: --only startup,dump,live,filter,memory,slow  --lines N  --rounds N  --memory-lines N  --bin PATH  --forms raw,text
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createBlocks, LINE_BYTES, NEEDLE } from './lines.mjs';
import { median, runPiped, runSlowly, runTimed } from './measure.mjs';
import { printTable } from './table.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'startup,dump,live,filter,memory,slow' },
    forms: { type: 'string', default: 'raw,text,ndjson' },
    platforms: { type: 'string', default: 'scalingo,digitalocean' },
    lines: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '5' },
    'memory-lines': { type: 'string', default: '2000000' },
    bin: { type: 'string', default: here('../bin/polylog.js') },
  },
});
const lines = Number(values.lines);
const rounds = Number(values.rounds);
const forms = values.forms.split(',');
const platforms = values.platforms.split(',');

// Lines a second against the bare program.
const DUMP_GOALS = { raw: '0.80', text: '0.40', ndjson: '0.30' };
const LIVE_GOALS = { raw: '0.80', text: '0.60', ndjson: '0.50' };

const home = mkdtempSync(join(tmpdir(), 'polylog-bench-home-'));
const server = fork(here('server.mjs'));
const [{ port }] = await once(server, 'message');
const origin = `http://127.0.0.1:${port}`;
const env = {
  HOME: home,
  POLYLOG_CONFIG_DIR: home,
  SCALINGO_API_TOKEN: 'tk-us-bench',
  SCALINGO_API_URL: origin,
  SCALINGO_AUTH_URL: origin,
  DIGITALOCEAN_ACCESS_TOKEN: 'dop_v1_bench',
  DIGITALOCEAN_API_URL: origin,
  HTTP_PROXY: '',
  HTTPS_PROXY: '',
  http_proxy: '',
  https_proxy: '',
};

/** The name of an app with such a log, as server.mjs reads it. */
function nameOf(platform, { perFrame = 1, count, shuffled = false, nth = 1 }) {
  if (platform === 'scalingo') return `app${nth}${shuffled ? 'd' : 'o'}-${perFrame}-${count}`;
  const hex = (value, width) => value.toString(16).padStart(width, '0');
  return `000000${hex(nth, 1)}${shuffled ? 'd' : '0'}-0000-4000-${hex(perFrame, 4)}-${hex(count, 12)}`;
}

const polylog = (...argv) => ({ argv: [values.bin, ...argv], env });
const bareDump = (platform, log) => ({
  argv: [here('bare.mjs'), 'dump', `${origin}/${platform}/${nameOf(platform, log)}`],
});
const bareLive = (platform, log) => ({
  argv: [
    here('bare.mjs'),
    'live',
    `ws://127.0.0.1:${port}/${platform}/${nameOf(platform, log)}`,
    String(log.count),
  ],
});
const show = (platform, log, ...flags) =>
  polylog('logs', 'show', `${platform}:${nameOf(platform, log)}`, '--all', '-q', ...flags);
const tail = (platform, log, ...flags) =>
  polylog(
    'logs',
    'tail',
    `${platform}:${nameOf(platform, log)}`,
    '-n0',
    '-q',
    '-m',
    String(log.count),
    ...flags,
  );

const sections = { startup, dump, live, filter, memory, slow };
for (const name of values.only.split(',')) await sections[name]();
server.disconnect();
rmSync(home, { recursive: true });

async function startup() {
  const log = { count: 100 };
  const programs = {
    'node -e 0': { argv: ['-e', '0'] },
    '--version': polylog('--version'),
    'logs --help': polylog('logs', '--help'),
    'logs show, 100 lines': polylog('logs', 'show', `scalingo:${nameOf('scalingo', log)}`),
  };
  const runs = await interleaved(programs, runTimed, rounds * 4);
  const base = runs['node -e 0'];
  const shown = runs['logs show, 100 lines'];
  const row = (name, samples, limit) => [
    name,
    fixed(median(samples), 1),
    fixed(median(samples.map((sample, round) => sample / base[round].all)), 2),
    limit,
  ];
  printTable(
    'Start-up',
    ['', 'ms', '× node -e 0', 'at most'],
    [
      ['node -e 0', fixed(median(base.map(({ all }) => all)), 1), '1.00', ''],
      row(
        '--version',
        runs['--version'].map(({ all }) => all),
        '1.15',
      ),
      row(
        'logs --help',
        runs['logs --help'].map(({ all }) => all),
        '1.60',
      ),
      row(
        'logs show: first line',
        shown.map(({ first }) => first),
        '2.50',
      ),
      row(
        'logs show: whole',
        shown.map(({ all }) => all),
        '',
      ),
      ['logs show: last byte to exit', fixed(median(shown.map(({ after }) => after)), 1), '', '20 ms'],
    ],
  );
}

async function dump() {
  for (const platform of platforms) {
    const log = { count: lines };
    const programs = { 'bare undici': bareDump(platform, log) };
    for (const form of forms) programs[form] = show(platform, log, '-o', form);
    if (platform === 'scalingo' && forms.includes('raw'))
      programs['raw, neighbours out of order'] = show(platform, { ...log, shuffled: true }, '-o', 'raw');
    await throughput(`Dump of ${lines} lines: ${platform}`, programs, DUMP_GOALS);
  }
}

async function live() {
  for (const platform of platforms) {
    for (const perFrame of [1, 50]) {
      const log = { count: lines, perFrame };
      const programs = { 'bare ws': bareLive(platform, log) };
      for (const form of forms) programs[form] = tail(platform, log, '-o', form);
      const title = `Live, ${perFrame} lines a frame, ${lines} lines: ${platform}`;
      await throughput(title, programs, perFrame === 1 ? LIVE_GOALS : { raw: '0.60' });
    }
  }
}

async function filter() {
  const log = { count: lines };
  const programs = {
    raw: show('scalingo', log, '-o', 'raw'),
    'raw --grep': show('scalingo', log, '-o', 'raw', '--grep', NEEDLE),
    'text --grep': show('scalingo', log, '-o', 'text', '--grep', NEEDLE),
  };
  const runs = await interleaved(programs, runPiped, rounds);
  printTable(
    `A filter that drops nearly everything, ${lines} lines: scalingo`,
    ['', 'lines', 'CPU s', '× raw', 'at most'],
    Object.entries(runs).map(([name, samples]) => [
      name,
      String(samples[0].lines),
      fixed(median(samples.map(({ cpu }) => cpu)), 2),
      fixed(median(samples.map(({ cpu }, round) => cpu / runs.raw[round].cpu)), 2),
      name === 'raw' ? '' : '1.30',
    ]),
  );
}

async function memory() {
  const most = Number(values['memory-lines']);
  const eight = (log) =>
    Array.from({ length: 8 }, (_, nth) => `scalingo:${nameOf('scalingo', { ...log, nth: nth + 1 })}`);
  const kinds = {
    'dump, raw': (log) => show('scalingo', log, '-o', 'raw'),
    'dump, ndjson': (log) => show('scalingo', log, '-o', 'ndjson'),
    'live, text': (log) => tail('scalingo', log, '-o', 'text'),
    'merge of eight, text': (log) =>
      polylog('logs', 'tail', ...eight(log), '-n0', '-q', '-m', String(log.count), '-o', 'text'),
    'bare undici': (log) => bareDump('scalingo', log),
    'bare ws': (log) => bareLive('scalingo', log),
  };
  const peaks = {};
  for (const count of [100_000, most]) {
    const programs = Object.fromEntries(Object.entries(kinds).map(([name, of]) => [name, of({ count })]));
    const runs = await interleaved(programs, runPiped, Math.min(rounds, 3));
    for (const [name, samples] of Object.entries(runs)) {
      peaks[name] ??= [];
      peaks[name].push(median(samples.map(({ peak }) => peak)));
    }
  }
  const rows = Object.entries(peaks).map(([name, [few, many]]) => {
    const bare = peaks[name.startsWith('dump') || name === 'bare undici' ? 'bare undici' : 'bare ws'];
    return [name, fixed(few, 0), fixed(many, 0), fixed(many / few, 2), fixed(many / bare[1], 2)];
  });
  printTable(
    'Memory: peak MB',
    ['', '100000 lines', `${most} lines`, 'growth (1.20)', '× bare (1.15)'],
    rows,
  );
}

async function slow() {
  const kinds = {
    'dump, raw': (log) => show('scalingo', log, '-o', 'raw'),
    'dump, ndjson': (log) => show('scalingo', log, '-o', 'ndjson'),
    'live, text': (log) => tail('scalingo', log, '-o', 'text'),
    'bare undici': (log) => bareDump('scalingo', log),
    'bare ws': (log) => bareLive('scalingo', log),
  };
  const framed = createBlocks({ form: 'scalingo', wrap: 'frames' });
  const rows = [];
  for (const [name, of] of Object.entries(kinds)) {
    const few = await runPiped(of({ count: 10_000 }));
    const received = /live|ws/.test(name) ? framed.bytes / framed.lines : LINE_BYTES;
    const share = received / (few.bytes / few.lines);
    const run = await runSlowly(of({ count: 10_000_000 }), {
      rate: 2,
      seconds: 8,
      share,
      sent: sentByServer,
    });
    const third = Math.floor(run.rss.length / 3);
    rows.push([
      name,
      fixed(run.taken, 1),
      fixed(run.readAhead, 1),
      fixed(run.sentAhead, 1),
      fixed(median(run.rss.slice(0, third)), 0),
      fixed(median(run.rss.slice(-third)), 0),
    ]);
  }
  // What is received and not yet written counts as it was received, frames and all.
  const head = ['', 'taken MB', 'read ahead MB (4)', 'sent ahead MB', 'RSS MB, first third', 'last third'];
  printTable('A reader of 2 MB/s for 8 s', head, rows);
}

async function sentByServer() {
  server.send('sent?');
  const [{ sent }] = await once(server, 'message');
  return sent;
}

/** The first program is what the others are compared with. */
async function throughput(title, programs, goals) {
  const runs = await interleaved(programs, runPiped, rounds);
  const [bare] = Object.values(runs);
  printTable(
    title,
    ['', 's', 'klines/s', 'CPU s', 'peak MB', '× bare', 'at least'],
    Object.entries(runs).map(([name, samples]) => {
      const short = samples.find((sample) => Math.abs(sample.lines - lines) > 50);
      if (short) throw new Error(`${title}: ${name} wrote ${short.lines} lines`);
      const wall = median(samples.map((sample) => sample.wall));
      return [
        name,
        fixed(wall, 2),
        fixed(lines / wall / 1000, 0),
        fixed(median(samples.map(({ cpu }) => cpu)), 2),
        fixed(median(samples.map(({ peak }) => peak)), 0),
        fixed(median(samples.map((sample, round) => bare[round].wall / sample.wall)), 2),
        goals[name] ?? '',
      ];
    }),
  );
}

/** Every program once a round, so that what disturbs the machine disturbs all; one round before them to warm up. */
async function interleaved(programs, run, times) {
  const runs = Object.fromEntries(Object.keys(programs).map((name) => [name, []]));
  for (let round = -1; round < times; round += 1) {
    for (const [name, program] of Object.entries(programs)) {
      const sample = await run(program);
      if (round >= 0) runs[name].push(sample);
    }
  }
  return runs;
}

function fixed(value, digits) {
  return value.toFixed(digits);
}
