// The logs capability: binds an app or a site to a source. Knows no endpoint.
import { CliError } from '../../errors.ts';
import type { LogEntry } from '../../model.ts';
import type { AppRef, Batch, HistoryEnd, LogsCapability, Source, Traits } from '../../provider.ts';
import { type AkkerisClient, appPlace, type LogPlace, MOST_LINES, sitePlace } from './client.ts';
import { type LogReading, linesAsked, readLive } from './live.ts';

const traits: Traits = {
  history: 'none',
  archives: null,
  retention: 'this platform keeps no history; a log drain on the app is the way to keep one',
  join: 'replay',
  live: { kind: 'stream', everyMillis: null },
  ids: false,
  // Of the older log service; the newer one writes microseconds.
  times: 'seconds',
  ordered: false,
  filters: [],
  alive: { proof: 'nothing: a quiet stream gives no sign of life', silenceMillis: 0 },
  endless: true,
  maxLines: MOST_LINES,
};

export const logs: LogsCapability<AkkerisClient> = {
  traits,
  flags: [
    {
      name: 'site',
      value: 'DOMAIN',
      description: 'the router lines of a site, in place of an app (older installations only)',
    },
  ],
  sources: ['app', 'router', 'platform', 'build'],
  sourceNames:
    'app[TYPE.INSTANCE] or TYPE.INSTANCE → app, akkeris/router → router, akkeris/build → build, app[web.akkeris/event] → platform',
  async open(client, ref, options, signal) {
    const site = siteOf(options.flags.site);
    const opened =
      site === null ? await openApp(client, ref, signal) : { place: openSite(site, ref), types: [] };
    const { place, types } = opened;
    const follow = options.follow ?? true;
    const source = sourceOf({ client, place, follow, limitSaid: false, silenceSaid: false });
    return types.length === 0 ? source : { ...source, components: [...types, ...OWN_SOURCES] };
  },
};

/** Sources of lines that are no dyno types (wire: Akkeris 2.3). */
const OWN_SOURCES: readonly string[] = ['router', 'build'];

/** A typing error in a component would otherwise be a silence without end. */
async function openApp(
  client: AkkerisClient,
  ref: AppRef,
  signal: AbortSignal,
): Promise<{ readonly place: LogPlace; readonly types: readonly string[] }> {
  const { app, component } = ref;
  if (app === '') {
    throw new CliError('usage', 'Akkeris needs the name of an app, or --site DOMAIN.', {
      hint: 'Write akkeris:NAME-SPACE, for example akkeris:api-default.',
    });
  }
  const { formation } = await client.app(app, signal);
  const types = formation?.map(({ type }) => type) ?? [];
  const type = component?.split('.')[0] ?? '';
  const known = component === null || types.length === 0 || types.includes(type);
  if (known || OWN_SOURCES.includes(component)) {
    return { place: appPlace(app), types };
  }
  throw new CliError('not-found', `Akkeris's app "${app}" has no dynos of the type "${type}".`, {
    hint: `It has ${types.slice(0, 10).join(', ')}${types.length > 10 ? ', …' : ''}.`,
  });
}

/** Whether the site exists shows only when a session is made: no way to ask for one site is documented. */
function openSite(site: string, { app }: AppRef): LogPlace {
  if (app === '') return sitePlace(site);
  throw new CliError('usage', `Akkeris reads the log of app "${app}" or of site "${site}", not of both.`, {
    hint: `Write akkeris: --site ${site}.`,
  });
}

function siteOf(flag: string | boolean | undefined): string | null {
  if (flag === undefined || flag === false) return null;
  const domain = typeof flag === 'string' ? flag.toLowerCase() : '';
  if (/^[a-z\d](?:[a-z\d.-]{0,251}[a-z\d])?$/.test(domain)) return domain;
  throw new CliError('usage', 'Akkeris needs the domain of a site behind --site.', {
    hint: 'Write it like --site www.example.com, without https://.',
  });
}

function sourceOf(log: LogReading): Source<LogEntry> {
  return {
    traits,
    // It filters nothing: all that it can be told is how much (wire: Akkeris 2.1).
    narrowing: async ({ lines }) => [
      { filter: '--lines', asked: `lines=${linesAsked(lines === 'all' ? MOST_LINES : lines)}` },
    ],
    history: noHistory,
    live: (start, signal) => readLive(log, start, signal),
    timeOf: (entry) => entry.body.ts,
    // Time, source and text all stand in the line.
    keyOf: (entry) => entry.raw,
  };
}

/** The engine does not ask; whoever does is told where a history could be. */
async function* noHistory(): AsyncGenerator<Batch<LogEntry>, HistoryEnd, undefined> {
  const message = 'Akkeris keeps no history; a log drain on the app is the way to keep one';
  yield { items: [], notices: [{ kind: 'limit', message }] };
  return { complete: true, begins: null };
}
