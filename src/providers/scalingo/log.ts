// The logs capability: binds an app or one of its add-ons to a source. Knows no endpoint.
import { CliError } from '../../errors.ts';
import type { LogEntry } from '../../model.ts';
import type { LogsCapability, Source, Traits } from '../../provider.ts';
import type { ScalingoClient } from './client.ts';
import { type LogReading, WHOLE_LOG } from './dump.ts';
import { filterOf, serverFilter } from './filter.ts';
import { readHistory } from './history.ts';
import { readLive } from './live.ts';
import { addonPlace, appPlace } from './place.ts';
import { millisOf } from './translate.ts';

const traits: Traits = {
  history: 'sampled',
  archives: 'gzip files of one year',
  retention: 'about 50 MiB at hand, then archives for one year',
  join: 'overlap',
  live: { kind: 'socket', everyMillis: null },
  ids: false,
  times: 'nanoseconds',
  ordered: false,
  filters: ['components and instances by plain name (no globs)', 'the router alone'],
  alive: { proof: 'a ping frame of the platform at least every 30 s', silenceMillis: 60_000 },
  endless: false,
  maxLines: null,
};

const APP_SOURCES = ['app', 'router', 'platform'] as const;

export const logs: LogsCapability<ScalingoClient> = {
  traits,
  flags: [
    {
      name: 'addon',
      value: 'ID',
      description: 'the log of a database add-on (its id, or its name such as postgresql)',
    },
  ],
  sources: [...APP_SOURCES, 'addon'],
  sourceNames: 'router → router, manager → platform, everything else → app; with --addon everything → addon',
  async open(client, ref, options, signal) {
    const addon = options.flags.addon;
    if (addon === undefined || addon === false) {
      const place = await appPlace(client, ref, signal);
      const log = { client, place, filter: serverFilter(ref, options), viaEvents: false, saidNothing: false };
      const own = sourceOf(log, { traits, filtered: filterOf(ref, options) });
      const source: Source<LogEntry> = { ...own, sources: APP_SOURCES };
      // One more request, which only who names components has to pay for.
      return options.components.length === 0
        ? source
        : { ...source, components: await place.components(signal) };
    }
    const place = await addonPlace(client, { app: ref.app, wanted: addonName(addon) }, signal);
    const log = { client, place, filter: null, viaEvents: false, saidNothing: false };
    const own = sourceOf(log, { traits: { ...traits, filters: [] }, filtered: '' });
    return { ...own, sources: ['addon'] };
  },
};

function addonName(flag: string | true): string {
  if (typeof flag === 'string' && flag !== '') return flag;
  throw new CliError('usage', 'Scalingo needs the id or the name of an add-on behind --addon.');
}

/** `filtered`: what the log's filter stands for. */
function sourceOf(
  log: LogReading,
  { traits: own, filtered }: { readonly traits: Traits; readonly filtered: string },
): Source<LogEntry> {
  return {
    traits: own,
    narrowing: async ({ lines }) => [
      ...(log.filter === null ? [] : [{ filter: filtered, asked: `filter=${log.filter}` }]),
      { filter: '--lines', asked: `n=${lines === 'all' ? WHOLE_LOG : lines}` },
    ],
    history: (query, signal) => readHistory(log, query, signal),
    live: (start, signal) => readLive(log, 'lines' in start ? start.lines : 0, signal),
    timeOf: (entry) => entry.body.ts,
    millisOf: (entry) => (Number.isNaN(entry.at) ? millisOf(entry.raw) : entry.at),
    // Time, source and text all stand in the line.
    keyOf: (entry) => entry.raw,
  };
}
