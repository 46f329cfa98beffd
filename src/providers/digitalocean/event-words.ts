// One event in our words: when, what, in which phase. Knows no request and no other events.
import type { Instant, PlatformEvent } from '../../model.ts';
import { type Fields, fieldsOf, textOf } from '../../transport/json-fields.ts';
import { harmless } from '../../transport/refusals.ts';
import { buildOf } from './deployments.ts';
import type { Subject } from './refusal.ts';
import { instantOf, numberOf } from './times.ts';

/** An event as it was seen in one look at the list. */
export interface Sighting {
  /** The event's id; of one without an id what else tells it apart. */
  readonly key: string;
  /** null where the platform says none. */
  readonly phase: string | null;
  readonly ts: Instant | null;
  readonly fields: Fields;
}

export function sightingOf(fields: Fields): Sighting {
  const ts = instantOf(fields.created_at);
  return { key: idOf(fields) ?? traitsOf(fields), phase: phaseOf(fields), ts, fields };
}

/** For a DEPLOYMENT its id is the deployment's (wire: DigitalOcean 5). */
function idOf(fields: Fields): string | null {
  return textOf(fields.id) ?? textOf(fields.deployment_id);
}

function traitsOf(fields: Fields): string {
  const components = Object.keys(fieldsOf(fieldsOf(fields.autoscaling)?.components) ?? {});
  return JSON.stringify([fields.type, fields.created_at, components]).slice(0, 500);
}

function phaseOf({ deployment, autoscaling }: Fields): string | null {
  return textOf(fieldsOf(deployment)?.phase) ?? textOf(fieldsOf(autoscaling)?.phase);
}

export interface Wording {
  /** The only component of interest; null for all. */
  readonly component: string | null;
  /** The phase in which it was shown before; null when it was not. */
  readonly former: string | null;
  readonly subject: Subject;
}

/** null for one that is about other components than the one of interest. */
export function eventOf(sighting: Sighting, wording: Wording): PlatformEvent | null {
  const { fields, ts } = sighting;
  const event = { ts, id: idOf(fields), nativeKind: textOf(fields.type) ?? 'UNKNOWN' };
  const phase = phaseText(sighting, wording);
  const common = {
    phase: sighting.phase,
    ...(wording.former !== null && { former_phase: wording.former }),
    deployment: textOf(fields.deployment_id),
  };
  if (fieldsOf(fields.autoscaling) !== null) {
    const scaling = scalingOf(fields, wording.component);
    if (scaling === null) return null;
    const log = event.id === null ? {} : { log: `logs show --event-id ${event.id}` };
    return {
      ...event,
      kind: 'scale',
      component: scaling.component,
      user: null,
      message: [scaling.words, phase].filter((part) => part !== '').join(' ') || 'autoscaling',
      fields: { ...common, components: scaling.components, ...log },
    };
  }
  if (event.nativeKind === 'DEPLOYMENT' || fieldsOf(fields.deployment) !== null) {
    const made = deploymentOf(fields, wording.subject);
    const said = made.words === '' ? 'deployment' : made.words;
    const message = phase === '' ? said : `${phase}: ${said}`;
    const { user } = made;
    return {
      ...event,
      kind: 'deploy',
      component: null,
      user,
      message,
      fields: { ...common, ...made.fields },
    };
  }
  const kind = event.nativeKind === 'AUTOSCALING' ? 'scale' : 'other';
  const message = `${event.nativeKind.toLowerCase()}${phase === '' ? '' : ` ${phase}`}`;
  return { ...event, kind, component: null, user: null, message, fields: common };
}

/** `ACTIVE`, `DEPLOYING → ACTIVE`; '' without a phase. */
function phaseText({ phase }: Sighting, { former }: Wording): string {
  if (phase === null) return '';
  return former === null ? phase : `${former} → ${phase}`;
}

interface Scaling {
  readonly component: string | null;
  readonly words: string;
  readonly components: Readonly<Record<string, unknown>>;
}

/** `web 1→3 (cpu)`; a number that is left out is 0, as the platform's language writes it (wire: DigitalOcean 5). */
function scalingOf({ autoscaling }: Fields, wanted: string | null): Scaling | null {
  const all = Object.entries(fieldsOf(fieldsOf(autoscaling)?.components) ?? {});
  const changes = all.map(([name, value]) => {
    const change = fieldsOf(value) ?? {};
    const metric = textOf(change.triggering_metric);
    return { name, from: numberOf(change.from) ?? 0, to: numberOf(change.to) ?? 0, metric };
  });
  if (wanted !== null && all.length > 0 && !changes.some(({ name }) => isOf(name, wanted))) return null;
  const words = changes.map(
    ({ name, from, to, metric }) => `${name} ${from}→${to}${metric === null ? '' : ` (${metric})`}`,
  );
  const [only, ...more] = changes;
  return {
    component: more.length === 0 ? (only?.name ?? null) : null,
    words: words.join(', '),
    components: Object.fromEntries(changes.map(({ name, ...change }) => [name, change])),
  };
}

/** Whether what was asked for is that component or one of its instances. */
function isOf(component: string, wanted: string): boolean {
  return wanted === component || wanted.startsWith(`${component}-`);
}

interface Made {
  readonly words: string;
  readonly user: string | null;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Of the whole deployment only what tells why and how it went: its specification may hold secrets. */
function deploymentOf(fields: Fields, subject: Subject): Made {
  const deployment = fieldsOf(fields.deployment);
  const id = textOf(deployment?.id) ?? idOf(fields);
  if (deployment === null || id === null) return { words: '', user: null, fields: {} };
  const build = buildOf({ ...deployment, id }, subject);
  const words = [build.cause, build.reason].flatMap((part) => (part === null ? [] : (harmless(part) ?? [])));
  return {
    words: words.join('; '),
    user: build.user,
    fields: {
      deployment: id,
      cause: build.cause,
      cause_type: build.kind,
      commit: build.commit,
      progress: build.progress,
      reason: build.reason,
      phase_since: textOf(deployment.phase_last_updated_at),
      log: `builds log ${id}`,
    },
  };
}

/** Equal only for the same event in the same phase. */
export function keyOfEvent({ id, ts, nativeKind, message, fields }: PlatformEvent): string {
  return JSON.stringify([id ?? [nativeKind, ts, message], fields?.phase ?? null]);
}

/** The state that an event says was reached; null where it says none. */
export function stateOfEvent({ kind, fields }: PlatformEvent): string | null {
  const phase = textOf(fields?.phase);
  if (phase === null) return null;
  if (kind === 'scale') return phase === 'SUCCEEDED' ? 'scaled' : null;
  if (kind !== 'deploy') return null;
  // It was active before another one succeeded it.
  if (phase === 'ACTIVE' || (phase === 'SUPERSEDED' && fields?.progress === 100)) return 'deployed';
  return phase === 'ERROR' ? 'failed' : phase.toLowerCase();
}
