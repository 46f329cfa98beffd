// The texts of `help TOPIC`: pure functions from the platforms' declarations and the program's own tables to text.
import { type ErrorKind, EXIT_CODES } from '../errors.ts';
import { LOG_SOURCES } from '../model.ts';
import { COMMON_KEYS, RECORD_KEYS, type RecordType } from '../output/records.ts';
import { isSupported, type Provider, type SettingDeclaration, type Traits } from '../provider.ts';
import { definitions, entries, page, paragraph, section } from './help-layout.ts';

export function exitCodesHelp(): string {
  const rows = [...new Set(Object.values(EXIT_CODES))].flatMap((code): [string, string][] => {
    const kinds = (Object.keys(EXIT_CODES) as ErrorKind[]).filter((kind) => EXIT_CODES[kind] === code);
    const meanings = kinds.map((kind) => MEANINGS[kind]).filter((meaning) => meaning !== null);
    return meanings.length > 0 ? [[String(code), meanings.join('; ')]] : [];
  });
  return page(
    section(
      'Exit codes',
      definitions([
        ['0', 'done: the condition was met, or the reader of our pipe closed it'],
        ...rows,
        ['130', 'interrupted by Ctrl-C; 143 by SIGTERM, 129 by SIGHUP'],
      ]),
    ),
    paragraph(
      'When one of several targets fails, the others go on; the exit code is that of the first failing target in the order given.',
    ),
    paragraph('The sandbox ends with the exit code of the command that it ran.'),
  );
}

/** null: no command ends so yet. */
const MEANINGS: Readonly<Record<ErrorKind, string | null>> = {
  failed:
    'the build failed or was cancelled, the state cannot come, --fail-on matched, or --until-match never did',
  usage: 'wrong usage, an unknown platform or profile too, or the platform cannot do what is asked',
  empty: 'nothing found, with --exit-on-empty',
  auth: 'not logged in, or not allowed',
  'not-found': 'no such app, component, build or source',
  unavailable: 'the platform is unreachable, rate-limited or broken, after the retries',
  platform: 'its answer has a form that polylog does not know',
  incomplete: null,
  running: 'the build still runs (builds log without -f)',
  defect: 'a defect in polylog',
  timeout: '--timeout has passed',
};

export function outputHelp(): string {
  const records = (Object.keys(SHOWN_RECORDS) as (keyof typeof SHOWN_RECORDS)[]).map(
    (type): [string, string] => [type, RECORD_KEYS[type].join(', ')],
  );
  return page(
    paragraph(
      'stdout carries records and nothing else. stderr carries progress, sources that come (+) and go (-), reconnections, gaps, hints and the summary; -q leaves all of that out but errors and gaps.',
    ),
    section('Forms of logs (-o); logs export has ndjson (its default), csv and raw', definitions(LOG_FORMS)),
    section('Forms of lists, such as apps list', definitions(LIST_FORMS)),
    paragraph(
      'Text in a pipe has always the same columns with one space between: RFC 3339 time in UTC (- if unknown), PROFILE:APP with /INSTANCE or else /COMPONENT where known, then the message to the end of the line. On a terminal it is shorter, local and coloured. -t, --timezone and --no-prefix hold for both.',
    ),
    paragraph(
      "Whenever stdout is a terminal, control sequences in a platform's text other than colours are made visible or dropped; --ansi keep asks for the bytes.",
    ),
    paragraph(
      'A line that comes after lines that are later (see --reorder) is marked ~ behind its time on a terminal; its record has late: true, and the summary counts such lines. A cut line has truncated, the bytes that are missing.',
    ),
    section(`Records; all of them begin with ${COMMON_KEYS.join(', ')}`, definitions(records)),
    paragraph(
      'Times are UTC with all the digits that the platform gave, null where it gave none. In ndjson, gap and notice stand among the records, and on stderr too.',
    ),
    paragraph('polylog help output --schema prints the JSON Schema of every record.'),
  );
}

