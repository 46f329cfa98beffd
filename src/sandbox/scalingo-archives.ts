// Scalingo's cold logs: a paged list, newest first, of signed gzip files. Their lines come from an older part of the
// story that the world itself no longer holds.
import { gzipSync } from 'node:zlib';
import type { Exchange, HeaderFields, Route } from './http.ts';
import { belongsTo, type LogOf, renderLine } from './scalingo-lines.ts';
import { fileFaults } from './scalingo-logs.ts';
import { answer, type Platform, positive, sameText, withApp } from './scalingo-platform.ts';
import { longTime } from './scalingo-time.ts';
import { createWorld, type WorldLine } from './world.ts';

const hourMs = 3_600_000;
const perPage = 10;
const cursorBase = 234_500;

export interface Archives {
  readonly routes: Route[];
  list(asked: Exchange, log: LogOf): void;
  /** The text of an archive, 0 is the newest. */
  text(log: LogOf, index: number): string;
}

/** Must be made before anything is written: the newest archive ends where the world's lines begin. */
export function createArchives(platform: Platform): Archives {
  const { world, settings } = platform;
  const newestEnd = (world.lines[0]?.at.ms ?? world.now().ms) - 1;
  const lastHour = Math.ceil(newestEnd / hourMs) * hourMs;
  const files = new Map<string, Buffer>();
  const stories = new Map<number, readonly WorldLine[]>();

  function linesOf(index: number): readonly WorldLine[] {
    const known = stories.get(index);
    if (known) return known;
    const end = newestEnd - index * hourMs;
    const old = createWorld({ seed: 9000 + index, scale: 0, past: settings.linesPerArchive, now: () => end });
    stories.set(index, old.lines);
    return old.lines;
  }

  function text(log: LogOf, index: number): string {
    const lines = linesOf(index).filter((line) => belongsTo(line, log));
    return lines.map((line) => renderLine(line, settings, log)).join('');
  }

  function fileOf(log: LogOf, index: number): Buffer {
    const key = `${log.app.name} ${log.part} ${index}`;
    const file = files.get(key) ?? gzipSync(text(log, index));
    files.set(key, file);
    return file;
  }

  function describe(log: LogOf, index: number, origin: string) {
    const from = Math.floor((linesOf(index)[0]?.at.ms ?? newestEnd) / hourMs) * hourMs;
    const to = lastHour - index * hourMs;
    const name = `${nameOf(log)}.log-${hourText(to)}.gz`;
    const expires = Math.floor(settings.now() / 1000) + settings.archiveSeconds;
    const url = `${origin}/arch/${name}?expires=${expires}&sig=${platform.sign(`${name} ${expires}`)}`;
    return { url, size: fileOf(log, index).length, from: longTime(from), to: longTime(to) };
  }

  function list(asked: Exchange, log: LogOf): void {
    const cursor = asked.query.get('cursor');
    const start = cursor ? Number(cursor) - cursorBase : (positive(asked.query.get('page'), 1) - 1) * perPage;
    const end = Math.min(start + perPage, settings.archives);
    const archives = [];
    for (let index = Math.max(0, start); index < end; index += 1)
      archives.push(describe(log, index, asked.origin));
    const more = end < settings.archives && archives.length > 0;
    answer(asked, 200, { next_cursor: more ? String(cursorBase + end) : '', has_more: more, archives });
  }

  function download(asked: Exchange) {
    const name = asked.params.file ?? '';
    const expires = asked.query.get('expires') ?? '';
    const genuine = sameText(platform.sign(`${name} ${expires}`), asked.query.get('sig') ?? '');
    if (!genuine || Number(expires) * 1000 <= settings.now()) return deniedFile(asked);
    const log = logsOf(platform, asked.listener).find((each) => name.startsWith(`${nameOf(each)}.log-`));
    if (!log) return deniedFile(asked);
    const fields: HeaderFields = { 'Content-Disposition': `attachment; filename="${name}"` };
    if (settings.archiveEncoding === 'declared') {
      Object.assign(fields, { 'Content-Type': 'text/plain', 'Content-Encoding': 'gzip' });
    } else fields['Content-Type'] = 'application/gzip';
    let index = 0;
    while (index < settings.archives && !name.endsWith(`-${hourText(lastHour - index * hourMs)}.gz`))
      index += 1;
    asked.send(200, fileOf(log, index), fields);
  }

  const routes: Route[] = [
    {
      name: 'archives',
      method: 'GET',
      path: '/v1/apps/:app/logs_archives',
      answer: withApp(platform, (asked, app) => list(asked, { app, part: 'app' })),
    },
    { name: 'archive-file', method: 'GET', path: '/arch/:file', faults: fileFaults, answer: download },
  ];
  return { routes, list, text };
}

/** What an object store says of a signature that does not hold (any more). */
export function deniedFile(asked: Pick<Exchange, 'send'>): void {
  const body =
    '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>';
  asked.send(403, body, { 'Content-Type': 'application/xml' });
}

function logsOf(platform: Platform, listener: number): LogOf[] {
  const app = platform.regions[listener]?.app;
  if (!app) return [];
  return [
    { app, part: 'app' },
    { app, part: 'database' },
  ];
}

// wire: Scalingo 3: `<app>_<ObjectId>.log-YYYYMMDDHH.gz`
function nameOf({ app, part }: LogOf): string {
  return `${app.name}_${part === 'app' ? app.id : app.databaseId}`;
}

function hourText(ms: number): string {
  return new Date(ms).toISOString().replace(/\D/g, '').slice(0, 10);
}
