// One message of the station's event list: taken apart and put into words. Pure; knows no request and no order.
import { instantFromMillis, type PlatformEvent } from '../../model.ts';
import { isObject } from './reply.ts';

/** `Category:User:JSON` at first, `Category:User:Timestamp:JSON` since; colons in the JSON are common (wire: 3.3). */
const PARTS = /^([^:]*):([^:]*):(?:(\d{1,12}):)?([\s\S]*)$/;
/** A longer message is shown cut. */
const LONGEST_MESSAGE = 4000;

export interface StationEvent {
  readonly event: PlatformEvent;
  /** The container that it is about; null when it is about none. */
  readonly subject: Subject | null;
}

export interface Subject {
  /** docker, lxc, lxd; null when not told. */
  readonly type: string | null;
  /** null: Docker no longer knew it (wire: Container Station 3.4). */
  readonly name: string | null;
  readonly id: string | null;
}

/**
 * Whatever stands there becomes an event: what cannot be read is shown as it came. `nameOf` knows containers by their
 * ids, for events that come without the name.
 */
export function readEvent(message: string, nameOf: (id: string) => string | null = () => null): StationEvent {
  const [, category = '', user = '', seconds, json = ''] = PARTS.exec(message) ?? [];
  const payload = parsed(json);
  if (!payload) return { event: unreadable(message), subject: null };
  const id = category === 'container' && payload.container === null ? word(payload, 'id') : '';
  const named = id === '' ? payload : { ...payload, container: nameOf(id) };
  const subject = subjectOf(category, named);
  const event: PlatformEvent = {
    ts: seconds === undefined ? null : instantFromMillis(Number(seconds) * 1000, 0),
    id: null,
    kind: kindOf(category, payload),
    nativeKind: category,
    component: subject ? (subject.name ?? shortId(subject)) : null,
    user: user === '' ? null : user,
    message: oneLine(wordsOf(category, named, json)),
    fields: payload,
  };
  return { event, subject };
}

