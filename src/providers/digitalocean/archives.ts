// Historic URLs: all of them, oldest first, plain or gzip. Knows nothing of live URLs. Sends no credential.
import { CliError, isPartial } from '../../errors.ts';
import { countOf, type LogEntry } from '../../model.ts';
import type { Batch } from '../../provider.ts';
import { damageOf, decompress } from '../../transport/gzip.ts';
import { splitLines } from '../../transport/lines.ts';
import type { HttpStream } from '../../transport/network.ts';
import { delayBeforeRetry } from '../../transport/retry.ts';
import { wait } from '../../wait.ts';
import { entrySplitter, type LogReading } from './reading.ts';
import { named } from './refusal.ts';

export interface Archives {
  readonly urls: readonly string[];
  /** All of them anew. */
  renew(signal: AbortSignal): Promise<readonly string[]>;
}

export interface ReadArchives {
  /** Whether all were read whole. */
  readonly whole: boolean;
  /** Why none could be had: `was refused (403)`; null when one could. */
  readonly refused: string | null;
}

/** What can't be read is `missing`, and the next archive follows; one that stands still ends it all: so might the next. */
export async function* readArchives(
  log: LogReading,
  { urls, renew }: Archives,
  signal: AbortSignal,
): AsyncGenerator<Batch<LogEntry>, ReadArchives, undefined> {
  let current = urls;
  const outcomes = new Set<Outcome>();
  for (const [index, first] of urls.entries()) {
    const title = urls.length === 1 ? 'the archive' : `archive ${index + 1} of ${urls.length}`;
    const archive: Archive = {
      title: `${title} of ${log.place.subject.what}`,
      url: current[index] ?? first,
      async renew(aborted) {
        const renewed = await renew(aborted);
        const same = renewed.filter((url) => pathOf(url) === pathOf(first));
        // In a list of another length the same place may hold another archive.
        const inPlace = renewed.length === urls.length ? renewed[index] : undefined;
        if (inPlace !== undefined) current = renewed;
        return (same.length === 1 ? same[0] : inPlace) ?? null;
      },
    };
    yield { items: [], progress: { done: index, total: urls.length, unit: 'archives' } };
    outcomes.add(yield* readArchive(log, archive, signal));
  }
  const hadSome = outcomes.size === 0 || outcomes.has('whole') || outcomes.has('part');
  const whole = outcomes.size === 0 || (outcomes.has('whole') && outcomes.size === 1);
  return { whole, refused: hadSome ? null : ([...outcomes].at(-1) ?? null) };
}

/** Or why it could not be had. */
type Outcome = 'whole' | 'part' | `was refused (${number})` | 'could not be reached';

interface Archive {
  readonly title: string;
  readonly url: string;
  renew(signal: AbortSignal): Promise<string | null>;
}

/** A URL that is refused is renewed once, a download that breaks is tried once more (wire: DigitalOcean 2.5). */
async function* readArchive(
  log: LogReading,
  archive: Archive,
  signal: AbortSignal,
): AsyncGenerator<Batch<LogEntry>, Outcome, undefined> {
  let { url } = archive;
  let read = 0;
  let renewed = false;
  let failures = 0;
  let damagedAt: number | undefined;
  for (;;) {
    const stream = await download(log, url, signal);
    if (typeof stream === 'object') {
      const splitter = entrySplitter(log.place);
      const flaws: string[] = [];
      const unpacking = { onFlaw: (words: string) => flaws.push(words), damagedAt };
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
        return 'whole';
      } catch (error) {
        signal.throwIfAborted();
        if (isPartial(error)) throw named(error, { what: archive.title });
        failures += 1;
        damagedAt = damageOf(error).at;
        if (failures > 1) {
          // The first reading may have come further.
          const half = skip > 0 ? [] : splitter.end().items.map((entry) => entry.brokenOff());
          if (half.length > 0) yield { items: half };
          yield missing(archive, `${breakOf(error)} after ${read} lines`);
          return 'part';
        }
      } finally {
        stream.cancel();
      }
    } else if (EXPIRED.has(stream) && !renewed) {
      renewed = true;
      url = (await renewedUrl(archive, signal)) ?? url;
    } else {
      const outcome = stream === NO_ANSWER ? 'could not be reached' : (`was refused (${stream})` as const);
      yield missing(archive, outcome);
      return outcome;
    }
  }
}

const NO_ANSWER = 0;
const EXPIRED: ReadonlySet<number> = new Set([401, 403, 404, 410]);

/** The answer 200, else its status. Trouble that passes is waited out for a bounded time. */
async function download(log: LogReading, url: string, signal: AbortSignal): Promise<HttpStream | number> {
  const { network, timing } = log.client;
  const begun = timing.now();
  for (let number = 1; ; number += 1) {
    const outcome = await network
      .stream({ url, ends: true, headers: { 'accept-encoding': 'gzip' } }, signal)
      .catch((error: unknown) => ({ error }));
    signal.throwIfAborted();
    if ('status' in outcome && outcome.status === 200) return outcome;
    if ('status' in outcome) outcome.cancel();
    else if (!(outcome.error instanceof CliError) || outcome.error.kind !== 'unavailable')
      throw outcome.error;
    const elapsed = timing.now() - begun;
    const delay = delayBeforeRetry({ outcome, number, elapsed, now: Date.now() }, timing.retry);
    if (delay === undefined) return 'status' in outcome ? outcome.status : NO_ANSWER;
    await wait(delay, signal);
  }
}

/** What hinders the renewal leaves the archive as it is: refused. */
async function renewedUrl(archive: Archive, signal: AbortSignal): Promise<string | null> {
  try {
    return await archive.renew(signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CliError) return null;
    throw error;
  }
}

function missing({ title }: Archive, what: string): Batch<LogEntry> {
  return { items: [], missing: { count: null, reason: `${title} ${what}`, certain: true } };
}

/** What was read all the same, and may not be what was packed. */
function* flawed({ title }: Archive, flaws: readonly string[]): Generator<Batch<LogEntry>, void, undefined> {
  const notices = flaws.map((words) => ({ kind: 'warning' as const, message: `${title} ${words}` }));
  if (notices.length > 0) yield { items: [], notices };
}

function breakOf(error: unknown): string {
  return damageOf(error).isBroken ? 'is damaged' : 'is cut off';
}

function pathOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}
