// `builds list`: newest first, as a table or as records.
import { CliError } from '../errors.ts';
import { BUILD_STATUSES, type Build, instantFromMillis } from '../model.ts';
import { buildRecord } from '../output/platform-records.ts';
import { type BuildCommand, type BuildPlace, withBuilds } from './build-target.ts';
import { durationText, secondsOf, statusText, summaryOf, timeText } from './build-words.ts';
import { countFlag } from './flag-values.ts';
import { formOf, printList } from './lists.ts';

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
    await printList(
      place.context,
      {
        type: 'build',
        records: builds.map((build) => buildRecord(build, place.shown)),
        table: () => ({
          columns: ['ID', 'STATUS', 'COMMIT OR CAUSE', 'WHO', 'STARTED', 'DURATION'].map((title) => ({
            title,
          })),
          rows: builds.map((build) => [
            build.id,
            statusText(build),
            summaryOf(build),
            build.user ?? '',
            timeText(build.started ?? build.created),
            durationText(secondsOf(build, now)),
          ]),
        }),
      },
      options,
    );
    return 0;
  });
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
  for await (const page of builds.list(connected.client, target.ref, context.signal)) {
    for (const build of page) {
      if (wanted.size > 0 && !wanted.has(build.status)) continue;
      found.push(build);
      if (found.length >= most) return found;
    }
  }
  return found;
}
