// The cold log: pages of signed URLs of gzip files, a year back (wire: Scalingo 3). Knows nothing of the hot log.
import { CliError, isPartial } from '../../errors.ts';
import { countOf, type LogEntry } from '../../model.ts';
import type { Batch } from '../../provider.ts';
import { damageOf, decompress, NotGzip } from '../../transport/gzip.ts';
import { splitLines } from '../../transport/lines.ts';
import type { ArchivePage } from './answers.ts';
import { openDownload } from './download.ts';
import { entrySplitter, type LogReading } from './dump.ts';
import { named } from './refusal.ts';

export interface Archive {
  readonly url: string;
  /** What stays the same when the URL is signed anew. */
  readonly id: string;
  /** Approximate, seconds since the epoch; NaN when unreadable. */
  readonly from: number;
  readonly to: number;
  /** For people. */
  readonly title: string;
  /** Of its page. */
  readonly cursor: string | null;
}

export interface Listing {
  /** Oldest first. */
  readonly archives: readonly Archive[];
  /** Whether no older archives exist than the pages that were read. */
  readonly toTheEnd: boolean;
}

/** Seconds since the epoch, -Infinity and Infinity for open ends. */
export interface TimeRange {
  readonly since: number;
  readonly until: number;
}

const LINE_START = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}/;
/** Pages of ten: a bound against a cursor that never ends. */
const MOST_PAGES = 1000;
/** Seconds by which the times of archives, which are approximate, may be wrong. */
const SLACK = 3600;

/** Those that may hold something of that time. */
export async function listArchives(log: LogReading, range: TimeRange, signal: AbortSignal): Promise<Listing> {
  const found = new Map<string, Archive>();
  let toTheEnd = false;
  for await (const page of pages(log, signal)) {
    for (const archive of page.archives) found.set(`${archive.id} ${pathOf(archive.url)}`, archive);
    toTheEnd = page.last;
    if (isPast(page.archives, range.since)) break;
  }
  return { archives: oldestFirst(within([...found.values()], range)), toTheEnd };
}

/** Those that the platform has made since they were listed: what they hold is no longer in the hot log. */
export async function newerArchives(
  log: LogReading,
  { listing, range }: { listing: Listing; range: TimeRange },
  signal: AbortSignal,
): Promise<readonly Archive[]> {
  const known = new Set(listing.archives.map(({ id }) => id));
  const newest = Math.max(...listing.archives.map(({ to }) => to));
  const page = archivesOf(await log.place.archives(null, signal), null);
  return oldestFirst(within(page, range).filter(({ id, to }) => !known.has(id) && !(to < newest)));
}

/**
 * The lines of one archive, unpacked as they come. A URL that has expired is renewed once, a download that breaks is
 * tried once more; what can't be read is `missing`, and the rest of history goes on. One that stands still ends it all: so
 * might the next. Returns the status when it was refused.
 */
export async function* readArchive(
  log: LogReading,
  archive: Archive,
  signal: AbortSignal,
): AsyncGenerator<Batch<LogEntry>, number | null, undefined> {
  let { url } = archive;
  let read = 0;
  let renewed = false;
  let failures = 0;
  let damagedAt: number | undefined;
  for (;;) {
    const stream = await openArchive(log, url, signal);
    if (typeof stream === 'object') {
      const splitter = entrySplitter(log.place);
      const flaws: string[] = [];
      const unpacking = { plain: LINE_START, onFlaw: (words: string) => flaws.push(words), damagedAt };
      let skip = read;
      try {
        for await (const lines of splitLines(decompress(stream.body, unpacking), splitter)) {
          const count = countOf(lines);
          if (skip === 0) yield lines;
          else if (skip < count) yield { items: lines.items.slice(skip) };
          read += Math.max(0, count - skip);
          skip = Math.max(0, skip - count);
        }
        yield* flawed(archive, flaws);
        return null;
      } catch (error) {
        signal.throwIfAborted();
        if (isPartial(error)) {
          throw named(error, { what: `${archive.title} of ${log.place.subject.what}`, ofApp: true });
        }
        failures += 1;
        damagedAt = damageOf(error).at;
        if (error instanceof NotGzip || failures > 1) {
          // The first reading may have come further.
          const half = skip > 0 ? [] : splitter.end().items.map((entry) => entry.brokenOff());
          if (half.length > 0) yield { items: half };
          yield missing(archive, reasonOf(error, read));
          return null;
        }
      } finally {
        stream.cancel();
      }
    } else if ((stream === 401 || stream === 403 || stream === 404) && !renewed) {
      renewed = true;
      url = (await renewedUrl(log, archive, signal)) ?? url;
    } else {
      yield missing(archive, `was refused (${stream})`);
      return stream;
    }
  }
}

