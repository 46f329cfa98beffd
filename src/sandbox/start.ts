// The four platforms' sandboxes around one world, and what a client needs to reach them.
import { startAkkeris } from './akkeris.ts';
import { startContainerStation } from './container-station.ts';
import { startDigitalocean } from './digitalocean.ts';
import { startScalingo } from './scalingo.ts';
import type { SandboxServer } from './server.ts';
import { createWorld, type World } from './world.ts';

export interface SandboxSettings {
  /** Same seed, same story. */
  readonly seed?: number;
  /** Story seconds per real second. */
  readonly scale?: number;
}

export interface Sandbox {
  readonly world: World;
  readonly servers: readonly SandboxServer[];
  /** For a client's environment: addresses and sample credentials. */
  readonly env: Readonly<Record<string, string>>;
  /** One target of each platform that is worth a look. */
  readonly targets: readonly string[];
  close(): Promise<void>;
}

export async function startSandbox(settings: SandboxSettings): Promise<Sandbox> {
  const world = createWorld({ seed: settings.seed ?? 1, scale: settings.scale ?? 1 });
  const servers: SandboxServer[] = await Promise.all([
    startScalingo({ world, ratePerMinute: 600 }),
    startContainerStation({ world }),
    startAkkeris({ world }),
    startDigitalocean({ world }),
  ]);
  return {
    world,
    servers,
    env: Object.assign({}, ...servers.map((server) => server.env)),
    targets: ['scalingo:shop', 'do:shop', 'akkeris:shop-default', 'qnap:'],
    async close() {
      world.close();
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}
