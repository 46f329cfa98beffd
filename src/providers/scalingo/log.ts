// The logs capability: binds an app or one of its add-ons to a source. Knows no endpoint.
import { CliError } from '../../errors.ts';
import type { LogEntry } from '../../model.ts';
import type { LogsCapability, Source, Traits } from '../../provider.ts';
import type { ScalingoClient } from './client.ts';
import type { LogReading } from './dump.ts';
import { serverFilter } from './filter.ts';
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

export const logs: LogsCapability<ScalingoClient> = {
  traits,
  flags: [
    {
      name: 'addon',
      value: 'ID',
      description: 'the log of a database add-on (its id, or its name such as postgresql)',
    },
  ],
  sourceNames: 'router → router, manager → platform, everything else → app; with --addon everything → addon',
  async open(client, ref, options, signal) {
    const addon = options.flags.addon;
    if (addon === undefined || addon === false) {
      const place = await appPlace(client, ref, signal);
      const source = sourceOf(
        { client, place, filter: serverFilter(ref, options), viaEvents: false, saidNothing: false },
        traits,
      );
      // One more request, which only who names components has to pay for.
      return options.components.length === 0
        ? source
        : { ...source, components: await place.components(signal) };
    }
    const place = await addonPlace(client, { app: ref.app, wanted: addonName(addon) }, signal);
    return sourceOf(
      { client, place, filter: null, viaEvents: false, saidNothing: false },
      { ...traits, filters: [] },
    );
  },
};

function addonName(flag: string | true): string {
  if (typeof flag === 'string' && flag !== '') return flag;
  throw new CliError('usage', 'Scalingo needs the id or the name of an add-on behind --addon.');
}

function sourceOf(log: LogReading, ownTraits: Traits): Source<LogEntry> {
  return {
    traits: ownTraits,
    history: (query, signal) => readHistory(log, query, signal),
    live: (start, signal) => readLive(log, 'lines' in start ? start.lines : 0, signal),
    timeOf: (entry) => entry.body.ts,
    millisOf: (entry) => (Number.isNaN(entry.at) ? millisOf(entry.raw) : entry.at),
    // Time, source and text all stand in the line.
    keyOf: (entry) => entry.raw,
  };
}
