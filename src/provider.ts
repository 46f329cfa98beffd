// THE SEAM: what a platform offers to the rest of polylog. Knows no platform, no network, no command line.
import type {
  App,
  Build,
  Instant,
  Level,
  LogEntry,
  LogSource,
  Lot,
  MetricKind,
  MetricSeries,
  Notice,
  PlatformEvent,
  PlatformState,
} from './model.ts';
import type { Network } from './transport/network.ts';

/** The adapter's own mark of how far it has read; opaque to all others, survives JSON. */
export type Position =
  | string
  | number
  | boolean
  | null
  | readonly Position[]
  | { readonly [key: string]: Position };

/** What one step of a source brings. An empty batch is a sign of life: connected, a ping, a poll that found nothing. */
export interface Batch<T> extends Lot<T> {
  /** Where to go on after these items; absent where the platform has no such mark. */
  readonly position?: Position;
  /** Items that the platform or the adapter itself left out before these. */
  readonly missing?: { readonly count: number | null; readonly reason: string; readonly certain: boolean };
  /** The last item broke off with the connection: its end is missing. */
  readonly cut?: true;
  readonly notices?: readonly Notice[];
  /** How far a long reading of the past has come, where that is known. */
  readonly progress?: Progress;
}

export interface Progress {
  readonly done: number;
  /** null when nobody knows how much there is. */
  readonly total: number | null;
  readonly unit: 'bytes' | 'lines' | 'archives';
}

export interface HistoryQuery {
  /** The newest so many; `all` = whatever the platform keeps, archives included. */
  readonly lines: number | 'all';
  /** Inclusive. More may be handed back than asked for. */
  readonly since: Instant | null;
  /** Exclusive. */
  readonly until: Instant | null;
}

/** A filter that a platform can apply. */
export interface Narrowing {
  /** As the user gave it: a long flag, or OF_TARGET. */
  readonly filter: string;
  /** As the platform is asked for it (`filter=web`); null where the adapter has to apply it after all. */
  readonly asked: string | null;
}

/** The filter that stands in a target. */
export const OF_TARGET = 'the component of the target';

export interface HistoryEnd {
  /** Whether asking for more lines would bring nothing new (the platform's own end, or `since`, was reached). */
  readonly complete: boolean;
  /** Where the platform's memory begins, where that is known. */
  readonly begins: Instant | null;
  /** Older items may lie where only `all` looks. */
  readonly hasMore?: true;
  /** The items are those of a log that has begun anew: older ones than were asked for are news too; `whole`: nothing lies before. */
  readonly anew?: { readonly whole: boolean };
}

/** A union on purpose: a user's `-n 0` must never reach a reconnection. */
export type LiveStart = { readonly lines: number } | { readonly after: Position };

export interface LiveEnd {
  /** `ended`: nothing can follow. A clean close of a log that goes on is `dropped`: it is opened again. */
  readonly end: 'ended' | 'dropped';
  /** For people: `closed by the platform (1001)`. */
  readonly reason: string;
}

/** Traits are data: `--explain`, the way of resuming and the table of platforms come from them; the contract suite checks each. */
export interface Traits {
  /** `exact`: the newest n are the newest n; `sampled`: about n, of several back ends, out of order; `paged`: by pages. */
  readonly history: 'none' | 'exact' | 'sampled' | 'paged';
  /** What the platform keeps beyond the hot log, or null. */
  readonly archives: string | null;
  readonly retention: string;
  /**
   * How the past is joined with live.
   * `replay`: one live connection first replays the past that `start` asks for.
   * `position`: history ends at a position and live goes on after it; nothing is doubled.
   * `overlap`: live is opened first and held, history is fetched, repeats are dropped.
   */
  readonly join: 'replay' | 'position' | 'overlap';
  readonly live: { readonly kind: 'stream' | 'socket' | 'poll'; readonly everyMillis: number | null };
  readonly ids: boolean;
  readonly times: 'nanoseconds' | 'microseconds' | 'milliseconds' | 'seconds' | 'none';
  /** Whether items come in the order of their times. */
  readonly ordered: boolean;
  /** Which filters the platform applies itself, in words for `--explain`. */
  readonly filters: readonly string[];
  /** What proves that a quiet stream lives; after `silenceMillis` without it the connection counts as dead (0: nothing proves it). */
  readonly alive: { readonly proof: string; readonly silenceMillis: number };
  /** Whether history never ends by itself (then `logs show` ends after -n lines or --idle). */
  readonly endless: boolean;
  /** The most lines that one request can ask for, or null. */
  readonly maxLines: number | null;
}

