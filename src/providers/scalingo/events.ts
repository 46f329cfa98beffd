// The events capability: binds an app to its events and its state. Knows no endpoint.
import type { PlatformEvent } from '../../model.ts';
import type { EventsCapability, Traits } from '../../provider.ts';
import { textOf } from '../../transport/json-fields.ts';
import { type ScalingoClient, USUAL_PACE } from './client.ts';
import { stateOf as deploymentState } from './deployments.ts';
import { keyOfEvent } from './event-pages.ts';
import { MOST_HELD, readEventHistory, readLiveEvents } from './event-walk.ts';
import { homeRegion } from './regions.ts';
import { presentState, states, wordOf } from './states.ts';

const traits: Traits = {
  history: 'paged',
  archives: null,
  retention: 'not documented; all pages are read with --all',
  join: 'position',
  live: { kind: 'poll', everyMillis: USUAL_PACE.events },
  ids: true,
  times: 'milliseconds',
  ordered: true,
  filters: [],
  alive: { proof: 'the answer to a look at the newest events', silenceMillis: 90_000 },
  endless: false,
  maxLines: MOST_HELD,
};

export const events: EventsCapability<ScalingoClient> = {
  traits,
  states,
  async open(client, { app }, _options, signal) {
    const reading = { client, place: { app, region: await homeRegion(client, signal) } };
    return {
      traits,
      // An app that is not there is found out by the first page.
      history: (query, aborted) => readEventHistory(reading, query, aborted),
      live: (start, aborted) => readLiveEvents(reading, start, aborted),
      timeOf: ({ ts }) => ts,
      keyOf: keyOfEvent,
    };
  },
  state: presentState,
  stateOf: stateReached,
};

function stateReached({ nativeKind, fields }: PlatformEvent): string | null {
  switch (nativeKind) {
    case 'deployment': {
      const nativeStatus = textOf(fields?.status);
      if (nativeStatus === null) return null;
      return wordOf({ status: deploymentState(nativeStatus, false).status, nativeStatus });
    }
    case 'scale':
      return 'scaled';
    case 'stop_app':
      return 'stopped';
    case 'crash':
    case 'repeated_crash':
      return 'crashed';
    default:
      return null;
  }
}
