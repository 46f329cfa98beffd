// Scalingo's log server: signed addresses, dumps, and the live stream as websocket or event stream.
import { disorder, doubled, follow, lastSeq } from './follow.ts';
import {
  type Asked,
  answerFaults,
  type Exchange,
  keepAlive,
  type LineStream,
  lineFaults,
  type Opening,
  openingFaults,
  type Route,
  type SocketRoute,
} from './http.ts';
import { createRandom } from './random.ts';
import { describeApp } from './scalingo-apps.ts';
import { belongsTo, type LineFilter, type LogOf, readFilter, renderLine } from './scalingo-lines.ts';
import { answer, type Platform, sameText, withApp } from './scalingo-platform.ts';
import { isoTime } from './scalingo-time.ts';
import type { WorldLine } from './world.ts';

const defaultLines = 100;
const backends = 3;
const dumpPiece = 128;
const playedLines = ['expired-url', 'out-of-order', 'repeated-lines'] as const;

export function logRoutes(platform: Platform): Route[] {
  let dumps = 0;
  return [
    {
      name: 'logs-url',
      method: 'GET',
      path: '/v1/apps/:app/logs',
      answer: withApp(platform, (asked, app) =>
        answer(asked, 200, {
          app: describeApp(platform, app, asked),
          logs_url: signedUrl(platform, asked.origin, app.id),
        }),
      ),
    },
    {
      name: 'event-stream',
      method: 'GET',
      path: '/apps/:id/logs',
      when: (query) => query.get('stream') === 'true',
      faults: [...lineFaults, ...playedLines],
      answer: (asked) => streamEvents(platform, asked),
    },
    {
      name: 'dump',
      method: 'GET',
      path: '/apps/:id/logs',
      faults: [...lineFaults, ...playedLines],
      answer: (asked) => {
        dumps += 1;
        return dump(platform, asked, dumps);
      },
    },
  ];
}

export function logSockets(platform: Platform): SocketRoute[] {
  return [
    {
      name: 'stream',
      path: '/apps/:id/logs',
      faults: [...openingFaults, ...playedLines],
      accept: (opening) => streamFrames(platform, opening),
    },
  ];
}

/** Faults of signed addresses that answer with a file. */
export const fileFaults = [...answerFaults, 'expired-url'] as const;

/** wire: Scalingo 2.1: the path has the ObjectId, the query `token` and `timestamp`. */
export function signedUrl(platform: Platform, origin: string, id: string): string {
  const timestamp = Math.floor(platform.settings.now() / 1000);
  return `${origin}/apps/${id}/logs?token=${platform.sign(`${id} ${timestamp}`)}&timestamp=${timestamp}`;
}

export function denied(platform: Platform, asked: Asked): void {
  if (platform.settings.denied === 'text-401') asked.text(401, 'Unauthorized\n');
  else asked.json(403, { error: 'invalid or expired token' });
}

/** What a request to the log server is about; undefined when it has been refused already. */
function admit(platform: Platform, asked: Asked): { log: LogOf; filter: LineFilter } | undefined {
  const id = asked.params.id ?? '';
  const timestamp = asked.query.get('timestamp') ?? '';
  const expires = (Number(timestamp) + platform.settings.urlSeconds) * 1000;
  const genuine = sameText(platform.sign(`${id} ${timestamp}`), asked.query.get('token') ?? '');
  if (!genuine || expires <= platform.settings.now()) {
    denied(platform, asked);
    return undefined;
  }
  const app = platform.regions[asked.listener]?.app;
  const part = id === app?.id ? 'app' : id === app?.databaseId ? 'database' : undefined;
  const filter = readFilter(asked.query.get('filter'));
  if (!app || !part || !filter) {
    if (filter) asked.text(404, 'not found\n');
    else asked.json(400, { error: 'invalid filter' });
    return undefined;
  }
  return { log: { app, part }, filter };
}

function chosenLines(
  platform: Platform,
  asked: Asked,
  wanted: { log: LogOf; filter: LineFilter },
): WorldLine[] {
  const lines = platform.world.lines.filter((line) => belongsTo(line, wanted.log) && wanted.filter(line));
  if (asked.fault?.name === 'out-of-order') return disorder(lines);
  return asked.fault?.name === 'repeated-lines' ? doubled(lines) : lines;
}

async function dump(platform: Platform, asked: Exchange, round: number): Promise<void> {
  const wanted = admit(platform, asked);
  if (!wanted) return;
  const { settings } = platform;
  const lines = chosenLines(platform, asked, wanted);
  const count = countOf(asked, defaultLines);
  const chosen =
    settings.dump === 'sampled' ? sample(lines, count, round) : count === 0 ? [] : lines.slice(-count);
  if (chosen.length === 0) return asked.send(settings.empty, '');
  const stream = asked.lines(200, { 'Content-Type': 'text/plain; charset=utf-8' });
  for (let at = 0; at < chosen.length && !stream.closed; at += dumpPiece) {
    const piece = chosen.slice(at, at + dumpPiece);
    const text = piece.map((line) => renderLine(line, settings, wanted.log)).join('');
    const last = at + dumpPiece >= chosen.length;
    stream.write(last && settings.finalEnding === 'missing' ? text.trimEnd() : text);
    await stream.drained();
  }
  stream.end();
}

