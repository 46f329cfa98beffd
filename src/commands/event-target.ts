// What `events list` and `events tail` begin with: targets, filters, one source of events each.
import { type Connected, type Context, createContext, type GlobalOptions } from '../context.ts';
import { CliError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { Instant, PlatformEvent } from '../model.ts';
import type { LogTarget } from '../output/log-item.ts';
import { type EventsCapability, isSupported, type Source } from '../provider.ts';
import type { ResolvedTarget } from '../target.ts';
import { isZone, parseTime } from '../time.ts';

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

/** Runs the command with everything freed afterwards. */
export async function withEvents(
  { host, options }: Pick<EventCommand, 'host' | 'options'>,
  run: (context: Context) => Promise<number>,
): Promise<number> {
  const context = createContext(host, options);
  try {
    return await run(context);
  } finally {
    await context.close();
  }
}

export async function eventPlace(context: Context, target: ResolvedTarget): Promise<EventPlace> {
  const connected = await context.connect(target.entry);
  const { events, title } = connected.provider;
  if (!events || !isSupported(events)) {
    throw new CliError('usage', `${title} has no events. ${events?.unsupported ?? ''}`.trim());
  }
  const shown = { provider: target.entry.name, profile: target.profile, app: target.ref.app };
  const component = target.ref.component === null ? '' : `/${target.ref.component}`;
  return { connected, target, shown, events, label: `${target.profile}:${target.ref.app}${component}` };
}

const USUAL = 20;

export function parseEventQuery(options: EventFlags, now: number): EventQuery {
  const zone = options.timezone ?? 'local';
  if (!isZone(zone))
    throw new CliError(
      'usage',
      `"${zone}" is no time zone: --timezone takes local, UTC or a name such as Europe/Paris.`,
    );
  const since = options.since === undefined ? null : parseTime(options.since, { now, zone });
  if (options.since !== undefined && !since) {
    throw new CliError(
      'usage',
      `"${options.since}" is no time: --since takes 5m, 2h30m, 14:05, yesterday, 2026-08-22T14:05 or @epoch.`,
    );
  }
  return {
    lines: linesOf(options, since !== null),
    since,
    types: (options.type ?? []).flatMap((list) => list.split(',')),
    users: (options.user ?? []).flatMap((list) => list.split(',')),
    zone,
  };
}

function linesOf({ lines, all }: EventFlags, hasSince: boolean): number | 'all' {
  if (all && lines !== undefined && lines !== 'all')
    throw new CliError('usage', `--all and -n ${lines} contradict each other.`);
  if (all || lines === 'all') return 'all';
  if (lines === undefined) return hasSince ? 'all' : USUAL;
  if (/^\d{1,9}$/.test(lines)) return Number(lines);
  throw new CliError('usage', `"${lines}" is no number of events: -n takes a number from 0 up, or all.`);
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
