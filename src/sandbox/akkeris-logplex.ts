// The log stream back ends of Akkeris, logsession and logtail, and their session URLs (wire: Akkeris 2.2). They sit on
// an origin of their own and know nothing of tokens.
import { randomUUID } from 'node:crypto';
import { classicLine, type LineView, logtailLine } from './akkeris-lines.ts';
import { disorder, follow, lastSeq } from './follow.ts';
import type { Asked, Exchange, HeaderFields, LineStream } from './http.ts';
import type { World, WorldLine } from './world.ts';

export type LogBackend = 'logsession' | 'logtail';

export interface LogplexOptions {
  readonly world: World;
  readonly backend: LogBackend;
  /** The page's reading: history first, and without `tail` an end. */
  readonly documented: boolean;
  /** A stream without a line for so long ends well; milliseconds, 0 = never. */
  readonly idleMs: number;
  /** A connection older than this is cut without an end; milliseconds, 0 = never. */
  readonly maxLifeMs: number;
  /** How long a session URL can be opened; milliseconds, 0 = not at all. */
  readonly urlLifeMs: number;
  /** When a viewer leaves, the others of the same app fall silent (logtail). */
  readonly sharedRoute: boolean;
}

export interface SessionOrder {
  readonly view: LineView;
  /** False: a quiet app, whose stream never has a line. */
  readonly alive: boolean;
  readonly lines: number;
  readonly tail: boolean;
}

export interface Logplex {
  /** Makes a session; answers its id and the path of its URL. */
  open(order: SessionOrder): { id: string; path: string };
  /** Plays one GET (or, for logtail, POST) of a session URL. */
  read(asked: Exchange): void;
  /** As for a path that was never made. */
  refuse(asked: Asked): void;
  /** All URLs made so far are too old from now on. */
  expire(): void;
  /** Lines that slow readers of logtail have lost. */
  dropped(): number;
}

interface Session extends SessionOrder {
  readonly path: string;
  readonly until: number;
  taken: boolean;
}

const MAX_SESSIONS = 10_000;
/** logtail ends a stream well after this; its server's write limit cuts it earlier. */
const LOGTAIL_LIFE = 30 * 60_000;

const classicHead: HeaderFields = { 'Content-Type': 'text/plain; charset=utf-8' };
const logtailHead: HeaderFields = {
  'Content-Type': 'text/syslog+rfc5424; charset=utf-8',
  'X-Content-Type-Options': 'nosniff',
};

export function createLogplex(options: LogplexOptions): Logplex {
  const sessions = new Map<string, Session>();
  const viewers = new Set<Viewer>();
  const losses = { lines: 0 };

  function refuse(asked: Asked): void {
    if (options.backend === 'logsession') asked.send(404, '');
    else asked.text(404, '404 page not found\n', { 'X-Content-Type-Options': 'nosniff' });
  }

  return {
    open(order) {
      const id = randomUUID();
      const path = sessionPath(options, order, id);
      sessions.delete(path);
      sessions.set(path, { ...order, path, until: performance.now() + options.urlLifeMs, taken: false });
      const oldest = sessions.keys().next();
      if (sessions.size > MAX_SESSIONS && !oldest.done) sessions.delete(oldest.value);
      return { id, path };
    },
    read(asked) {
      const session = sessions.get(decodeURIComponent(asked.url.pathname));
      if (!session || (asked.method === 'POST' && options.backend !== 'logtail')) return refuse(asked);
      const tooOld = performance.now() >= session.until;
      // logtail's URL has to be opened in time, once; logsession's can be opened again and again until then.
      if (tooOld || (options.backend === 'logtail' && session.taken)) return refuse(asked);
      session.taken = true;
      const viewer = show({ options, session, asked, losses });
      viewers.add(viewer);
      viewer.stream.onClose(() => {
        viewers.delete(viewer);
        if (options.backend !== 'logtail') return;
        sessions.delete(session.path);
        if (options.sharedRoute) for (const other of viewers) if (other.app === viewer.app) other.mute();
      });
    },
    refuse,
    expire: () => sessions.clear(),
    dropped: () => losses.lines,
  };
}