function parsed(json: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(json);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function unreadable(message: string): PlatformEvent {
  const [, category = '', user = '', seconds] = PARTS.exec(message) ?? [];
  return {
    ts: seconds === undefined ? null : instantFromMillis(Number(seconds) * 1000, 0),
    id: null,
    kind: 'other',
    nativeKind: category,
    component: null,
    user: user === '' ? null : user,
    message: oneLine(message),
    fields: null,
  };
}

function oneLine(text: string): string {
  const line = text.replace(/\s*[\r\n]+\s*/g, ' ');
  return line.length > LONGEST_MESSAGE ? `${line.slice(0, LONGEST_MESSAGE)}…` : line;
}

type Payload = Readonly<Record<string, unknown>>;

/** The word of a payload; '' when it holds none. */
function word(payload: Payload, key: string): string {
  const value = payload[key];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** Kinds of background tasks whose name is a container's. */
const CONTAINER_TASK = /^(create|container_\w+)$/;

function subjectOf(category: string, payload: Payload): Subject | null {
  const type = word(payload, 'type') || null;
  const name = word(payload, 'container') || null;
  if (category === 'container') return { type, name, id: word(payload, 'id') || null };
  const cid = word(payload, 'cid') || null;
  if (category === 'export') return { type, name: name ?? cid, id: cid };
  // There the new container's name is the id.
  if (category === 'import') return { type, name: cid, id: null };
  const isTask = category === 'background' && CONTAINER_TASK.test(word(payload, 'category'));
  return isTask && name !== null ? { type: null, name, id: null } : null;
}

/** As Docker shows it. */
function shortId({ id }: Subject): string | null {
  return id === null ? null : id.slice(0, 12);
}

const CONTAINER_KINDS: Readonly<Record<string, string>> = {
  create: 'deploy',
  destroy: 'deploy',
  start: 'restart',
  stop: 'restart',
  restart: 'restart',
  pause: 'restart',
  unpause: 'restart',
  kill: 'restart',
  // Every stop dies first, so that this is no crash by itself; no exit code comes with it (wire: 3.4).
  die: 'restart',
  oom: 'crash',
  connect: 'config',
  disconnect: 'config',
};

const KINDS: Readonly<Record<string, string>> = {
  image: 'image',
  export: 'export',
  import: 'import',
  background: 'task',
};

function kindOf(category: string, payload: Payload): string {
  if (category !== 'container')
    return Object.hasOwn(KINDS, category) ? (KINDS[category] ?? 'other') : 'other';
  if (!('state' in payload) && 'port' in payload) return 'config';
  const state = word(payload, 'state');
  return Object.hasOwn(CONTAINER_KINDS, state) ? (CONTAINER_KINDS[state] ?? 'other') : 'other';
}

function wordsOf(category: string, payload: Payload, json: string): string {
  switch (category) {
    case 'container':
      return containerWords(payload);
    case 'image':
      return imageWords(payload);
    case 'export':
    case 'import':
      return transferWords(category, payload);
    case 'background':
      return taskWords(payload);
    default:
      return `${category === '' ? 'event' : category}: ${json}`;
  }
}

const CONTAINER_WORDS: Readonly<Record<string, string>> = {
  create: 'created',
  start: 'started',
  stop: 'stopped',
  restart: 'restarted',
  destroy: 'destroyed',
  pause: 'paused',
  unpause: 'unpaused',
  kill: 'killed',
  die: 'exited',
  oom: 'ran out of memory',
  connect: 'connected to a network',
  disconnect: 'disconnected from a network',
};

function containerWords(payload: Payload): string {
  const subject = containerName(payload);
  const state = word(payload, 'state');
  const port = word(payload, 'port');
  if (state === '' && port !== '') {
    return `${subject}: port ${port === 'add' ? 'added' : port === 'remove' ? 'removed' : port}`;
  }
  if (state === '') return `${subject} changed`;
  return Object.hasOwn(CONTAINER_WORDS, state)
    ? `${subject} ${CONTAINER_WORDS[state]}`
    : `${subject}: ${state}`;
}

/** `container docker/web`; without a name its id, without both `a docker container`. */
function containerName(payload: Payload): string {
  const type = word(payload, 'type');
  const name = word(payload, 'container') || word(payload, 'id').slice(0, 12);
  if (name === '') return `a ${type === '' ? '' : `${type} `}container`;
  return `container ${type === '' ? '' : `${type}/`}${name}`;
}

function imageWords(payload: Payload): string {
  const action = word(payload, 'action');
  const type = word(payload, 'type');
  const name = word(payload, 'name');
  const tag = word(payload, 'tag');
  const image = `${type === '' ? '' : `${type} `}image${name === '' ? '' : ` ${name}${tag === '' ? '' : `:${tag}`}`}`;
  // Three names for it, by generation and action.
  const from = word(payload, 'repository') || word(payload, 'category') || word(payload, 'from');
  const state = word(payload, 'state');
  if (action === 'download') {
    return `${image} ${outcome(state, 'downloaded', 'download')}${from === '' ? '' : ` from ${from}`}`;
  }
  if (action === 'delete') return `${image} ${outcome(state, 'deleted', 'delete')}`;
  if (action !== 'update') return `${image}: ${[action, state].filter(Boolean).join(' ') || 'changed'}`;
  const list = `${type === '' ? '' : `${type} `}images${from === '' ? '' : ` (${from})`} updated`;
  const what = [state, word(payload, 'id')].filter(Boolean).join(' ');
  return what === '' ? list : `${list}: ${what}`;
}

function outcome(state: string, done: string, verb: string): string {
  if (state === 'success') return done;
  if (state === 'error') return `could not be ${done}`;
  return state === '' ? done : `${verb} ${state}`;
}

function transferWords(category: 'export' | 'import', payload: Payload): string {
  const type = word(payload, 'type');
  const name = word(payload, 'container') || word(payload, 'cid');
  const path = word(payload, 'path');
  const where = path === '' ? '' : ` ${category === 'export' ? 'to' : 'from'} ${path}`;
  const compressed = payload.compress === true ? ', compressed' : '';
  const subject = `container ${type === '' ? '' : `${type}/`}${name}`.trimEnd();
  return `${category} of ${subject}${where}${compressed}${stateWords(payload)}`;
}

function taskWords(payload: Payload): string {
  const tid = word(payload, 'tid');
  const of = [word(payload, 'category'), word(payload, 'container')].filter(Boolean).join(', ');
  return `task${tid === '' ? '' : ` ${tid}`}${of === '' ? '' : ` (${of})`}${stateWords(payload)}`;
}

/** `: completed`, `: completed with result -2`. */
function stateWords(payload: Payload): string {
  const state = word(payload, 'state');
  const result = word(payload, 'result');
  const failed = result === '' || result === '0' ? '' : ` with result ${result}`;
  return state === '' && failed === '' ? '' : `: ${state}${failed}`.replace(':  ', ': ');
}