interface Page {
  readonly archives: readonly Archive[];
  readonly last: boolean;
}

async function* pages(log: LogReading, signal: AbortSignal): AsyncGenerator<Page, void, undefined> {
  const seen = new Set<string>();
  let cursor: string | null = null;
  for (let number = 1; number <= MOST_PAGES; number += 1) {
    const page: ArchivePage = await log.place.archives(cursor, signal);
    const last = page.next === null || seen.has(page.next);
    yield { archives: archivesOf(page, cursor), last };
    if (last) return;
    cursor = page.next;
    if (cursor !== null) seen.add(cursor);
  }
}

function archivesOf(page: ArchivePage, cursor: string | null): Archive[] {
  return page.archives.map(({ url, from, to, size }) => ({
    url,
    id: `${from} ${to} ${size}`,
    from: secondsOfDate(from),
    to: secondsOfDate(to),
    title: `the archive from ${from ?? 'an unknown time'} to ${to ?? 'an unknown time'}`,
    cursor,
  }));
}

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const GO_DATE = /([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d):(\d\d)(?:\.\d+)? ([+-])(\d\d)(\d\d)\b.* (\d{4})$/;

/** `Fri Mar 24 14:00:00 +0000 UTC 2017`, or what `Date` understands. */
export function secondsOfDate(text: string | null): number {
  if (text === null) return Number.NaN;
  const parts = GO_DATE.exec(text.slice(0, 64));
  if (parts === null) return Date.parse(text) / 1000;
  const [, month = '', day, hours, minutes, seconds, sign, zoneHours, zoneMinutes, year] = parts;
  const index = MONTHS.indexOf(month) / 3;
  if (!Number.isInteger(index) || index < 0) return Number.NaN;
  const offset = (Number(zoneHours) * 60 + Number(zoneMinutes)) * 60 * (sign === '-' ? -1 : 1);
  const wall = Date.UTC(Number(year), index, Number(day), Number(hours), Number(minutes), Number(seconds));
  return wall / 1000 - offset;
}

function within(archives: readonly Archive[], { since, until }: TimeRange): Archive[] {
  return archives.filter(({ from, to }) => !(to < since - SLACK) && !(from > until + SLACK));
}

/** Whether a page, and so all behind it, is older than `since`; not believed of pages that are not newest first. */
function isPast(archives: readonly Archive[], since: number): boolean {
  const first = archives[0];
  const last = archives.at(-1);
  if (first === undefined || last === undefined) return false;
  return first.to >= last.to && last.to < since - SLACK;
}

/** The listing's own order is turned round; the times decide where all of them can be read. */
function oldestFirst(archives: Archive[]): Archive[] {
  const turned = archives.toReversed();
  if (turned.some(({ from }) => Number.isNaN(from))) return turned;
  return turned.sort((a, b) => a.from - b.from || a.to - b.to);
}

/** The stream of an answer 200, else the status. */
async function openArchive(log: LogReading, url: string, signal: AbortSignal) {
  const { network, timing } = log.client;
  const subject = { what: `an archive of ${log.place.subject.what}`, ofApp: true };
  const download = { network, rules: timing.retry, subject, url: async () => url };
  try {
    const stream = await openDownload(download, signal);
    if (stream.status === 200) return stream;
    stream.cancel();
    return stream.status;
  } catch (error) {
    if (error instanceof CliError && error.status !== undefined) return error.status;
    throw error;
  }
}

/** Its page is looked at first; archives that came since may have moved it. */
async function renewedUrl(log: LogReading, archive: Archive, signal: AbortSignal): Promise<string | null> {
  const page = await log.place.archives(archive.cursor, signal);
  const same = archivesOf(page, archive.cursor).find(({ id }) => id === archive.id);
  if (same !== undefined) return same.url;
  for await (const { archives } of pages(log, signal)) {
    const moved = archives.find(({ id }) => id === archive.id);
    if (moved !== undefined) return moved.url;
  }
  return null;
}

function missing(archive: Archive, what: string): Batch<LogEntry> {
  return { items: [], missing: { count: null, reason: `${archive.title} ${what}`, certain: true } };
}

/** What was read all the same, and may not be what was packed. */
function* flawed(archive: Archive, flaws: readonly string[]): Generator<Batch<LogEntry>, void, undefined> {
  const notices = flaws.map((words) => ({ kind: 'warning' as const, message: `${archive.title} ${words}` }));
  if (notices.length > 0) yield { items: [], notices };
}

function reasonOf(error: unknown, read: number): string {
  if (error instanceof NotGzip) return 'is not gzip';
  const broken = damageOf(error).isBroken ? 'is damaged' : 'is cut off';
  return `${broken} after ${read} lines`;
}

function pathOf(url: string): string {
  return new URL(url).pathname;
}