/** Types of records that a command prints today, and no others. */
const SHOWN_RECORDS = {
  log: true,
  build: true,
  event: true,
  metric: true,
  app: true,
  state: true,
  gap: true,
  notice: true,
} satisfies Partial<Record<RecordType, true>>;

const LOG_FORMS: readonly (readonly [string, string])[] = [
  ['text', 'one line per entry (the default)'],
  ['raw', "the platform's own line"],
  ['table', 'aligned columns'],
  ['ndjson', 'one JSON object per line; also --json, -o json'],
  ['csv', 'with a header; --columns LIST chooses among the keys below'],
  ['template=…', "the keys below in a text: -o 'template={{ts}} {{message}}'"],
];

const LIST_FORMS: readonly (readonly [string, string])[] = [
  ['table', 'aligned columns (the default); in a narrow terminal some are left out'],
  ['json', 'one JSON document; also --json'],
  ['ndjson', 'one JSON object per row'],
  ['csv', 'with a header; --columns LIST chooses'],
  ['template=…', 'as above'],
  ['prometheus', 'metrics show alone: the latest sample of each series'],
  ['github', 'builds log alone, as gitlab: groups and annotations of a CI run'],
];

export function targetsHelp(providers: readonly Provider[]): string {
  const forms = providers.map((provider): [string, string] => [
    namesOf(provider, ':'),
    `${provider.title}: ${provider.appForm}`,
  ]);
  return page(
    paragraph('A target is [PROFILE:]APP[/COMPONENT]. Several may be given, of several platforms:'),
    '  polylog logs tail scalingo:shop/web qnap:docker/db',
    section('PROFILE is a platform; APP is named as the platform does', entries(forms)),
    paragraph(
      'Without PROFILE it is that of --profile, then POLYLOG_PROFILE, then the one of polylog profiles use, then the only one that has credentials; otherwise the choices are listed.',
    ),
    paragraph(
      'COMPONENT narrows to a process type, an instance or a component (web, web-1), where the platform has them. -c GLOB does the same for every target of the command.',
    ),
    section(
      'Other ways to name a target',
      definitions([
        ['-a APP', 'in place of a target, as other tools have it'],
        ['POLYLOG_APP', 'the target when none is given'],
        ['@GROUP', 'a group of .polylog.json (in PowerShell in quotes)'],
      ]),
    ),
    paragraph(
      '.polylog.json stands in the working directory or above it, but not above the root of the repository or the home directory. "app" is the target when neither the command nor POLYLOG_APP names one; "apps" names groups. It can hold nothing else:',
    ),
    '  {"app": "scalingo:shop",\n   "apps": {"shop": ["scalingo:shop", "qnap:docker/db"]}}',
  );
}

export function environmentHelp(providers: readonly Provider[]): string {
  return page(
    paragraph(
      'These variables make up the built-in profiles, one a platform. A flag comes first, then the variables in the order given here; an empty one counts as not set.',
    ),
    ...providers.map(environmentOf),
    section('All platforms', definitions(GENERAL_VARIABLES)),
    paragraph(
      'Secrets are best set in the environment of the shell or of the CI job; polylog never prints them.',
    ),
  );
}

/** Variables that belong to no platform. */
export const GENERAL_VARIABLES: readonly (readonly [name: string, purpose: string])[] = [
  ['POLYLOG_PROFILE', 'platform of targets that name none'],
  ['POLYLOG_APP', 'the target when none is given'],
  ['POLYLOG_OUTPUT', 'the form of output when -o is not given'],
  ['POLYLOG_CONFIG_DIR', 'directory of settings, credentials and sessions (polylog config path)'],
  ['POLYLOG_KEYRING', 'off: secrets in a file of mode 0600, never in the system keyring'],
  ['NO_COLOR', 'no colour when set to anything'],
  ['FORCE_COLOR', 'colour in pipes too; 0 for none; stronger than NO_COLOR'],
  ['HTTP_PROXY', 'proxy for http:// and ws:// addresses'],
  ['HTTPS_PROXY', 'proxy for https:// and wss:// addresses'],
  ['NO_PROXY', 'hosts that are reached without a proxy'],
];