/**
 * Log lines, build output and events are all one of these, bound to one app. It opens one connection, which ends;
 * reconnecting, joining and dropping repeats are the engine's work. Throws only CliError.
 * Whoever stops a source aborts its signal first and then awaits `return()`.
 */
export interface Source<T> {
  readonly traits: Traits;
  /** Names of all components that there are, where opening it has shown them; `-c` is held against them. */
  readonly components?: readonly string[] | undefined;
  /** Of log lines: the sources that they can have; absent = all that the platform has. `-s` is held against them. */
  readonly sources?: readonly LogSource[] | undefined;
  /** What is to be said of it before anything is read. */
  readonly notices?: readonly Notice[] | undefined;
  /** Of what was asked for, the filters that the platform is asked to apply to its past; for `--explain`. */
  narrowing?(query: HistoryQuery, signal: AbortSignal): Promise<readonly Narrowing[]>;
  /** Oldest first (as far as the platform orders at all). */
  history(query: HistoryQuery, signal: AbortSignal): AsyncGenerator<Batch<T>, HistoryEnd, undefined>;
  /** One connection. Its first batch comes as soon as it stands, empty if need be. */
  live(start: LiveStart, signal: AbortSignal): AsyncGenerator<Batch<T>, LiveEnd, undefined>;
  timeOf(item: T): Instant | null;
  /** The same in milliseconds since the epoch, NaN without a time; where that is cheaper than reading the whole item. */
  readonly millisOf?: ((item: T) => number) | undefined;
  /** Equal for two items only if they are the same text from the same place at the same time, or have the same id. */
  keyOf(item: T): string;
}

/** What is addressed on one platform: the part of a target behind the profile. */
export interface AppRef {
  /** As typed; '' where the platform allows none (a Container Station itself). */
  readonly app: string;
  readonly component: string | null;
}

export interface LogOptions {
  /** Globs of components or instances; what the platform can narrow itself it may, the engine filters again. */
  readonly components: readonly string[];
  readonly sources: readonly LogSource[];
  /** Only these levels are wanted; empty = all. */
  readonly levels: readonly Level[];
  /** Whether the stream is to go on after the past; false where a platform can be asked to end there. Absent = true. */
  readonly follow?: boolean;
  /** The platform's own flags by name without dashes (`addon`, `category`), as given. */
  readonly flags: Readonly<Record<string, string | boolean>>;
}

/** A flag of one platform's `logs`, refused for the others. */
export interface PlatformFlag {
  /** Without dashes. */
  readonly name: string;
  /** `ID`, `LIST`; absent for a switch. */
  readonly value?: string;
  readonly description: string;
  /** Its value names what is read in place of an app. */
  readonly isTarget?: true;
}

export interface Unsupported {
  /** The reason, and what works instead. */
  readonly unsupported: string;
}

export function unsupported(reason: string): Unsupported {
  return { unsupported: reason };
}

export type Capability<T extends object> = T | Unsupported;

export function isSupported<T extends object>(capability: Capability<T>): capability is T {
  return !('unsupported' in capability);
}

