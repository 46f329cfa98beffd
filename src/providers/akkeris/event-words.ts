// What an audited action means: its kind, its dyno type and one line for people. Knows no record and no secret: payloads
// come masked.
import { type Fields, fieldsOf, listOf, textOf } from '../../transport/json-fields.ts';

export interface Told {
  readonly kind: string;
  /** Dyno type. */
  readonly component: string | null;
  readonly message: string;
}

type Teller = (payload: Fields) => Omit<Told, 'kind'>;

interface Action {
  readonly kind: string;
  readonly tell: Teller;
}

export function tellAction(action: string, payload: Fields): Told {
  const known = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
  const { kind, tell } = known ?? { kind: 'other', tell: changeOf(wordsOf(action)) };
  const { component, message } = tell(payload);
  return { kind, component, message: oneLine(message) };
}

/** All that the audits know (wire: Akkeris 5). */
const ACTIONS: Readonly<Record<string, Action>> = {
  build: { kind: 'deploy', tell: buildWords },
  release: { kind: 'release', tell: releaseWords },
  released: { kind: 'deploy', tell: releasedWords },
  'preview-released': { kind: 'deploy', tell: releasedWords },
  preview: {
    kind: 'deploy',
    tell: ({ preview }) => whole(`preview app made${behind(nameIn(preview, 'app'))}`),
  },
  pipeline_promotion: { kind: 'deploy', tell: promotionWords },
  formation_change: { kind: 'scale', tell: formationWords },
  config_change: { kind: 'config', tell: configWords },
  crashed: { kind: 'crash', tell: crashWords },
  addon_change: { kind: 'config', tell: changeOf('add-on') },
  logdrain_change: { kind: 'config', tell: changeOf('log drain') },
  feature_change: { kind: 'config', tell: changeOf('feature') },
  filter_attachment: { kind: 'config', tell: () => whole('filter attached') },
  filter_attachment_update: { kind: 'config', tell: () => whole('filter attachment changed') },
  filter_detachment: { kind: 'config', tell: () => whole('filter detached') },
  'dyno-attachment': { kind: 'access', tell: () => whole('a terminal was attached to a dyno') },
  created: { kind: 'other', tell: () => whole('app created') },
  updated: { kind: 'config', tell: updatedWords },
  destroy: { kind: 'other', tell: () => whole('app destroyed') },
  security_scan: { kind: 'other', tell: ({ status }) => whole(`security scan${behind(textOf(status))}`) },
};

const RESULTS: Readonly<Record<string, string>> = {
  queued: 'queued',
  pending: 'began',
  succeeded: 'succeeded',
  failed: 'failed',
};

function buildWords({ build }: Fields): Omit<Told, 'kind'> {
  const fields = fieldsOf(build) ?? {};
  const commit = textOf(fields.commit)?.slice(0, 8) ?? null;
  const source = [textOf(fields.branch), commit].filter((part) => part !== null).join('@');
  const id = textOf(fields.id);
  const what = source === '' ? (id === null ? '' : ` ${id.slice(0, 8)}`) : ` of ${source}`;
  return whole(`build${what} ${resultWord(fields.result)}`);
}

function releaseWords({ release }: Fields): Omit<Told, 'kind'> {
  const fields = fieldsOf(release) ?? {};
  const result = resultWord(fields.result ?? fields.status);
  return whole(`release${versionOf(fields)} ${result}${behind(textOf(fields.description))}`);
}

/** Comes once for each dyno type, when its new dynos serve. */
function releasedWords({ release, dyno }: Fields): Omit<Told, 'kind'> {
  const component = textOf(fieldsOf(dyno)?.type);
  const of = component === null ? '' : ` of ${component}`;
  return { component, message: `release${versionOf(fieldsOf(release) ?? {})}${of} is live` };
}

function promotionWords({ promoted_from: from, release }: Fields): Omit<Told, 'kind'> {
  const app = nameIn(from, 'app');
  const space = nameIn(from, 'space');
  const source = [app, space].filter((part) => part !== null).join('-');
  const description = textOf(fieldsOf(release)?.description);
  return whole(source === '' ? `promoted${behind(description)}` : `promoted from ${source}`);
}

