// What the contracts of builds, metrics and events have to be told about a platform in one of its dialects. Knows no test.
import type { BuildStatus } from '../../src/model.ts';
import type { SandboxServer } from '../../src/sandbox/server.ts';
import type { DeployStatus, World, WorldDeploy } from '../../src/sandbox/world.ts';

export interface Dialect {
  readonly name: string;
  /** Behind the profile. */
  readonly target: string;
  /** One that does not exist. */
  readonly unknown: string;
  start(world: World): Promise<SandboxServer>;
  readonly routes: DialectRoutes;
  /** What the platform calls this deploy; its own id when absent. */
  idOf?(deploy: WorldDeploy): string;
  /** How many builds are older than the world; none when absent. */
  readonly older?: number;
  /** Where the platform has another word than the world, or none of its own. */
  readonly words?: Partial<Record<DeployStatus, BuildStatus>>;
  /** What a build that was succeeded by another one that succeeded is then; the same as before when absent. */
  readonly replaced?: BuildStatus;
  /** Ends of lines that its log has to have, each once and in this order. */
  said(deploy: WorldDeploy): readonly string[];
  /** Makes something happen that the events tell; `number` counts from 1. */
  happen(world: World, number: number): void;
  /** Why events that have happened cannot be read again; absent: they can. */
  readonly eventless?: string;
  /** Why there is no request for the figures that could go wrong in a way; absent: there is. */
  readonly spared?: Partial<Record<'metrics' | 'events' | 'builds', string>>;
}

/** The sandbox's names of the routes that are asked for each of these. */
export interface DialectRoutes {
  /** Where a credential becomes a session; null: it goes along with every request. */
  readonly session: string | null;
  /** Signed addresses, which must be asked for without any credential. */
  readonly bare: readonly string[];
  readonly builds: string;
  /** What a build's output comes by. */
  readonly output: string;
  readonly metrics: string;
  readonly events: string;
}

export function outputOf(...phases: readonly string[]): Dialect['said'] {
  return ({ output }) => output.filter(({ phase }) => phases.includes(phase)).map(({ text }) => text);
}

/** Somebody makes the app larger. */
export function grow(world: World, number: number): void {
  const detail = { from: number + 1, to: number + 2 };
  world.record({ kind: 'scale', component: 'web', user: 'bob', text: 'scale', detail });
}
