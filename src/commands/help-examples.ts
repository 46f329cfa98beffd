// What stands at the end of a command's help: examples, and the exit codes that it may end with. Knows no flag.
import type { Command } from 'commander';
import { definitions, entries, HELP_WIDTH, paragraph, section } from './help-layout.ts';

interface Ending {
  /** Without `polylog` in front. */
  readonly examples: readonly (readonly [command: string, does: string])[];
  /** Beside those of every command. */
  readonly codes?: Codes;
}

/** Added to every command of the tree that has an ending; made only when help is shown. */
export function addExamples(program: Command): void {
  addBelow(program, []);
}

function addBelow(command: Command, path: readonly string[]): void {
  const ending = ENDINGS[path.join(' ')];
  if (ending) command.addHelpText('after', () => `\n${endingText(ending)}`);
  for (const child of command.commands) addBelow(child, [...path, child.name()]);
}

function endingText({ examples, codes = {} }: Ending): string {
  const pairs = examples.map(([command, does]) => [`polylog ${command}`, does] as const);
  const widest = (texts: readonly string[]) => texts.reduce((most, text) => Math.max(most, text.length), 0);
  const width = widest(pairs.map(([command]) => command)) + widest(pairs.map(([, does]) => does));
  // Beside each other where all of them have room, else one below the other.
  const text = width + MARGINS <= HELP_WIDTH ? definitions(pairs) : entries(pairs);
  const all = Object.entries({ ...USUAL, ...codes }).map(([code, meaning]) => `${code} ${meaning}`);
  return `${section('Examples', text)}\n\n${paragraph(`Exit codes: ${all.join(', ')}. All: polylog help exit-codes.`)}`;
}

const MARGINS = 4;

/** By number, as objects keep such keys in order. */
type Codes = Readonly<Record<number, string>>;
const USUAL: Codes = { 0: 'done', 2: 'wrong usage', 4: 'not allowed', 5: 'not found', 6: 'unreachable' };
const STOPPED: Codes = { 124: '--timeout', 130: 'Ctrl-C' };
const READING: Codes = {
  1: '--fail-on matched or --until-match never did',
  3: 'nothing found (--exit-on-empty)',
  ...STOPPED,
};
const GATE: Codes = { 1: 'failed or cancelled', ...STOPPED };

const TAIL: Ending = {
  examples: [
    ['logs tail scalingo:shop', 'the last 100 lines, then live'],
    ['logs tail scalingo:shop do:shop qnap:docker/web', 'several apps, one log'],
    ['logs tail scalingo:shop -c web-1 -l error', 'one instance, errors only'],
    ['logs tail do:shop --until-match listening --fail-on Error', 'wait for one line, fail on another'],
  ],
  codes: READING,
};

const SHOW: Ending = {
  examples: [
    ['logs show scalingo:shop -n 500', 'the last 500 lines'],
    ['logs show scalingo:shop -S 1h -g timeout -H timeout', 'what matches, of the last hour'],
    ['logs show scalingo:shop -s router -l error -S 1h', 'the 5xx of the last hour'],
    ["logs show scalingo:shop -o 'template={{ts}} {{message}}'", 'in a form of your own'],
  ],
  codes: READING,
};

const ENDINGS: Readonly<Record<string, Ending>> = {
  logs: SHOW,
  'logs tail': TAIL,
  'logs show': SHOW,
  'logs export': {
    examples: [
      ['logs export scalingo:shop --to shop.ndjson', 'everything that is kept'],
      ['logs export qnap: -o raw --to log.csv', "the station's own CSV"],
    ],
  },
  'builds list': {
    examples: [
      ['builds list scalingo:shop', 'the newest 20'],
      ['builds list do:shop --status failed -n 5', 'the last five failures'],
      ["builds list do:shop --json | jq -r '.[0].id'", 'the id of the newest'],
    ],
  },
  'builds show': {
    examples: [
      ['builds show do:shop', 'the latest, with its steps'],
      ['builds show do:shop 3b8a99', 'by the beginning of its id'],
    ],
  },
  'builds log': {
    examples: [
      ['builds log scalingo:shop -f --timeout 20m', 'follow; the exit code is the result'],
      ['builds log do:shop --deploy', 'the deploy phase'],
      ['builds log do:shop -f -o github', 'groups and annotations in CI'],
    ],
    codes: { ...GATE, 8: 'still running (without -f)' },
  },
  'builds wait': {
    examples: [
      ['builds wait scalingo:shop --timeout 20m', 'the result of the latest'],
      ['builds wait do:shop --commit 3651ba5', 'also where its build is yet to come'],
    ],
    codes: GATE,
  },
  'metrics show': {
    examples: [
      ['metrics show scalingo:shop', 'the last hour'],
      ['metrics show do:shop --metric cpu_percentage --chart', 'drawn, with the deploys'],
      ['metrics show qnap: --watch', 'again and again'],
      ['metrics show scalingo:shop -o prometheus', 'the latest samples'],
    ],
  },
  'metrics list': { examples: [['metrics list scalingo:shop', 'names, units, resolution']] },
  'events list': {
    examples: [
      ['events list scalingo:shop do:shop', 'the last 20 of each'],
      ['events list scalingo:shop --type deploy -S yesterday', 'deploys since yesterday'],
    ],
  },
  'events tail': {
    examples: [['events tail scalingo:shop qnap:', 'the last ones, then live']],
    codes: STOPPED,
  },
  'events wait': {
    examples: [
      ['events wait do:shop deployed --timeout 10m', 'until a deploy is through'],
      ['events wait qnap:docker/web stopped', 'until a container stands still'],
    ],
    codes: { 1: 'it failed or cannot come', ...STOPPED },
  },
  'apps list': {
    examples: [
      ['apps list', 'of every platform with credentials'],
      ["apps list do --json | jq -r '.[].name'", 'the names alone'],
    ],
  },
  'auth login': {
    examples: [
      ['auth login scalingo', 'asks for the token'],
      ['auth login qnap --url https://nas:443 --profile nas', 'one of several'],
      ['auth login do --token-stdin < token.txt', 'without a question'],
    ],
  },
  'auth status': { examples: [['auth status', 'who we are on each platform']] },
  'auth import': { examples: [['auth import', 'shows what is found, then asks']] },
  'auth logout': { examples: [['auth logout scalingo', 'forget the credential']] },
  'profiles list': { examples: [['profiles list', 'named connections, and the default']] },
  'profiles use': { examples: [['profiles use scalingo', 'targets without PROFILE are there']] },
  'profiles remove': { examples: [['profiles remove nas', 'its credential too']] },
  'config list': { examples: [['config list --origin', 'and where each value comes from']] },
  'config get': { examples: [['config get scalingo.region', 'one value']] },
  'config set': { examples: [['config set app scalingo:shop', 'the target when none is named']] },
  'config unset': { examples: [['config unset app', 'forget it']] },
  'config path': { examples: [['config path', 'where the settings are']] },
  platforms: {
    examples: [
      ['platforms', 'a list or a table, as the window allows'],
      ['platforms --json', 'for programs'],
    ],
  },
  sandbox: {
    examples: [
      ['sandbox', 'a shell in which everything works'],
      ['sandbox -- polylog logs tail scalingo:shop', 'one command'],
    ],
    codes: { 0: 'done, or that of the command' },
  },
};
