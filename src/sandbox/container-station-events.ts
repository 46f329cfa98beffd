// The event counter of Container Station: a ring of messages between `index` and `offset` (wire: Container Station 3).
// Knows neither HTTP nor what the events mean.
import { epochSeconds } from './container-station-clock.ts';
import { pythonJson } from './container-station-dialects.ts';
import type { WorldTime } from './world.ts';

export interface StationEvent {
  readonly at: WorldTime;
  /** `container`, `image`, `background`, `export`, `import`. */
  readonly category: string;
  /** Who caused it; `all` = a daemon, `system`. */
  readonly user: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

export interface EventReply {
  readonly index: number;
  /** Newest first. */
  readonly messages: readonly string[];
  readonly offset: number;
}

export interface EventRing {
  /** Number just past the newest event. */
  readonly offset: number;
  add(event: StationEvent): void;
  /**
   * The slice `[index, offset)`; without `index` the span of the newest 20. An index below the ring is lifted to its
   * beginning (events were lost).
   */
  read(asked: { index?: number; offset?: number }, visible: (event: StationEvent) => boolean): EventReply;
  /** The counter begins low again, as after a restart of the service; what it held is gone. */
  restart(): void;
  onAdded(listener: () => void): () => void;
}

/** `first`: number of the first event; `size`: how many are kept. */
export function createEventRing(options: { first: number; size: number; parts: 3 | 4 }): EventRing {
  let events: StationEvent[] = [];
  let first = options.first;
  const listeners = new Set<() => void>();
  const offset = (): number => first + events.length;
  return {
    get offset() {
      return offset();
    },
    add(event) {
      events.push(event);
      while (events.length > options.size) {
        events.shift();
        first += 1;
      }
      for (const listener of [...listeners]) listener();
    },
    read(asked, visible) {
      const end = Math.min(asked.offset ?? offset(), offset());
      const wanted = asked.index ?? Math.max(0, end - 20);
      const index =
        asked.index === undefined ? wanted : Math.min(Math.max(wanted, first), Math.max(end, first));
      const slice = events.slice(Math.max(0, index - first), Math.max(0, end - first));
      const messages = slice.filter(visible).map((event) => messageOf(event, options.parts));
      return { index, messages: messages.reverse(), offset: end };
    },
    restart() {
      events = [];
      first = 0;
    },
    onAdded(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** `category:user:JSON`, from dialect B on with the true epoch seconds before the JSON. */
export function messageOf(event: StationEvent, parts: 3 | 4): string {
  const time = parts === 4 ? `${epochSeconds(event.at)}:` : '';
  return `${event.category}:${event.user}:${time}${pythonJson(event.payload)}`;
}
