// Log drains as the Akkeris API keeps them (wire: Akkeris 7). Nothing is ever sent to one. Knows no HTTP.
import { ControllerRefusal, isoNanoseconds, uuidOf } from './akkeris-platform.ts';
import type { World } from './world.ts';

interface Drain {
  readonly addon: { readonly id: string; readonly name: string };
  readonly created_at: string;
  readonly id: string;
  /** The app's key or the site's domain. */
  readonly token: string;
  readonly updated_at: string;
  readonly url: string;
}

export interface LogDrains {
  list(owner: string): readonly Drain[];
  find(owner: string, id: string): Drain;
  add(owner: string, url: unknown): Drain;
  remove(owner: string, id: string): Drain;
}

/** Drains of one owner, at most; beyond that the back end refuses, and the controller says 503. */
const MAX_DRAINS = 100;

export function createLogDrains(world: World): LogDrains {
  const drains: Drain[] = [];
  let made = 0;
  function find(owner: string, id: string): Drain {
    const drain = drains.find((candidate) => candidate.token === owner && candidate.id === id);
    // The log shuttle's 404 arrives as 503, as every failure of a back end does.
    if (!drain) throw new ControllerRefusal(503, 'Service Unavailable Error');
    return drain;
  }
  return {
    list: (owner) => drains.filter((drain) => drain.token === owner),
    find,
    add(owner, url) {
      if (!url) throw new ControllerRefusal(400, 'The request did not include a "url" parameter.');
      const own = drains.filter((drain) => drain.token === owner);
      if (own.some((drain) => drain.url === url)) {
        throw new ControllerRefusal(400, 'The requested log drain already exists on this application.');
      }
      if (
        typeof url !== 'string' ||
        !/^(syslog|syslog\+tls|syslog\+udp|https?):\/\/./.test(url) ||
        own.length >= MAX_DRAINS
      ) {
        throw new ControllerRefusal(503, 'Service Unavailable Error');
      }
      made += 1;
      const now = isoNanoseconds(world.now());
      const id = uuidOf(`drain/${owner}/${made}`);
      const drain = { addon: { id: '', name: '' }, created_at: now, id, token: owner, updated_at: now, url };
      drains.push(drain);
      return drain;
    },
    remove(owner, id) {
      const drain = find(owner, id);
      drains.splice(drains.indexOf(drain), 1);
      return drain;
    },
  };
}