function formationWords(payload: Fields): Omit<Told, 'kind'> {
  const changes = listOf(payload.changes);
  const words = changes.map((change) => {
    const type = textOf(change.type) ?? 'dynos';
    const size = textOf(change.size);
    const quantity = typeof change.quantity === 'number' ? change.quantity : null;
    const facts = [
      quantity === null ? null : `${quantity} ${quantity === 1 ? 'dyno' : 'dynos'}`,
      size === null ? null : `size ${size}`,
      textOf(change.command) === null ? null : 'command',
    ].filter((fact) => fact !== null);
    return facts.length === 0 ? type : `${type}: ${facts.join(', ')}`;
  });
  const types = new Set(changes.map(({ type }) => textOf(type)));
  const [only = null] = types;
  const verb = changeWord(payload.change);
  const what = words.length === 0 ? `formation ${verb}` : words.join('; ');
  return {
    component: types.size === 1 ? only : null,
    message: payload.change === 'delete' ? `removed ${what}` : what,
  };
}

/** Names alone: what a setting is set to is nobody's business here. */
function configWords({ changes }: Fields): Omit<Told, 'kind'> {
  const named = listOf(changes);
  const ofType = (type: string | null) =>
    named.filter((change) => textOf(change.type) === type).flatMap(({ name }) => textOf(name) ?? []);
  const groups = [
    ['set', [...ofType('create'), ...ofType('update'), ...ofType(null)]],
    ['unset', ofType('delete')],
  ] as const;
  const words = groups
    .filter(([, names]) => names.length > 0)
    .map(([verb, names]) => `${verb} ${few(names)}`);
  return whole(words.length === 0 ? 'settings changed' : words.join('; '));
}

function crashWords({ dynos, code, description, restarts }: Fields): Omit<Told, 'kind'> {
  const affected = listOf(dynos);
  const types = [...new Set(affected.flatMap(({ type }) => textOf(type) ?? []))];
  const reason = [textOf(code), textOf(description)].filter((part) => part !== null).join(' ');
  const count = typeof restarts === 'number' && restarts > 0 ? ` (restarts: ${restarts})` : '';
  return {
    component: types.length === 1 ? (types[0] ?? null) : null,
    message: `${types.length === 0 ? 'app' : few(types)} crashed${behind(reason === '' ? null : reason)}${count}`,
  };
}

/** `log drain added`, `feature auto-release changed` */
function changeOf(subject: string): Teller {
  return ({ change, changes }) => {
    const names = listOf(changes).flatMap((one) => textOf(one.name) ?? nameIn(one, 'addon_service') ?? []);
    const verb = change === undefined && names.length === 0 ? '' : ` ${changeWord(change)}`;
    return whole(`${subject}${names.length === 0 ? '' : ` ${few(names)}`}${verb}`);
  };
}

function changeWord(change: unknown): string {
  if (change === 'create') return 'added';
  return change === 'delete' ? 'removed' : 'changed';
}

/** The app holds only what was changed of it. */
function updatedWords({ app }: Fields): Omit<Told, 'kind'> {
  const { maintenance } = fieldsOf(app) ?? {};
  if (typeof maintenance === 'boolean') return whole(`maintenance mode ${maintenance ? 'on' : 'off'}`);
  return whole('app settings changed');
}

function whole(message: string): Omit<Told, 'kind'> {
  return { component: null, message };
}

function behind(text: string | null): string {
  return text === null ? '' : `: ${text}`;
}

function nameIn(value: unknown, key: string): string | null {
  return textOf(fieldsOf(fieldsOf(value)?.[key])?.name);
}

function versionOf({ version }: Fields): string {
  return typeof version === 'number' || textOf(version) !== null ? ` v${version}` : '';
}

function resultWord(result: unknown): string {
  const word = textOf(result) ?? 'unknown';
  return Object.hasOwn(RESULTS, word) ? (RESULTS[word] ?? word) : word;
}

const FEW = 10;

function few(names: readonly string[]): string {
  return `${names.slice(0, FEW).join(', ')}${names.length > FEW ? ', …' : ''}`;
}

function wordsOf(action: string): string {
  return action.replace(/[_-]+/g, ' ').trim() || 'an action without a name';
}

const LONGEST = 500;

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}
