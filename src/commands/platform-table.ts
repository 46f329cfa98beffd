// The table of platforms, for a terminal, a pipe and the README. Everything in it comes from the adapters' traits.
import { createContext } from '../context.ts';
import type { Host } from '../host.ts';
import { renderTable, type Table } from '../output/table.ts';
import { isSupported, type Provider, type Traits } from '../provider.ts';
import { PROVIDERS } from '../providers/index.ts';
import type { PlatformsOptions } from './platforms.ts';

export async function showPlatforms(host: Host, options: PlatformsOptions): Promise<number> {
  const { terminal } = createContext(host, options);
  const providers = await Promise.all(PROVIDERS.map((entry) => entry.load()));
  if (options.json) {
    await terminal.print(`${JSON.stringify(providers.map(describe), null, 2)}\n`);
    return 0;
  }
  const { isTTY, columns, color } = terminal.out;
  await terminal.print(await renderTable(platformTable(providers), { isTTY, columns, color }));
  return 0;
}

const ROWS: readonly (readonly [string, (traits: Traits) => string])[] = [
  ['history', (traits) => (traits.history === 'none' ? 'none' : `${traits.history}, ${traits.retention}`)],
  ['archives', (traits) => traits.archives ?? 'none'],
  ['live', (traits) => liveOf(traits)],
  ['joined by', (traits) => traits.join],
  ['ids', (traits) => (traits.ids ? 'yes' : 'no')],
  ['times', (traits) => traits.times],
  ['order', (traits) => (traits.ordered ? 'sure' : 'not sure: put right here')],
  ['filters there', (traits) => traits.filters.join(', ')],
  ['proof of life', (traits) => traits.alive.proof],
];

/** One column a platform, one row a property: it stays readable at 80 columns. */
export function platformTable(providers: readonly Provider[]): Table {
  const head = ['', ...providers.map((provider) => provider.title)];
  const rows = [
    ['name', ...providers.map((provider) => [provider.name, ...provider.aliases].join(', '))],
    ['app', ...providers.map((provider) => provider.appForm)],
    ...ROWS.map(([title, read]) => [
      `logs: ${title}`,
      ...providers.map(({ logs }) => (isSupported(logs) ? read(logs.traits) : logs.unsupported)),
    ]),
    ['sources', ...providers.map(({ logs }) => (isSupported(logs) ? logs.sourceNames : ''))],
    ['apps list', ...providers.map(({ apps }) => (isSupported(apps) ? 'yes' : apps.unsupported))],
  ];
  return { columns: head.map((title) => ({ title })), rows };
}

function liveOf({ live }: Traits): string {
  return live.kind === 'poll' ? `poll every ${(live.everyMillis ?? 0) / 1000} s` : live.kind;
}

function describe(provider: Provider) {
  const { name, aliases, title, appForm, logs, apps } = provider;
  return {
    name,
    aliases,
    title,
    app: appForm,
    logs: isSupported(logs) ? { traits: logs.traits, flags: logs.flags, sources: logs.sourceNames } : logs,
    apps: isSupported(apps) ? {} : apps,
  };
}
