// The platforms that the contract suite runs over: a further one is one line here and its own file beside it.
import { platform as akkeris } from './akkeris.ts';
import { platform as containerStation } from './container-station.ts';
import { platform as digitalocean } from './digitalocean.ts';
import type { Platform } from './entry.ts';
import { platform as scalingo } from './scalingo.ts';

export const PLATFORMS: readonly Platform[] = [scalingo, containerStation, akkeris, digitalocean];
