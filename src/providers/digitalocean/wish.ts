// Which of DigitalOcean's logs is wanted, from the flags; every contradiction is said here. Asks nothing.
import { CliError } from '../../errors.ts';
import type { LogSource } from '../../model.ts';
import type { LogOptions, PlatformFlag } from '../../provider.ts';
import { parseDuration } from '../../time.ts';
import type { Subject } from './refusal.ts';

export type LogType =
  | 'UNSPECIFIED'
  | 'BUILD'
  | 'DEPLOY'
  | 'RUN'
  | 'RUN_RESTARTED'
  | 'AUTOSCALE_EVENT'
  | 'JOB_INVOCATION';

export interface LogWish {
  readonly type: LogType;
  /** The id of a deployment, or the one that has this role now. */
  readonly deployment: { readonly id: string } | 'active' | 'in-progress';
  /** Whether `active` was asked for or is only the default. */
  readonly explicit: boolean;
  /** The id of a run of a job, or `list`. */
  readonly invocation: string | null;
  readonly event: string | null;
  /** Milliseconds; null = the platform's own default. */
  readonly podConnection: number | null;
}

export const flags: readonly PlatformFlag[] = [
  {
    name: 'deployment',
    value: 'ID',
    description: 'the log of this deployment: an id, active (default, and its successors) or in-progress',
  },
  {
    name: 'type',
    value: 'TYPE',
    description:
      'run (default), build, deploy, run-restarted, autoscale-event, job-invocation or unspecified',
  },
  {
    name: 'pod-connection-timeout',
    value: 'DURATION',
    description: 'how long the platform waits for an instance (3m)',
  },
  {
    name: 'job-invocation',
    value: 'ID',
    description: 'the log of one run of a job; list names the newest ones',
  },
  { name: 'event-id', value: 'ID', description: 'the log of an autoscaling event' },
];

export const sources: readonly LogSource[] = ['app', 'build', 'platform'];

export const sourceNames =
  'RUN, RUN_RESTARTED, JOB_INVOCATION and UNSPECIFIED → app, BUILD and DEPLOY → build, AUTOSCALE_EVENT → platform';

const SOURCES: Readonly<Record<LogType, LogSource>> = {
  UNSPECIFIED: 'app',
  BUILD: 'build',
  DEPLOY: 'build',
  RUN: 'app',
  RUN_RESTARTED: 'app',
  AUTOSCALE_EVENT: 'platform',
  JOB_INVOCATION: 'app',
};

const WORDS: Readonly<Record<LogType, string>> = {
  UNSPECIFIED: 'logs',
  BUILD: 'build logs',
  DEPLOY: 'deploy logs',
  RUN: 'run logs',
  RUN_RESTARTED: 'logs of crashed instances',
  AUTOSCALE_EVENT: 'autoscaling logs',
  JOB_INVOCATION: 'job logs',
};

export function sourceOf(type: LogType): LogSource {
  return SOURCES[type];
}

/** `build logs`. */
export function wordsOfType(type: LogType): string {
  return WORDS[type];
}

/** `the build logs of component "web" of app "shop"`; null: of the whole app. */
export function subjectOf(type: LogType, app: { readonly name: string }, part: string | null): Subject {
  return { what: `the ${wordsOfType(type)} of ${part === null ? '' : `${part} of `}app "${app.name}"` };
}

/** Throws a usage CliError. */
export function parseWish(options: Pick<LogOptions, 'flags'>): LogWish {
  const given = (name: string) => flagOf(options, name);
  const invocation = idOf(given('job-invocation'), 'job-invocation');
  const event = idOf(given('event-id'), 'event-id');
  const deployment = given('deployment');
  if (invocation !== null && event !== null) {
    throw new CliError('usage', '--job-invocation and --event-id name two different logs; give one of them.');
  }
  if (event !== null && deployment !== null) {
    throw new CliError('usage', '--event-id names the log already; leave out --deployment.');
  }
  return {
    type: typeOf(given('type'), { invocation, event }),
    deployment: deploymentWish(deployment),
    explicit: deployment !== null,
    invocation,
    event,
    podConnection: podConnectionOf(given('pod-connection-timeout')),
  };
}

function flagOf({ flags: all }: Pick<LogOptions, 'flags'>, name: string): string | null {
  const value = all[name];
  if (value === undefined || value === false) return null;
  if (typeof value === 'string' && value.trim() !== '') return value.trim();
  throw new CliError('usage', `--${name} needs a value.`);
}

function typeOf(text: string | null, named: { invocation: string | null; event: string | null }): LogType {
  const type = text === null ? null : readType(text);
  if (named.invocation !== null) {
    if (type === null || type === 'JOB_INVOCATION' || type === 'UNSPECIFIED') return 'JOB_INVOCATION';
    throw new CliError('usage', `--job-invocation has no log of the type ${text}; leave out --type.`);
  }
  if (named.event !== null) {
    if (type === null || type === 'AUTOSCALE_EVENT' || type === 'UNSPECIFIED') return 'AUTOSCALE_EVENT';
    throw new CliError('usage', `--event-id has no log of the type ${text}; leave out --type.`);
  }
  if (type === 'JOB_INVOCATION') {
    throw new CliError('usage', '--type job-invocation needs to know which one: add --job-invocation ID.', {
      hint: '--job-invocation list names the newest ones.',
    });
  }
  if (type === 'AUTOSCALE_EVENT') {
    throw new CliError('usage', '--type autoscale-event needs to know which one: add --event-id ID.');
  }
  return type ?? 'RUN';
}

function readType(text: string): LogType {
  const word = text.toUpperCase().replaceAll('-', '_');
  const type = (Object.keys(SOURCES) as LogType[]).find((known) => known === word);
  if (type !== undefined) return type;
  const known = Object.keys(SOURCES).map((name) => name.toLowerCase().replaceAll('_', '-'));
  throw new CliError('usage', `"${text.slice(0, 80)}" is no type of log of DigitalOcean's.`, {
    hint: `It is one of ${known.join(', ')}.`,
  });
}

function deploymentWish(text: string | null): LogWish['deployment'] {
  if (text === null) return 'active';
  const word = text.toLowerCase().replaceAll('_', '-');
  if (word === 'active' || word === 'in-progress') return word;
  return { id: idOf(text, 'deployment') ?? text };
}

function idOf(text: string | null, flag: string): string | null {
  if (text === null || /^[\w-]{1,128}$/.test(text)) return text;
  throw new CliError('usage', `"${text.slice(0, 80)}" is no id for --${flag}.`);
}

/** Milliseconds. */
const LONGEST_WAIT = 3_600_000;

function podConnectionOf(text: string | null): number | null {
  if (text === null) return null;
  const millis = parseDuration(text);
  if (millis !== null && millis > 0 && millis <= LONGEST_WAIT) return millis;
  throw new CliError('usage', `"${text.slice(0, 80)}" is no duration for --pod-connection-timeout.`, {
    hint: 'Write it like 10s or 3m, an hour at most.',
  });
}
