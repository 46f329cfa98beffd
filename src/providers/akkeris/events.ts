// The events capability: audits, or what replaces them where an installation keeps none. Knows no endpoint.
import { CliError } from '../../errors.ts';
import { compareInstants, type Notice, type PlatformEvent } from '../../model.ts';
import type { AppRef, EventOptions, EventsCapability, Traits } from '../../provider.ts';
import { addressedApp } from './addressed-app.ts';
import { type AuditedApp, auditedApp, canAskForUser, MOST_AUDITS, readAudits } from './audits.ts';
import type { AkkerisClient, Timing } from './client.ts';
import { readRecordedEvents } from './event-fallback.ts';
import { type EventPlace, type EventWindow, eventSource } from './event-source.ts';
import { presentStates, STATES, stateOfEvent } from './states.ts';

export function eventsAt({ eventsEvery }: Timing): EventsCapability<AkkerisClient> {
  const traits = eventTraits(eventsEvery);
  return {
    traits,
    states: STATES,
    async open(client, ref, options, signal) {
      const audited = await findApp(client, ref, signal);
      return eventSource(placeOf(client, { ref, audited, options, traits }));
    },
    state: presentStates,
    stateOf: stateOfEvent,
  };
}

function eventTraits(everyMillis: number): Traits {
  return {
    history: 'exact',
    archives: null,
    retention: `the newest ${MOST_AUDITS} audits; without audits what builds, releases and the formation tell`,
    join: 'position',
    live: { kind: 'poll', everyMillis },
    ids: true,
    times: 'milliseconds',
    ordered: true,
    filters: ['one user whose name has only letters, digits, dots, colons, dashes and underscores'],
    // A request has a limit of its own.
    alive: { proof: 'an answer to the next look', silenceMillis: 0 },
    endless: false,
    maxLines: MOST_AUDITS,
  };
}

/** Audits of an app that does not exist would just be empty; an id has to become a name. */
async function findApp(client: AkkerisClient, ref: AppRef, signal: AbortSignal): Promise<AuditedApp> {
  addressedApp(ref);
  const { name } = await client.app(ref.app, signal);
  const found = auditedApp(name);
  if (found !== null) return found;
  throw new CliError('platform', `Akkeris's answer for app "${ref.app}" has no name with a space in it.`);
}

interface Opening {
  readonly ref: AppRef;
  readonly audited: AuditedApp;
  readonly options: EventOptions;
  readonly traits: Traits;
}

function placeOf(client: AkkerisClient, { ref, audited, options, traits }: Opening): EventPlace {
  const { users } = options;
  const [only = ''] = users;
  const user = users.length === 1 && canAskForUser(only) ? only : null;
  let keepsAudits = true;
  const look = async (size: number, signal: AbortSignal): Promise<EventWindow> => {
    if (!keepsAudits) return lookAtRecords(client, ref, signal);
    try {
      const events = inOrder(await readAudits(client, { ...audited, user, size }, signal));
      return { events, whole: events.length < size, notices: [] };
    } catch (error) {
      if (!(error instanceof CliError) || error.status !== 501) throw error;
      keepsAudits = false;
      return { ...(await lookAtRecords(client, ref, signal)), notices: [NO_AUDITS] };
    }
  };
  return {
    traits,
    most: MOST_AUDITS,
    everyMillis: client.timing.eventsEvery,
    wanted: (event) => users.length === 0 || (event.user !== null && users.includes(event.user)),
    look,
  };
}

const NO_AUDITS: Notice = {
  kind: 'limit',
  message: 'this installation keeps no audits: the events are what builds, releases and the formation tell',
};

async function lookAtRecords(client: AkkerisClient, ref: AppRef, signal: AbortSignal): Promise<EventWindow> {
  const events = await readRecordedEvents(client, addressedApp(ref), signal);
  return { events: inOrder(events), whole: true, notices: [] };
}

/** Stable; an event without a time stays behind the one that it followed. */
function inOrder(events: readonly PlatformEvent[]): PlatformEvent[] {
  let last: PlatformEvent['ts'] = null;
  const placed = events.map((event) => {
    last = event.ts ?? last;
    return { event, at: last };
  });
  placed.sort((a, b) => (a.at && b.at ? compareInstants(a.at, b.at) : a.at ? 1 : b.at ? -1 : 0));
  return placed.map(({ event }) => event);
}
