// The routes of `/event` and `/event/wait`, in the three readings of `index` (wire: Container Station 3). Knows
// neither prefixes nor who is let in.
import {
  holdAnswer,
  Refusal,
  reply,
  type Station,
  type StationEndpoint,
  withContainer,
} from './container-station-answers.ts';
import type { StationContainer } from './container-station-containers.ts';
import type { StationEvent } from './container-station-events.ts';
import type { Session } from './container-station-session.ts';
import type { Exchange } from './http.ts';

export const eventEndpoints: readonly StationEndpoint[] = [
  { name: 'event', method: 'GET', path: '/v1/event', answer: showEvents },
  {
    name: 'event-wait',
    method: 'GET',
    path: '/v1/event/wait/:type/:id/:state',
    answer: withContainer(waitForState),
  },
];

function showEvents(asked: Exchange, session: Session, station: Station): void {
  const { ring } = station;
  const wanted: { index?: number; offset?: number } = {};
  for (const name of ['index', 'offset'] as const) {
    const text = asked.query.get(name);
    if (text === null || text === '') continue;
    if (!/^\d{1,15}$/.test(text)) {
      throw new Refusal(400, `Invalid parameter: ${name}`);
    }
    wanted[name] = Number(text);
  }
  const visible = (event: StationEvent): boolean =>
    !station.hideOthers || [session.user, 'all', 'system'].includes(event.user);
  const value = (): unknown => ring.read(station.eventIndex === 'ignored' ? {} : wanted, visible);
  // Only a client that stands at the very end is held: one beyond it has missed a restart of the counter.
  const held = station.eventIndex === 'longpoll' && wanted.index === ring.offset;
  if (!held) {
    reply(asked, station, value());
    return;
  }
  holdAnswer(asked, station, {
    ms: station.holdMs,
    ready: () => wanted.index !== ring.offset,
    value,
    wake: ring.onAdded,
  });
}

// Timing out is no error: the container's object is answered in whatever state it is (wire: Container Station 3.5).
function waitForState(asked: Exchange, station: Station, container: StationContainer): void {
  const { state } = asked.params;
  const seconds = asked.query.get('duration') || '60';
  if (state !== 'running' && state !== 'stopped') {
    throw new Refusal(400, `Invalid state: ${state}`);
  }
  if (!/^\d{1,6}(\.\d+)?$/.test(seconds)) {
    throw new Refusal(400, 'Invalid parameter: duration');
  }
  const { containers } = station;
  holdAnswer(asked, station, {
    ms: Number(seconds) * station.secondMs,
    ready: () => containers.state(container) === state,
    value: () => containers.basic(container),
    wake: containers.onChange,
  });
}
