// Live log URLs: one-time tokens, JSON frames over a websocket, raw text over plain HTTP (wire: DigitalOcean 2.4).
// Knows no deployment: it reads line sources.
import { randomBytes } from 'node:crypto';
import { hostOf } from './digitalocean-answers.ts';
import { type LineSource, positionBefore } from './digitalocean-lines.ts';
import type { Platform } from './digitalocean-options.ts';
import type { Fault, FaultName } from './faults.ts';
import { disorder, doubled } from './follow.ts';
import {
  type Asked,
  type LineStream,
  lineFaults,
  openingFaults,
  type Route,
  type SocketRoute,
} from './http.ts';

export interface LiveWish {
  source: LineSource;
  follow: boolean;
  /** Absent: `tail_lines` was not sent; negative: no limit. */
  tailLines: number | undefined;
  /** Lines before this position are not shown; the source's beginning when absent. */
  from?: number;
}

export interface LiveUrls {
  readonly route: Route;
  readonly socket: SocketRoute;
  /** A new URL with a token that opens one stream. */
  handOut(asked: Asked, wish: LiveWish): string;
}

const keptTokens = 1000;
const batchLines = 256;
const floodBytes = 64 * 1024;
const ownFaults: readonly FaultName[] = ['expired-url', 'out-of-order', 'repeated-lines'];

export function createLiveUrls(platform: Platform): LiveUrls {
  const { manner } = platform;
  const handedOut = new Map<string, LiveWish & { until: number }>();

  /** A token opens one stream and is gone. */
  function redeem(asked: Asked): LiveWish | undefined {
    const token = asked.query.get('token') ?? '';
    const wish = handedOut.get(token);
    handedOut.delete(token);
    return wish && wish.until >= manner.clock() ? wish : undefined;
  }

  return {
    handOut(asked, wish) {
      const token = randomBytes(16).toString('hex');
      handedOut.set(token, { ...wish, until: manner.clock() + manner.liveTokenLifeMs });
      const [oldest] = handedOut.keys();
      if (handedOut.size > keptTokens && oldest !== undefined) handedOut.delete(oldest);
      return `${manner.liveScheme}://${hostOf(asked)}/live?token=${token}`;
    },
    socket: {
      name: 'live',
      path: '/live',
      faults: [...openingFaults, 'endless-line', ...ownFaults],
      async accept(opening) {
        const wish = admit(opening, redeem);
        if (!wish) return;
        // Taken before the 101 goes out: what is written as soon as the client is connected must come.
        const place = placeOf(wish, manner.untailed);
        const stream = await opening.accept();
        stream.binary = manner.frames === 'binary';
        ping(stream, manner.keepaliveMs);
        const say = createSplitter(platform, (text) => stream.write(JSON.stringify({ data: text })));
        await pump({ asked: opening, stream, wish, place, fault: opening.fault, say });
      },
    },
    route: {
      name: 'live-text',
      method: 'GET',
      path: '/live',
      faults: [...lineFaults, ...ownFaults],
      async answer(exchange) {
        if (manner.livePlain === 'refused') return exchange.send(400, 'Bad Request\n');
        const wish = admit(exchange, redeem);
        if (!wish) return;
        const place = placeOf(wish, manner.untailed);
        const stream = exchange.live(200, { 'content-type': 'text/plain; charset=utf-8' });
        const say = (lines: string[]): void => stream.write(lines.map((line) => `${line}\n`).join(''));
        // A body plays the endless line by itself.
        const fault = exchange.fault?.name === 'endless-line' ? undefined : exchange.fault;
        await pump({ asked: exchange, stream, wish, place, fault, say });
      },
    },
  };
}

/** Credentials have no business here: a leak must not go unseen. */
function admit(asked: Asked, redeem: (asked: Asked) => LiveWish | undefined): LiveWish | undefined {
  if (asked.headers.authorization !== undefined) {
    asked.send(400, '');
    return undefined;
  }
  const wish = redeem(asked);
  if (!wish) asked.send(403, '');
  return wish;
}

