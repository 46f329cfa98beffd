// Which events were seen, each in which phase, so that between two looks nothing is missed and nothing comes twice.
// Knows no request.
import { compareInstants, formatInstant, type Instant } from '../../model.ts';
import type { Position } from '../../provider.ts';
import type { Sighting } from './event-words.ts';
import { instantOf } from './times.ts';

export interface EventMemory {
  /** `past`: older than all that is known; else what is new about it, with the phase that was seen before. */
  compare(sighting: Sighting): 'known' | 'past' | { readonly former: string | null };
  /** Oldest first. */
  learn(sightings: readonly Pick<Sighting, 'key' | 'phase' | 'ts'>[]): void;
  /** Keys of those whose phase will change. */
  open(): Set<string>;
  /** These are not looked for any more. */
  giveUp(keys: Iterable<string>): void;
  position(): Position;
}

interface Known {
  readonly phase: string | null;
  readonly ts: Instant | null;
}

/** Events that are remembered, the newest ones. */
const MOST_KNOWN = 300;
const OPEN: ReadonlySet<string | null> = new Set([
  'PENDING_BUILD',
  'BUILDING',
  'PENDING_DEPLOY',
  'DEPLOYING',
  'PENDING',
  'IN_PROGRESS',
]);

export function createEventMemory(): EventMemory {
  const known = new Map<string, Known>();
  const lost = new Set<string>();
  /** The oldest time that is known; null before anything is. */
  let floor: Instant | null = null;
  const findFloor = () => {
    floor = null;
    for (const { ts } of known.values())
      if (ts !== null && (floor === null || compareInstants(ts, floor) < 0)) floor = ts;
  };
  return {
    compare({ key, phase, ts }) {
      const before = known.get(key);
      if (before !== undefined)
        return phase === null || phase === before.phase ? 'known' : { former: before.phase };
      return ts !== null && floor !== null && compareInstants(ts, floor) < 0 ? 'past' : { former: null };
    },
    learn(sightings) {
      for (const { key, phase, ts } of sightings) {
        known.set(key, { phase, ts });
        lost.delete(key);
      }
      for (const key of known.keys()) {
        if (known.size <= MOST_KNOWN) break;
        known.delete(key);
        lost.delete(key);
      }
      findFloor();
    },
    open: () =>
      new Set([...known].flatMap(([key, { phase }]) => (OPEN.has(phase) && !lost.has(key) ? [key] : []))),
    giveUp(keys) {
      for (const key of keys) lost.add(key);
    },
    position: () =>
      [...known].map(([key, { phase, ts }]) => [key, phase, ts === null ? null : formatInstant(ts)]),
  };
}

/** null for what is no position of ours. */
export function eventMemoryAt(position: Position): EventMemory | null {
  if (!Array.isArray(position)) return null;
  const memory = createEventMemory();
  memory.learn(
    position.flatMap((entry: unknown) => {
      const [key, phase, ts] = Array.isArray(entry) ? (entry as readonly unknown[]) : [];
      if (typeof key !== 'string') return [];
      return [{ key, phase: typeof phase === 'string' ? phase : null, ts: instantOf(ts) }];
    }),
  );
  return memory;
}