/**
 * wire: Scalingo 2.2, order: n is shared out among several back ends, each gives the tail of what it has, and the
 * tails come one after the other.
 */
function sample(lines: readonly WorldLine[], count: number, round: number): WorldLine[] {
  const random = createRandom(round);
  const held = Array.from({ length: backends }, (_, backend) =>
    lines.filter((line) => createRandom(line.seq).between(0, backends - 1) === backend),
  );
  const shares = held.map(() => 0.6 + 0.8 * random.next());
  const sum = shares.reduce((one, other) => one + other, 0);
  let left = count;
  return held.flatMap((kept, backend) => {
    const share =
      backend === backends - 1 ? left : Math.min(left, Math.round((count * (shares[backend] ?? 0)) / sum));
    left -= share;
    return share === 0 ? [] : kept.slice(-share);
  });
}

async function streamFrames(platform: Platform, opening: Opening): Promise<void> {
  const { settings } = platform;
  const wanted = admit(platform, opening);
  if (!wanted) return;
  if (settings.upgrade !== 'accepted') return opening.text(settings.upgrade, 'Bad Request\n');
  const stream = await opening.accept();
  keepAlive(stream, settings.keepaliveMs, () => frame(platform, 'ping'));
  tail({ platform, asked: opening, stream, wanted, form: (lines) => logFrame(platform, lines, wanted.log) });
}

// wire: Scalingo 2.5 and 8.5; no sample of this form exists, so both guesses are offered.
function streamEvents(platform: Platform, asked: Exchange): void {
  const wanted = admit(platform, asked);
  if (!wanted) return;
  const { eventStream, keepaliveMs, lineEnding } = platform.settings;
  const stream = asked.live(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
  keepAlive(stream, keepaliveMs, () =>
    eventStream === 'raw' ? 'ping\n\n' : `data: ${frame(platform, 'ping')}\n\n`,
  );
  const form = (lines: readonly WorldLine[]) => {
    if (eventStream === 'json') return `data: ${logFrame(platform, lines, wanted.log)}\n\n`;
    const texts = lines.map((line) =>
      renderLine(line, platform.settings, wanted.log).slice(0, -lineEnding.length),
    );
    return texts.map((text) => `data: ${text}\n\n`).join('');
  };
  tail({ platform, asked, stream, wanted, form });
}

interface Tail {
  platform: Platform;
  asked: Asked;
  stream: LineStream;
  wanted: { log: LogOf; filter: LineFilter };
  form(lines: readonly WorldLine[]): string;
}

/** First the `n` lines of the past that were asked for, none when `n` is absent, then what comes. */
function tail({ platform, asked, stream, wanted, form }: Tail): void {
  const { world, settings } = platform;
  const after = lastSeq(world);
  const count = countOf(asked, 0);
  let waiting: WorldLine[] = [];
  function flush(): void {
    if (waiting.length > 0) stream.write(form(waiting));
    waiting = [];
  }
  function write(line: WorldLine): void {
    waiting.push(line);
    if (waiting.length >= settings.linesPerFrame) flush();
  }
  if (count > 0) for (const line of chosenLines(platform, asked, wanted).slice(-count)) write(line);
  flush();
  asked.answered();
  const { log, filter } = wanted;
  follow({
    world,
    stream,
    after,
    write: (line) => {
      if (!belongsTo(line, log) || !filter(line)) return;
      write(line);
      if (asked.fault?.name === 'repeated-lines') write(line);
    },
    flush,
  });
}

function logFrame(platform: Platform, lines: readonly WorldLine[], log: LogOf): string {
  const at = lines[0]?.at ?? platform.world.now();
  const text = lines.map((line) => renderLine(line, platform.settings, log)).join('');
  return frame(platform, 'log', { log: text, at });
}

// wire: Scalingo 2.4: clients read `event`, the documentation says `name`.
function frame(
  platform: Platform,
  kind: 'log' | 'ping',
  given: { log?: string; at?: WorldLine['at'] } = {},
): string {
  const { frameKey } = platform.settings;
  return JSON.stringify({
    ...(frameKey === 'name' ? {} : { event: kind }),
    ...(frameKey === 'event' ? {} : { name: kind }),
    ...(given.log === undefined ? {} : { log: given.log }),
    timestamp: isoTime(given.at ?? platform.world.now()),
  });
}

function countOf(asked: Asked, otherwise: number): number {
  const text = asked.query.get('n');
  const count = Number(text);
  return text !== null && text !== '' && Number.isInteger(count) && count >= 0 ? count : otherwise;
}
