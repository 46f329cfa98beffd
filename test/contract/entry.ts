// What the contract suite has to be told about a platform: where it is asked for what, and which faults it cannot have.
// Knows no test.
import type { LogEntry } from '../../src/model.ts';
import type { Provider } from '../../src/provider.ts';
import type { Fault, FaultName } from '../../src/sandbox/faults.ts';
import type { SandboxServer } from '../../src/sandbox/server.ts';
import type { World, WorldTime } from '../../src/sandbox/world.ts';
import type { RetryRules } from '../../src/transport/retry.ts';
import type { Dialect } from './dialect.ts';

export interface Platform {
  readonly name: string;
  /** With every waiting time in milliseconds. */
  provider(pace: Pace): Provider;
  /** Stands in the sentence of every error. */
  readonly named: RegExp;
  /** Variables that make the credential a wrong one. */
  readonly wrong: Readonly<Record<string, string>>;
  readonly variants: readonly Variant[];
  /** Builds, metrics and events: each dialect that the sandbox has. */
  readonly dialects: readonly Dialect[];
}

export interface Pace {
  /** For requests that the adapter repeats by itself. */
  readonly retry: RetryRules;
  /** Milliseconds between two signs of life, or two questions whether a quiet stream lives; 0 = the usual time. */
  readonly keepalive: number;
}

/** One log of the platform in one of its dialects. */
export interface Variant {
  readonly name: string;
  /** Behind the profile. */
  readonly target: string;
  /** One that does not exist. */
  readonly unknown: string;
  /** The platform's own flags. */
  readonly flags?: Readonly<Record<string, string | boolean>>;
  start(world: World, wishes: Wishes): Promise<Stage>;
  readonly routes: Routes;
  /** Where a fault strikes while the past is read; a reason alone where there is no past to be read. */
  readonly past: Strikes | Cannot;
  /** Where a fault strikes while the log is followed. */
  readonly live: Strikes;
  /** Requests to the route of the credential until a wrong one is given up: one for each form it can be sent in. */
  readonly credentialTries: number;
  /** Why not everything that was written is there for whoever reads slowly or comes later; absent: it is. */
  readonly lossy?: string;
  /** Why it silently drops what is written while the reader is slow; absent: it waits. */
  readonly drops?: string;
  /** Why times may be finer than the trait says; absent: they are not. */
  readonly finer?: string;
  /** Why the engine does not watch for silence, though a dead stream is noticed; absent: it does. */
  readonly ownWatch?: string;
  /** Why `lines: n` is not exactly the newest n; absent: it is. */
  readonly inexact?: string;
  /** What the platform sends that it was never documented to send, and the line that has to come of it. */
  readonly unreadable: Unreadable | Cannot;
  /** How many frames a line comes in; 1 when absent. */
  readonly framesPerLine?: number;
  /** How many lines a request asks for, null when it asks for none: held against the trait `maxLines`. */
  linesAsked(path: string, body: string): number | null;
}

export interface Unreadable {
  /** Before the log is followed. */
  prepare?(stage: Stage): void;
  /** Behind one line of the usual kind. */
  send(stage: Stage): void;
  readonly raw: string;
}

export interface Wishes {
  /** Milliseconds between two signs of life of a quiet stream, where the sandbox can be told. */
  readonly keepalive?: number;
}

export interface Stage {
  readonly server: SandboxServer;
  /** On top of the server's own; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Adds a line to this log; now, when no time is given. */
  write(text: string, at?: WorldTime): void;
  /** Messages that the platform keeps besides what was written, oldest first. */
  kept?(): readonly string[];
  /** The text that was written, of an entry; its message when absent. */
  textOf?(entry: LogEntry): string;
}

export interface Routes {
  /** Where a credential is looked at first. */
  readonly credential: string;
  /** Where a credential becomes a session; null: it goes along with every request. */
  readonly session: string | null;
  /** Asked to open a log, answered with JSON. */
  readonly open: string;
  /** Asked with the credential before every connection or look. */
  readonly connect: string;
  /** null: there is no past to be read. */
  readonly past: string | null;
  readonly live: string;
  /** Signed addresses, which must be asked for without any credential. */
  readonly bare: readonly string[];
}

export interface Cannot {
  readonly cannot: string;
}

/** A fault and where it strikes. */
export type Struck = Fault & { readonly route: string };

export type Strike = Struck | Cannot;

/** Every fault that exists: one that a platform cannot have is there with its reason. */
export type Strikes = Readonly<Record<FaultName, Strike>>;

/** These faults, on that route. */
export function on<N extends FaultName>(route: string, ...names: readonly N[]): Record<N, Strike> {
  return each(names, (name) => ({ name, route }));
}

/** Another fault that has the same effect on this platform. */
export function instead<N extends FaultName>(fault: Fault & { route: string }, ...names: readonly N[]) {
  return each(names, () => fault);
}

export function cannot<N extends FaultName>(reason: string, ...names: readonly N[]): Record<N, Strike> {
  return each(names, () => ({ cannot: reason }));
}

function each<N extends FaultName>(names: readonly N[], strike: (name: N) => Strike): Record<N, Strike> {
  return Object.fromEntries(names.map((name) => [name, strike(name)])) as Record<N, Strike>;
}