interface Viewer {
  readonly app: string;
  readonly stream: LineStream;
  mute(): void;
}

interface Showing {
  readonly options: LogplexOptions;
  readonly session: Session;
  readonly asked: Exchange;
  readonly losses: { lines: number };
}

/** The page's URL form carries the request itself, in base64. */
function sessionPath(options: LogplexOptions, order: SessionOrder, id: string): string {
  if (options.documented) {
    const { lines, tail } = order;
    const owner = order.view.site === undefined ? `apps/${order.view.app.key}` : `sites/${order.view.site}`;
    const wish = Buffer.from(JSON.stringify({ lines, tail })).toString('base64');
    return `/${owner}/log-sessions/${wish}`;
  }
  return options.backend === 'logsession' ? `/log-sessions/${id}` : `/tails/${randomUUID()}`;
}

function show(showing: Showing): Viewer {
  const { options, session, asked } = showing;
  const classic = options.backend === 'logsession';
  const form = classic ? classicLine : logtailLine;
  const stream = asked.live(classic ? 200 : 201, classic ? classicHead : logtailHead, 'late');
  const idle = idleEnd(stream, options.idleMs);
  let muted = false;
  let strange = asked.fault?.name === 'wrong-shape' || asked.fault?.name === 'not-json';
  const repeats = asked.fault?.name === 'repeated-lines' ? 2 : 1;
  function write(line: WorldLine): void {
    const text = session.alive && !muted ? form(line, session.view) : undefined;
    if (text === undefined) return;
    if (strange) stream.write('-- this line has no known form --\n');
    strange = false;
    for (let copy = 0; copy < repeats; copy += 1) stream.write(text);
    idle.defer();
  }
  limitLife(stream, options);
  const after = options.documented ? showHistory(showing, write) : lastSeq(options.world);
  if (options.documented && !session.tail) stream.end();
  else if (classic) follow({ world: options.world, stream, after, write });
  else forward({ showing, stream, write });
  return {
    app: session.view.app.key,
    stream,
    mute: () => {
      muted = true;
    },
  };
}

/** The newest lines of this session's view, oldest first; answers up to which line the world was read. */
function showHistory({ options, session, asked }: Showing, write: (line: WorldLine) => void): number {
  const form = options.backend === 'logsession' ? classicLine : logtailLine;
  const newest: WorldLine[] = [];
  const all = options.world.lines;
  for (let at = all.length - 1; at >= 0 && newest.length < session.lines; at -= 1) {
    const line = all[at];
    if (line && form(line, session.view) !== undefined) newest.push(line);
  }
  newest.reverse();
  const shown = asked.fault?.name === 'out-of-order' ? disorder(newest) : newest;
  for (const line of shown) write(line);
  return lastSeq(options.world);
}

/** logtail hands lines over without waiting: one may lie ready, what comes beyond that is lost. */
function forward(place: { showing: Showing; stream: LineStream; write(line: WorldLine): void }): void {
  const { showing, stream, write } = place;
  let ready: WorldLine | undefined;
  async function later(line: WorldLine): Promise<void> {
    ready = line;
    await stream.drained();
    ready = undefined;
    write(line);
  }
  const leave = showing.options.world.onLine((line) => {
    if (ready) showing.losses.lines += 1;
    else if (stream.full) void later(line);
    else write(line);
  });
  stream.onClose(leave);
}

/** A clean end after `ms` without a line; one that never had any is an empty body. */
function idleEnd(stream: LineStream, ms: number): { defer(): void } {
  if (ms <= 0) return { defer: () => undefined };
  const timer = setTimeout(() => stream.end(), ms);
  timer.unref();
  stream.onClose(() => clearTimeout(timer));
  return {
    defer: () => {
      timer.refresh();
    },
  };
}

function limitLife(stream: LineStream, options: LogplexOptions): void {
  const cut = options.maxLifeMs > 0;
  if (!cut && options.backend !== 'logtail') return;
  const timer = setTimeout(() => (cut ? stream.cut() : stream.end()), cut ? options.maxLifeMs : LOGTAIL_LIFE);
  timer.unref();
  stream.onClose(() => clearTimeout(timer));
}
