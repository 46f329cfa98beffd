// The events capability: binds an app to its events and its state. Knows no endpoint.
import type { EventsCapability, Traits } from '../../provider.ts';
import { type DigitaloceanClient, USUAL_TIMING } from './client.ts';
import type { EventList } from './event-pages.ts';
import { readEventHistory, readLiveEvents } from './event-reading.ts';
import { keyOfEvent, stateOfEvent } from './event-words.ts';
import { knownApp } from './known-app.ts';
import { presentState, states } from './states.ts';

const traits: Traits = {
  history: 'paged',
  archives: null,
  retention: 'not documented; all pages are read with --all',
  join: 'position',
  live: { kind: 'poll', everyMillis: USUAL_TIMING.watch },
  ids: true,
  times: 'nanoseconds',
  // The same event comes again, with its time, in each new phase.
  ordered: false,
  filters: ['deployments or autoscaling'],
  alive: { proof: 'each look is a request with a time limit of its own', silenceMillis: 0 },
  endless: false,
  maxLines: null,
};

export const events: EventsCapability<DigitaloceanClient> = {
  traits,
  states,
  async open(client, ref, { types }, signal) {
    const app = await knownApp(client, ref.app, signal);
    const list: EventList = {
      client,
      app,
      subject: { what: `the events of app "${app.name}"` },
      component: ref.component,
      types: nativeTypes(types),
      fallback: 'none',
    };
    return {
      traits,
      history: (query, aborted) => readEventHistory(list, query, aborted),
      live: (start, aborted) => readLiveEvents(list, start, aborted),
      timeOf: ({ ts }) => ts,
      keyOf: keyOfEvent,
    };
  },
  state: presentState,
  stateOf: stateOfEvent,
};

const TYPES: ReadonlyMap<string, string> = new Map([
  ['deploy', 'DEPLOYMENT'],
  ['deployment', 'DEPLOYMENT'],
  ['scale', 'AUTOSCALING'],
  ['autoscaling', 'AUTOSCALING'],
]);

/** Empty, which is all, where one of them is none that the platform can choose by. */
function nativeTypes(types: readonly string[]): string[] {
  const native = types.map((type) => TYPES.get(type.toLowerCase()));
  return native.includes(undefined) ? [] : [...new Set(native.filter((type) => type !== undefined))];
}
