// The table of platforms, for a terminal, a pipe and the README. Everything in it comes from the adapters' traits.
import { createContext } from '../context.ts';
import type { Host } from '../host.ts';
import { columnsNamed, renderTable, type Table } from '../output/table.ts';
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
  if (options.markdown) {
    await terminal.print(platformMarkdown(providers));
    return 0;
  }
  const { isTTY, columns, color } = terminal.out;
  // Four columns of words need room; where there is none each platform has a list of its own.
  const isNarrow = isTTY && columns < WIDE;
  const text = isNarrow
    ? platformLists(providers, columns)
    : await renderTable(platformTable(providers), { isTTY, columns, color });
  await terminal.print(text);
  return 0;
}

const WIDE = 160;

const ROWS: readonly (readonly [string, (traits: Traits) => string])[] = [
  ['history', (traits) => (traits.history === 'none' ? 'none' : `${traits.history}, ${traits.retention}`)],
  ['archives', (traits) => traits.archives ?? 'none'],
  ['live', (traits) => liveOf(traits)],
  ['joined by', (traits) => traits.join],
  ['ids', (traits) => (traits.ids ? 'yes' : 'no')],
  ['times', (traits) => traits.times],
  ['order', (traits) => (traits.ordered ? 'sure' : 'not sure: put right here')],
  ['filters there', (traits) => traits.filters.join(', ') || 'none'],
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
    ['builds', ...providers.map(buildsOf)],
    [
      'metrics',
      ...providers.map(({ metrics }) =>
        isSupported(metrics) ? metrics.traits.retention : metrics.unsupported,
      ),
    ],
    [
      'events',
      ...providers.map(({ events }) => (isSupported(events) ? eventsOf(events.traits) : events.unsupported)),
    ],
    ['apps list', ...providers.map(({ apps }) => (isSupported(apps) ? 'yes' : apps.unsupported))],
  ];
  return { columns: columnsNamed(head), rows };
}

function buildsOf({ builds }: Provider): string {
  if (!isSupported(builds)) return builds.unsupported;
  const { deployLog } = builds.traits;
  const parts = ['list, show, log, wait', builds.active ? 'active' : 'no active one'];
  return [...parts, deployLog === false ? 'no --deploy' : '--deploy'].join('; ');
}

function eventsOf(traits: Traits): string {
  return `${liveOf(traits)}; ${traits.retention}`;
}

/** A list a platform: the property, then its words, wrapped. */
function platformLists(providers: readonly Provider[], columns: number): string {
  const { rows } = platformTable(providers);
  const width = rows.reduce((most, [name = '']) => Math.max(most, name.length), 0);
  return providers
    .map(({ title }, index) => {
      const lines = rows.flatMap(([name = '', ...values]) => {
        const wrapped = wrap(values[index] ?? '', Math.max(20, columns - width - 4));
        return wrapped.map((line, at) => `  ${(at === 0 ? name : '').padEnd(width)}  ${line}`.trimEnd());
      });
      return `${title}\n${lines.join('\n')}\n`;
    })
    .join('\n');
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** For the README: a row a platform, the few properties that one chooses by. */
export function platformMarkdown(providers: readonly Provider[]): string {
  const head = ['platform', 'target', 'history', 'live', 'times'];
  const rows = providers.map((provider) => {
    const { logs } = provider;
    const names = [provider.name, ...provider.aliases].map((name) => `\`${name}:\``).join(', ');
    if (!isSupported(logs)) return [provider.title, names, logs.unsupported, '', ''];
    const { traits } = logs;
    const kept = [traits.history === 'none' ? 'none' : traits.history, traits.archives]
      .filter(Boolean)
      .join('; ');
    return [provider.title, `${names} ${provider.appForm}`, kept, liveOf(traits), traits.times];
  });
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('');
}

function liveOf({ live }: Traits): string {
  return live.kind === 'poll' ? `poll every ${(live.everyMillis ?? 0) / 1000} s` : live.kind;
}

function describe(provider: Provider) {
  const { name, aliases, title, appForm, logs, apps, builds, metrics, events } = provider;
  return {
    name,
    aliases,
    title,
    app: appForm,
    logs: isSupported(logs) ? { traits: logs.traits, flags: logs.flags, sources: logs.sourceNames } : logs,
    apps: isSupported(apps) ? {} : apps,
    builds: isSupported(builds) ? { traits: builds.traits, active: builds.active !== undefined } : builds,
    metrics: isSupported(metrics) ? { traits: metrics.traits } : metrics,
    events: isSupported(events) ? { traits: events.traits, states: events.states } : events,
  };
}
