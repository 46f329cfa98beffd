// `logs … --explain`: what the platform does itself, what is done here, and how well a stream can be resumed.
import { formatInstant } from '../model.ts';
import { type Narrowing, OF_TARGET, type Traits } from '../provider.ts';
import type { LogRequest } from './log-request.ts';

export interface Explained {
  /** The target, as it is typed. */
  readonly label: string;
  readonly hasComponent: boolean;
  readonly traits: Traits;
  readonly narrowing: readonly Narrowing[];
}

/** Whole lines about one target. */
export function explainText(explained: Explained, request: LogRequest): string {
  const { label, traits } = explained;
  const rows: [string, string][] = [
    ['history', historyText(traits)],
    ['archives', traits.archives ?? 'none'],
    ['retention', traits.retention],
    ['asked for', askedText(request, traits)],
    ['live', liveText(traits)],
    [
      'order',
      traits.ordered ? 'the platform’s' : 'not sure there; put right here within the window of --reorder',
    ],
    ['times', traits.times === 'none' ? 'none: --since and --until choose nothing' : traits.times],
    ['can filter', traits.filters.length > 0 ? traits.filters.join(', ') : 'nothing'],
    ['filtered there', thereText(explained)],
    ['filtered here', hereText(explained, request)],
    ['resuming', resumeText(traits)],
    ['proof of life', aliveText(traits)],
  ];
  return `${label}\n${rows.map(([name, text]) => `  ${name.padEnd(15)} ${text}\n`).join('')}`;
}

function historyText({ history, maxLines, endless }: Traits): string {
  const most = maxLines === null ? '' : `, ${maxLines} lines at most`;
  const kinds: Record<Traits['history'], string> = {
    none: 'none',
    exact: 'the newest lines, exactly',
    sampled: 'about so many lines, of several back ends, out of order',
    paged: 'page by page',
  };
  return `${kinds[history]}${most}${endless ? '; the stream never ends by itself' : ''}`;
}

function askedText({ lines, since, until, follow }: LogRequest, { history }: Traits): string {
  const parts = [lines === 'all' ? 'everything' : `${lines} lines that pass`];
  if (since) parts.push(`since ${formatInstant(since)}`);
  if (until) parts.push(`until ${formatInstant(until)}`);
  if (lines !== 'all' && history !== 'none') parts.push('in growing amounts until enough pass');
  if (follow) parts.push('then live');
  return parts.join(', ');
}

function liveText({ live, join }: Traits): string {
  const how = live.kind === 'poll' ? `asked every ${(live.everyMillis ?? 0) / 1000} s` : live.kind;
  const joins: Record<Traits['join'], string> = {
    replay: 'the stream replays the past first',
    position: 'goes on after the last position of the history',
    overlap: 'opened first and held, then the history is fetched and repeats are dropped',
  };
  return `${how}; ${joins[join]}`;
}

function thereText({ narrowing }: Explained): string {
  const filters = narrowing.flatMap(({ filter, asked }) => (asked === null ? [] : [`${filter} (${asked})`]));
  return filters.length > 0 ? filters.join(', ') : 'nothing of what is asked for';
}

/** Every filter but the number of lines is applied here, whatever the platform has made of it. */
function hereText({ narrowing, traits, hasComponent }: Explained, request: LogRequest): string {
  const { filter, ends, since, until } = request;
  const hasTimes = traits.times !== 'none';
  const names = [
    hasComponent && OF_TARGET,
    since && hasTimes && '--since',
    until && hasTimes && '--until',
    filter.grep.length > 0 && '--grep',
    filter.exclude.length > 0 && '--exclude',
    filter.level && '--level',
    filter.components.length > 0 && '--component',
    filter.sources.length > 0 && '--source',
    ends.untilMatch && '--until-match',
    ends.failOn && '--fail-on',
    ...narrowing.map(({ filter: name, asked }) => asked === null && name),
  ].filter((name) => typeof name === 'string');
  const there = narrowing.flatMap(({ filter: name, asked }) => (asked === null ? [] : [name]));
  const [again, alone] = [
    names.filter((name) => there.includes(name)),
    names.filter((name) => !there.includes(name)),
  ];
  const parts = [alone.join(', '), again.length > 0 ? `once more ${again.join(', ')}` : ''];
  return parts.filter((part) => part !== '').join('; ') || 'nothing';
}

function resumeText({ join, history, ids }: Traits): string {
  if (history === 'none') return 'a new stream; what was written in between is gone, and said';
  if (join === 'position') return ids ? 'exactly, by id' : 'by the last lines read; a hole is said';
  if (history === 'sampled')
    return 'the past is asked for until it holds what was shown; still called possibly incomplete';
  return 'the past is asked for back to the last line shown; a hole is said';
}

function aliveText({ alive }: Traits): string {
  return alive.silenceMillis === 0
    ? alive.proof
    : `${alive.proof}; connected again after ${alive.silenceMillis / 1000} s without it`;
}
