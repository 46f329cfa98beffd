// The logs capability: binds an app's log to a source. Knows no endpoint.
import type { LogEntry } from '../../model.ts';
import type { LogsCapability, Source, Traits } from '../../provider.ts';
import type { DigitaloceanClient } from './client.ts';
import { readHistory } from './history.ts';
import { readLive } from './live.ts';
import { narrowingOf } from './narrowing.ts';
import { openPlace } from './place.ts';
import { createReading, type LogReading } from './reading.ts';
import { millisOf } from './translate.ts';
import { flags, sourceNames, sourceOf, sources } from './wish.ts';

const traits: Traits = {
  history: 'exact',
  archives: 'files of build and deploy logs, and of crashed instances',
  retention: 'build and deploy logs 90 days; run logs as long as the instance has them',
  join: 'overlap',
  live: { kind: 'socket', everyMillis: null },
  ids: false,
  times: 'nanoseconds',
  ordered: false,
  filters: ['one component by its name', 'the deployment, the type of log, one run of a job, one event'],
  // Whether and how often it pings is unknown (wire: DigitalOcean 11.1); the adapter judges a silence itself, see watch.ts.
  alive: { proof: 'a log that has not grown, which is asked for once a minute', silenceMillis: 0 },
  endless: false,
  maxLines: null,
};

export const logs: LogsCapability<DigitaloceanClient> = {
  traits,
  flags,
  sources,
  sourceNames,
  async open(client, ref, options, signal) {
    const place = await openPlace(client, { ref, options }, signal);
    const log = createReading(client, place);
    return {
      ...readingSource(log),
      components: place.components,
      sources: [sourceOf(place.type)],
      narrowing: async (query) => narrowingOf(log, { ref, options }, query),
      notices: place.notices,
    };
  },
};

function readingSource(log: LogReading): Source<LogEntry> {
  return {
    traits,
    history: (query, signal) => readHistory(log, query, signal),
    live: (start, signal) => readLive(log, 'lines' in start ? start.lines : 0, signal),
    timeOf: (entry) => entry.body.ts,
    millisOf: (entry) => (Number.isNaN(entry.at) ? millisOf(entry) : entry.at),
    // Component, time and text all stand in the line.
    keyOf: (entry) => entry.raw,
  };
}