export interface LogsCapability<C> {
  /** Of its main log; `open` may return a source with others (a container's console beside an activity log). */
  readonly traits: Traits;
  readonly flags: readonly PlatformFlag[];
  /** All sources that lines of this platform can have. */
  readonly sources: readonly LogSource[];
  /** How the platform's own source names map to ours, for help. */
  readonly sourceNames: string;
  /** Checks that the app exists and binds the source to it. */
  open(client: C, ref: AppRef, options: LogOptions, signal: AbortSignal): Promise<Source<LogEntry>>;
  /** The platform's own export of its whole log, its bytes untouched; absent where it has none, or none for this app (null). */
  nativeExport?(client: C, ref: AppRef, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> | null;
}

export interface AppsCapability<C> {
  list(client: C, signal: AbortSignal): Promise<App[]>;
}

export interface BuildsCapability<C> {
  readonly traits: {
    /** Milliseconds between two looks at a build that runs; the gate slows down further by itself. */
    readonly everyMillis: number;
    /** How the platform's status words map to ours, for help. */
    readonly statusWords: string;
    /** Whether there is a log of the deploy phase (`--deploy`). */
    readonly deployLog: string | false;
    /** Whether one build can be asked for by its id. */
    readonly byId: boolean;
    /** false: no build tells a commit, so that none can be waited for by it. */
    readonly commits?: false;
  };
  /** Newest first, page by page; ends when there are no more. */
  list(client: C, ref: AppRef, signal: AbortSignal): AsyncGenerator<readonly Build[], void, undefined>;
  /** With its steps. A build that is not there (any more) throws `not-found`. */
  get(client: C, ref: AppRef, id: string, signal: AbortSignal): Promise<Build>;
  /** The build that is being served, null where none is; a platform that cannot tell leaves the key out. */
  active?(client: C, ref: AppRef, signal: AbortSignal): Promise<Build | null>;
  /**
   * Its output. History is what is stored so far; live goes on until the output ends (`ended`) or the connection does
   * (`dropped`). It decides nothing: the verdict is the status of `get` alone.
   */
  log(client: C, ref: AppRef, which: BuildLogRequest, signal: AbortSignal): Promise<Source<LogEntry>>;
}

export interface BuildLogRequest {
  readonly build: Build;
  readonly phase: 'build' | 'deploy';
}

export interface MetricQuery {
  /** Names; empty = all that the platform has. */
  readonly metrics: readonly string[];
  readonly since: Instant;
  readonly until: Instant;
  /** Seconds asked for; null = the platform's own. */
  readonly resolution: number | null;
  /** Globs of components or instances; more may be handed back. */
  readonly components: readonly string[];
}

export interface MetricAnswer {
  readonly series: readonly MetricSeries[];
  /** What the platform did not do as asked: resolution ignored, range cut, metrics not allowed. */
  readonly notices: readonly Notice[];
}

export interface MetricsCapability<C> {
  readonly traits: {
    /** Seconds back that the platform keeps; null = only the present. */
    readonly keepsSeconds: number | null;
    /** The rhythm in which values change, milliseconds: more often asked is asked in vain. */
    readonly everyMillis: number;
    readonly retention: string;
  };
  list(client: C, ref: AppRef, signal: AbortSignal): Promise<MetricKind[]>;
  /** An unknown metric throws a usage error that lists those that exist. */
  query(client: C, ref: AppRef, query: MetricQuery, signal: AbortSignal): Promise<MetricAnswer>;
}

export interface EventOptions {
  /** As given to --type: polylog's or the platform's own words; the engine filters again. */
  readonly types: readonly string[];
  readonly users: readonly string[];
}

export interface EventsCapability<C> {
  readonly traits: Traits;
  /** The states that `wait` knows, polylog's words first, each with what it means there. */
  readonly states: readonly {
    readonly state: string;
    readonly meaning: string;
    readonly final: 'good' | 'bad' | null;
  }[];
  open(client: C, ref: AppRef, options: EventOptions, signal: AbortSignal): Promise<Source<PlatformEvent>>;
  /**
   * The present state of the app, or of each component or container that `ref` names; what is in several states at once
   * (running and deployed) has an entry for each, the most telling first.
   */
  state(client: C, ref: AppRef, signal: AbortSignal): Promise<PlatformState[]>;
  /** The state that an event says was reached, so that one that passed between two looks is caught; null where it says none. */
  stateOf?(event: PlatformEvent): string | null;
  /** Holds until the state is reached or so many milliseconds have passed, then answers the present state; absent where the platform has no such request. */
  hold?(
    client: C,
    ref: AppRef,
    wait: { readonly state: string; readonly millis: number },
    signal: AbortSignal,
  ): Promise<PlatformState[]>;
}

export interface Identity {
  /** The person or account as the platform names it. */
  readonly user: string;
  /** One more fact worth showing (`admin`, an e-mail address), or null. */
  readonly note: string | null;
}

/** A setting of a platform, as data: resolution, help and completion derive from it. */
export interface SettingDeclaration {
  /** `token`, `url`, `user`, `password`, `region`, … */
  readonly name: string;
  readonly description: string;
  readonly secret: boolean;
  /** It says where the credential goes: from a flag or the environment, it keeps everything that is stored away from there. */
  readonly address?: true;
  /** Environment variables, first wins; `needs`: counts only when that other variable is set too. */
  readonly env: readonly { readonly name: string; readonly needs?: string }[];
  /** Else the password of the `.netrc` machine that is the `url` setting's host[:port] in lower case. */
  readonly netrc?: true;
  /** The long flag that sets it, without dashes (`region`), if any. */
  readonly flag?: string;
  readonly default?: string;
}

/** Settings of one profile, resolved. */
export interface Settings {
  /** The profile's full name (`scalingo`, `prod`). */
  readonly profile: string;
  readonly values: Readonly<Record<string, string>>;
  /** Where a value came from: `flag`, `env NAME`, `profile`, `default`. */
  readonly origins: Readonly<Record<string, string>>;
}

/** Keeps one profile's short-lived session between runs. Never throws: what cannot be kept is got anew. */
export interface SessionStore {
  /** What `keep` was given by an earlier run with the same credential for the same origin, or null. */
  load(): Promise<string | null>;
  /** Returns at once; it is written before the program ends. */
  keep(session: string): void;
  forget(): void;
}

/** How a user and a password become the credential of a platform that keeps another one. */
export interface SignIn {
  /** The origin that the password goes to; throws a usage CliError when it is not known. */
  origin(settings: Settings): string;
  /** The credential, by names of settings; or `code` when a one-time code is needed (again). Throws an `auth` CliError. */
  signIn(
    asked: {
      readonly settings: Settings;
      readonly user: string;
      readonly password: string;
      readonly code?: string;
    },
    network: Network,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, string>> | 'code'>;
}

/** What another tool of the platform has stored. */
export interface FoundCredential {
  /** The profile it would become. */
  readonly profile: string;
  /** Path of the file. */
  readonly file: string;
  /** By names of settings, addresses and secrets alike. */
  readonly values: Readonly<Record<string, string>>;
}

export interface ForeignFiles {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** As `os.platform()` names it. */
  readonly platform: string;
  /** undefined when it is not there or cannot be read. */
  read(path: string): Promise<string | undefined>;
  /** Told what was found and cannot be understood: a sentence without a secret. */
  say(sentence: string): void;
}

export interface Definition<C> {
  readonly name: string;
  readonly aliases: readonly string[];
  /** For people: `DigitalOcean App Platform`. */
  readonly title: string;
  readonly settings: readonly SettingDeclaration[];
  /** Names of settings of which one must be there before anything is asked (`[['token']]`, `[['sid'], ['user', 'password'], []]`). */
  readonly credentials: readonly (readonly string[])[];
  /** How an app is written in a target, for help: `NAME`, `docker/NAME`. */
  readonly appForm: string;
  /** Splits what stands behind the profile in a target; throws a usage CliError. */
  parseRef(text: string): AppRef;
  /** The origin that stored credentials are bound to, from the settings; throws a usage CliError when an address is missing or malformed. */
  origin(settings: Settings): string;
  /** Whether the credential may travel to this URL (TLS or loopback is checked elsewhere). */
  mayCarryCredential(url: URL, settings: Settings): boolean;
  /** `sessions`: absent where nothing may be kept. */
  connect(settings: Settings, network: Network, sessions?: SessionStore): C;
  whoami(client: C, signal: AbortSignal): Promise<Identity>;
  readonly signIn?: SignIn;
  /** Names of the regions that an account may choose from, the usual one first; absent where there is no choice. */
  regions?(client: C, signal: AbortSignal): Promise<readonly string[]>;
  /** Ends the session on the platform, if there is one; needs no new one for that. */
  signOut?(client: C, signal: AbortSignal): Promise<void>;
  /** What the platform's own tools have stored; changes nothing. */
  findCredentials?(files: ForeignFiles): Promise<readonly FoundCredential[]>;
  readonly apps: Capability<AppsCapability<C>>;
  readonly logs: Capability<LogsCapability<C>>;
  readonly builds: Capability<BuildsCapability<C>>;
  readonly metrics: Capability<MetricsCapability<C>>;
  readonly events: Capability<EventsCapability<C>>;
}

/** A definition with its client's type forgotten; method parameters being bivariant, it can be called with its own client only. */
export type Provider = Definition<unknown>;

/** Returns the wide type, so that a list of providers compiles. */
export function defineProvider<C>(definition: Definition<C>): Provider {
  return definition;
}