interface Place {
  first: number;
  /** Where a stream that does not follow ends. */
  last: number;
}

function placeOf({ source, follow, tailLines, from }: LiveWish, untailed: 'none' | 'all'): Place {
  const begin = Math.max(from ?? source.begin, source.begin);
  const end = source.end();
  const last = follow ? Infinity : end;
  const count = tailLines ?? (untailed === 'all' ? -1 : 0);
  return { first: count < 0 ? begin : positionBefore(source, { from: begin, end, count }), last };
}

interface Pumping {
  asked: Asked;
  stream: LineStream;
  wish: LiveWish;
  place: Place;
  fault: Fault | undefined;
  say(lines: string[]): void;
}

/** Writes at the reader's pace: while it waits, lines stay where they are, in the source. */
async function pump({ asked, stream, wish, place, fault, say }: Pumping): Promise<void> {
  const { source } = wish;
  let position = place.first;
  let passed = 0;
  let wake = (): void => undefined;
  const pastAnswered = once(asked.answered);
  const leave = source.onMore(() => wake());
  stream.onClose(() => {
    leave();
    wake();
  });
  while (!stream.closed && position < place.last) {
    // Asked first: what is read afterwards is then known to be the rest.
    const over = source.over();
    const { lines: placed, next } = source.read(position, batchLines, place.last);
    const lines = placed.map(({ text }) => text);
    position = next;
    if (lines.length === 0) {
      if (over || !wish.follow) break;
      // Set before the hook is told: it may write the next line at once.
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      pastAnswered();
      await woken;
      continue;
    }
    const whole = fault?.name === 'endless-line' ? (fault.afterLines ?? 0) - passed : Infinity;
    passed += lines.length;
    say(arrange(lines.slice(0, whole), fault));
    await stream.drained();
    const endless = lines[whole];
    if (endless !== undefined) return await flood(stream, endless, fault?.bytes ?? 8 * 1024 * 1024);
  }
  stream.end();
  pastAnswered();
}

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (!done) act();
    done = true;
  };
}

function arrange(lines: string[], fault: Fault | undefined): string[] {
  if (fault?.name === 'out-of-order') return disorder(lines);
  return fault?.name === 'repeated-lines' ? doubled(lines) : lines;
}

async function flood(stream: LineStream, head: string, bytes: number): Promise<void> {
  stream.write(JSON.stringify({ data: head }));
  for (let left = bytes - head.length; left > 0 && !stream.closed; left -= floodBytes) {
    stream.write(JSON.stringify({ data: 'x'.repeat(Math.min(left, floodBytes)) }));
    await stream.drained();
  }
}

/** Cuts lines into frames: several lines in one, or every frame broken off in mid-line. */
function createSplitter({ manner }: Platform, frame: (text: string) => void): (lines: string[]) => void {
  return (lines) => {
    let carried = '';
    for (let at = 0; at < lines.length; at += manner.linesPerFrame) {
      const group = lines.slice(at, at + manner.linesPerFrame);
      const text = carried + group.map((line) => `${line}\n`).join('');
      const cut = manner.splitLines ? cutPoint(text, group.at(-1)?.length ?? 0) : text.length;
      frame(text.slice(0, cut));
      carried = text.slice(cut);
    }
    if (carried !== '') frame(carried);
  };
}

/** In the middle of the last line, never inside a character. */
function cutPoint(text: string, lastLine: number): number {
  const cut = text.length - 1 - (lastLine >> 1);
  const unit = text.charCodeAt(cut);
  return unit >= 0xdc00 && unit <= 0xdfff ? cut - 1 : cut;
}

function ping(stream: { ping(): void; onClose(listener: () => void): void }, ms: number): void {
  if (ms <= 0) return;
  const timer = setInterval(() => stream.ping(), ms);
  timer.unref();
  stream.onClose(() => clearInterval(timer));
}
