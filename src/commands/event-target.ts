// What `events list` and `events tail` begin with: targets, filters, one source of events each.
import type { Connected, Context, GlobalOptions } from '../context.ts';
import { CliError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { Instant, PlatformEvent } from '../model.ts';
import type { LogTarget } from '../output/log-item.ts';
import { type EventsCapability, isSupported, type Source } from '../provider.ts';
import type { ResolvedTarget } from '../target.ts';
import { countFlag, timeFlag, zoneFlag } from './flag-values.ts';

export interface EventFlags extends GlobalOptions {
  readonly app?: readonly string[];
  readonly lines?: string;
  readonly all?: boolean;
  readonly since?: string;
  readonly type?: readonly string[];
  readonly user?: readonly string[];
  readonly timezone?: string;
  readonly timeout?: string;
  readonly heartbeat?: string;
  readonly output?: string;
  readonly json?: boolean;
  readonly columns?: string;
}

export interface EventCommand {
  readonly host: Host;
  readonly targets: readonly string[];
  readonly options: EventFlags;
}

export interface EventPlace {
  readonly connected: Connected;
  readonly target: ResolvedTarget;
  readonly shown: LogTarget;
  readonly events: EventsCapability<unknown>;
  readonly label: string;
}

export interface EventQuery {
  readonly lines: number | 'all';
  readonly since: Instant | null;
  readonly types: readonly string[];
  readonly users: readonly string[];
  readonly zone: string;
}

/** As records and sentences name it. */
export function shownEvents({ entry, profile, ref }: ResolvedTarget): LogTarget {
  return { provider: entry.name, profile, app: ref.app };
}

export async function eventPlace(context: Context, target: ResolvedTarget): Promise<EventPlace> {
  const connected = await context.connect(target.entry);
  const { events, title } = connected.provider;
  if (!isSupported(events)) {
    throw new CliError('usage', `${title} has no events. ${events.unsupported}`);
  }
  const shown = shownEvents(target);
  const { app, component } = target.ref;
  const part = component === null ? '' : `/${component}`;
  const label = app === '' ? target.profile : `${target.profile}:${app}${part}`;
  return { connected, target, shown, events, label };
}

const USUAL = 20;

export function parseEventQuery(options: EventFlags, now: number): EventQuery {
  const zone = zoneFlag(options.timezone) ?? 'local';
  const since = timeFlag('since', options.since, { now, zone });
  const { lines: text, all } = options;
  return {
    lines: countFlag({ text, all, usual: since ? 'all' : USUAL, what: 'events' }),
    since,
    types: (options.type ?? []).flatMap((list) => list.split(',')),
    users: (options.user ?? []).flatMap((list) => list.split(',')),
    zone,
  };
}

export function openEvents(
  place: EventPlace,
  { types, users }: EventQuery,
  signal: AbortSignal,
): Promise<Source<PlatformEvent>> {
  const { events, connected, target } = place;
  return events.open(connected.client, target.ref, { types, users }, signal);
}

export function createEventFilter(
  { target }: EventPlace,
  { types, users }: EventQuery,
): (event: PlatformEvent) => boolean {
  const kinds = types.map((type) => type.toLowerCase());
  const { component } = target.ref;
  return (event) =>
    (kinds.length === 0 ||
      kinds.includes(event.kind.toLowerCase()) ||
      kinds.includes(event.nativeKind.toLowerCase())) &&
    (users.length === 0 || (event.user !== null && users.includes(event.user))) &&
    (component === null ||
      event.component === null ||
      event.component === component ||
      event.component.startsWith(`${component}-`));
}
