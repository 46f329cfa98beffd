// `builds list`: newest first, as a table or as records.
import { CliError } from '../errors.ts';
import { BUILD_STATUSES, type Build, instantFromMillis } from '../model.ts';
import { buildRecord } from '../output/platform-records.ts';
import { type BuildCommand, type BuildPlace, withBuilds } from './build-target.ts';
import { durationText, secondsOf, statusText, summaryOf } from './build-words.ts';
import { countFlag } from './flag-values.ts';
import { createListTime, formOf, printList } from './lists.ts';

const USUAL = 20;

export function listBuilds(command: BuildCommand): Promise<number> {
  return withBuilds(command, async (place) => {
    const { options } = command;
    formOf(options);
    const count = countFlag({ text: options.lines, all: options.all, usual: USUAL, what: 'builds' });
    const most = count === 'all' ? Number.POSITIVE_INFINITY : count;
    const wanted = statusesOf(options.status ?? []);
    const builds = await newest(place, { most, wanted });
    const now = instantFromMillis(Date.now());
    const { out } = place.context.terminal;
    const idOf = idText(builds, out);
    const whenOf = createListTime({ isTTY: out.isTTY, zone: 'local', now: Date.now() });
    await printList(
      place.context,
      {
        type: 'build',
        records: builds.map((build) => buildRecord(build, place.shown)),
        table: () => ({
          columns: [
            { title: 'ID', whole: true },
            { title: 'STATUS', least: longestWord(builds.map(statusText)) },
            { title: 'COMMIT OR CAUSE', least: 15 },
            { title: 'WHO', least: 6, drop: 2 },
            { title: 'STARTED', keep: true },
            { title: 'DURATION', keep: true, drop: 1 },
          ],
          rows: builds.map((build) => [
            idOf(build),
            statusText(build),
            summaryOf(build),
            whoText(build, out),
            whenOf(build.started ?? build.created),
            durationText(secondsOf(build, now)),
          ]),
        }),
      },
      options,
    );
    return 0;
  });
}

/** Columns of the longest word: what is narrower would break it. */
function longestWord(texts: readonly string[]): number {
  return texts.flatMap((text) => text.split(' ')).reduce((most, word) => Math.max(most, word.length), 6);
}

const SHORT_ID = 8;
/** Narrower than this, whole UUIDs leave no room for the rest. */
const ROOMY = 120;

/** On a narrow terminal the beginning of a UUID, as long as it still tells the builds apart: every command takes it. */
function idText(
  builds: readonly Build[],
  { isTTY, columns }: { readonly isTTY: boolean; readonly columns: number },
): (build: Build) => string {
  const short = ({ id }: Build) => (/^[0-9a-f]{8}-[0-9a-f-]{27}$/i.test(id) ? id.slice(0, SHORT_ID) : id);
  const isUnique = new Set(builds.map(short)).size === builds.length;
  return isTTY && columns < ROOMY && isUnique ? short : ({ id }) => id;
}

/** On a narrow terminal of an address the part before the @. */
function whoText(
  { user }: Build,
  { isTTY, columns }: { readonly isTTY: boolean; readonly columns: number },
): string {
  if (user === null) return '';
  return isTTY && columns < ROOMY ? user.replace(/(?<=.)@.*$/, '') : user;
}

function statusesOf(given: readonly string[]): ReadonlySet<string> {
  const names = given.flatMap((list) => list.split(','));
  for (const name of names) {
    if (BUILD_STATUSES.some((known) => known === name)) continue;
    throw new CliError(
      'usage',
      `"${name}" is no status of a build: it is one of ${BUILD_STATUSES.join(', ')}.`,
    );
  }
  return new Set(names);
}

async function newest(
  place: BuildPlace,
  { most, wanted }: { most: number; wanted: ReadonlySet<string> },
): Promise<Build[]> {
  const { builds, connected, target, context } = place;
  const found: Build[] = [];
  if (most === 0) return found;
  for await (const page of builds.list(connected.client, target.ref, context.signal)) {
    for (const build of page) {
      if (wanted.size > 0 && !wanted.has(build.status)) continue;
      found.push(build);
      if (found.length >= most) return found;
    }
  }
  return found;
}