function environmentOf(provider: Provider): string {
  const { settings, credentials, title } = provider;
  const rows = settings
    .filter(({ env }) => env.length > 0)
    .map((setting): [string, string] => [
      setting.env.map(({ name, needs }) => (needs ? `${name} (with ${needs})` : name)).join(', '),
      purposeOf(setting),
    ]);
  const ways = credentials.map((names) =>
    names.length === 0
      ? 'nothing where it asks for none'
      : names
          .map((name) => settings.find((setting) => setting.name === name)?.env[0]?.name ?? name)
          .join(' and '),
  );
  return [
    `${title} (${namesOf(provider)}):`,
    entries(rows),
    paragraph(`Credential: ${ways.join(', or ')}.`, 2),
  ].join('\n');
}

function purposeOf({ description, secret, flag, default: usual }: SettingDeclaration): string {
  const remarks = [
    ...(secret ? ['secret'] : []),
    ...(flag === undefined ? [] : [`also --${flag}`]),
    ...(usual === undefined ? [] : [`${usual} when not set`]),
  ];
  return remarks.length > 0 ? `${description} [${remarks.join('; ')}]` : description;
}

export function platformsHelp(providers: readonly Provider[]): string {
  return page(
    paragraph(
      `Sources (-s) are ${LOG_SOURCES.join(', ')}; each platform's own names are mapped to them as shown. The table that compares everything: polylog platforms.`,
    ),
    ...providers.map(platformOf),
  );
}

function platformOf(provider: Provider): string {
  const { title, logs, apps, appForm } = provider;
  const rows: [string, string][] = [['app', appForm]];
  if (isSupported(logs)) {
    rows.push(['sources', logs.sourceNames], ...traitsOf(logs.traits));
    const flags = logs.flags.map(({ name, value }) =>
      value === undefined ? `--${name}` : `--${name} ${value}`,
    );
    if (flags.length > 0) rows.push(['flags', flags.join(', ')]);
  } else {
    rows.push(['logs', logs.unsupported]);
  }
  if (!isSupported(apps)) rows.push(['apps list', apps.unsupported]);
  return section(`${title} (${namesOf(provider)})`, definitions(rows));
}

function traitsOf(traits: Traits): [string, string][] {
  const { live, archives, filters, alive } = traits;
  const everySeconds = live.everyMillis === null ? '' : ` every ${live.everyMillis / 1000} s`;
  const filtered =
    filters.length > 0 ? ['filters there', filters.join('; ')] : ['filters there', 'none, all run here'];
  return [
    ['history', historyOf(traits)],
    ...(archives === null ? [] : ([['archives', archives]] as [string, string][])),
    ['live', `${LIVE[live.kind]}${everySeconds}${joinOf(traits)}`],
    ['times', `${traits.times}, ${traits.ordered ? 'in order' : 'not always in order: put right here'}`],
    filtered as [string, string],
    ['alive', alive.proof],
  ];
}

function joinOf({ history, join }: Traits): string {
  return history === 'none' ? '' : `; joined with the history by ${JOIN[join]}`;
}

function historyOf({ history, retention, maxLines, endless }: Traits): string {
  if (history === 'none') return retention;
  const most = maxLines === null ? '' : `; at most ${maxLines} lines`;
  const end = endless ? '; the platform does not say where it ends' : '';
  return `${HISTORY[history]}; ${retention}${most}${end}`;
}

const HISTORY = {
  exact: 'the newest lines exactly',
  sampled: 'about as many lines as asked for',
  paged: 'by pages',
} as const;

const LIVE = { stream: 'a stream', socket: 'a websocket', poll: 'asked again' } as const;

const JOIN = {
  replay: 'the platform, which repeats it first',
  position: 'its position',
  overlap: 'an overlap without repeats',
} as const;

function namesOf({ name, aliases }: Provider, ending = ''): string {
  return [name, ...aliases].map((known) => known + ending).join(' or ');
}
