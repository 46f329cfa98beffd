// Events of a station and the states of its containers: which source serves which version. Knows no wire detail.
import type { EventsCapability } from '../../provider.ts';
import type { StationClient } from './client.ts';
import { eventList, eventTraits, readEvents } from './event-list.ts';
import { pickContainer } from './find-container.ts';
import type { Pace } from './pace.ts';
import { stateChanges } from './state-changes.ts';
import { holdForState, presentStates, reachedState, STATES } from './states.ts';

/** The traits are those of the event list; version 3's source has its own. */
export function eventsAt(pace: Pace): EventsCapability<StationClient> {
  return {
    traits: eventTraits(pace),
    states: STATES,
    async open(client, { app }, _options, signal) {
      const containers = await client.containers(signal);
      const container = app === '' ? null : pickContainer(client, app, containers);
      if (await client.speaksV3(signal)) {
        return stateChanges(client, container === null ? '' : `${container.type}/${container.name}`);
      }
      // Tells a version without events from the first moment on.
      await readEvents(client, null, signal);
      return eventList(client, { container, containers });
    },
    state: presentStates,
    stateOf: reachedState,
    hold: holdForState,
  };
}
