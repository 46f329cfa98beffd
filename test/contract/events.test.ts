// Events: the past, what comes, states, and that no secret is told.
import { expect } from 'vitest';
import { compareInstants, type PlatformEvent } from '../../src/model.ts';
import { type AppRig, appContract } from './app-rig.ts';

const SECRET = 'hunter2-never-shown';
const KINDS =
  /^(deploy|scale|restart|crash|config|release|image|export|import|task|access|state|port|other|domain|addon|alert|billing)$/;

appContract('events', ({ dialect, rig, unless }) => {
  const open = ({ events, client, ref, signal }: AppRig) =>
    events.open(client, ref, { types: [], users: [] }, signal);
  const past = dialect.eventless;

  async function eventful(count = 12) {
    const own = await rig();
    for (let number = 1; number <= count; number += 1) own.happen(number);
    return own;
  }

  unless(past, 'come oldest first, each once, with what the traits promise', async () => {
    const own = await eventful();
    const source = await open(own);
    const events = await own.past(source);
    expect(events.length).toBeGreaterThanOrEqual(12);
    const times = events.flatMap(({ ts }) => ts ?? []);
    expect(times.toSorted(compareInstants)).toEqual(times);
    if (source.traits.ids) {
      const keys = events.map((event) => source.keyOf(event));
      expect(new Set(keys).size).toBe(keys.length);
    }
    for (const event of events) {
      expect(event.id !== null).toBe(source.traits.ids);
      expectTold(event);
      expect(source.timeOf(event)).toEqual(event.ts);
    }
  });

  unless(past, 'are the newest n, or those since a time', async () => {
    const own = await eventful();
    const source = await open(own);
    const all = await own.past(source);
    for (const lines of [0, 1, 5]) {
      expect(await own.past(source, { lines })).toEqual(lines === 0 ? [] : all.slice(-lines));
    }
    const since = all.at(-4)?.ts ?? null;
    const later = await own.past(source, { since });
    // Where events have no times there is nothing to choose them by.
    expect(later).toEqual(all.filter(({ ts }) => since === null || (ts && compareInstants(ts, since) >= 0)));
  });

  unless(past, 'show no secret of a setting, in no form', async () => {
    const own = await rig();
    const detail = { name: 'DB_PASSWORD', value: SECRET };
    const text = `DB_PASSWORD=${SECRET}`;
    own.world.record({ kind: 'config', component: 'web', user: 'alice', text, detail });
    own.happen(1);
    const events = await own.past(await open(own));
    expect(events.length).toBeGreaterThan(0);
    expect(JSON.stringify(events)).not.toContain(SECRET);
  });

  unless(past, 'that come are brought once, however many lie between two looks', async () => {
    const own = await eventful(3);
    const source = await open(own);
    const before = await own.past(source);
    const following = own.follow(source, { lines: 0 });
    await following.until(() => following.steps.some((step) => step.kind === 'notice'));
    await own.isAsked(dialect.routes.events);
    for (let number = 4; number <= 40; number += 1) own.happen(number);
    const wanted = (await own.past(source)).slice(before.length).map((event) => source.keyOf(event));
    expect(wanted.length).toBeGreaterThanOrEqual(37);
    await following.until(() => following.items.length >= wanted.length);
    following.stop.abort(new Error('enough'));
    await following.end;
    expect(following.items.map((event) => source.keyOf(event)).toSorted()).toEqual(wanted.toSorted());
  });

  unless(
    past ?? dialect.spared?.events,
    'that came while nobody answered are brought afterwards',
    async () => {
      const own = await eventful(3);
      const source = await open(own);
      const before = await own.past(source);
      const following = own.follow(source, { lines: 0 });
      await following.until(() => following.steps.some((step) => step.kind === 'notice'));
      await own.isAsked(dialect.routes.events);
      own.strike({ name: 'connection-refused', route: dialect.routes.events, times: 8 });
      for (let number = 4; number <= 9; number += 1) own.happen(number);
      await own.isAsked(dialect.routes.events);
      for (let number = 10; number <= 12; number += 1) own.happen(number);
      own.server.faults.clear();
      const wanted = (await own.past(source)).slice(before.length).map((event) => source.keyOf(event));
      await following.until(() => following.items.length >= wanted.length);
      following.stop.abort(new Error('enough'));
      await following.end;
      expect(following.items.map((event) => source.keyOf(event)).toSorted()).toEqual(wanted.toSorted());
    },
  );

  unless(null, 'are no longer asked for when they are not wanted any more', async () => {
    const own = await eventful(3);
    const following = own.follow(await open(own));
    await following.until(() => following.steps.some((step) => step.kind === 'notice'));
    const reason = new Error('enough');
    following.stop.abort(reason);
    expect(await following.end).toBe(reason);
    await own.quiet();
  });

  unless(null, 'of an app that is not there are not found', async () => {
    const own = await rig();
    const { events, client, refOf, signal } = own;
    const ref = refOf(dialect.unknown);
    const opening = events.open(client, ref, { types: [], users: [] }, signal);
    const reading = opening.then((source) => own.past(source));
    own.expectSentence(await reading.catch((thrown: unknown) => thrown), 'not-found');
  });
});

appContract('states', ({ dialect, rig, unless }) => {
  unless(null, 'that can be waited for are listed once, each with its meaning', async () => {
    const { events } = await rig();
    const words = events.states.map(({ state }) => state);
    expect(new Set(words).size).toBe(words.length);
    expect(words).toContain('running');
    for (const { meaning } of events.states) expect(meaning).not.toBe('');
  });

  unless(null, 'that the platform tells are among them', async () => {
    const own = await rig();
    const { events, client, ref, signal } = own;
    const words = events.states.map(({ state }) => state);
    for (const end of ['succeeded', 'failed'] as const) {
      own.deployed(end);
      const states = await events.state(client, ref, signal);
      expect(states.length).toBeGreaterThan(0);
      for (const { state, nativeState, also = [] } of states) {
        expect(words).toEqual(expect.arrayContaining([state, ...also]));
        expect(nativeState).not.toBe('');
      }
    }
  });

  unless(dialect.eventless, 'that events tell of are among them', async () => {
    const own = await rig();
    const { events, client, ref, signal } = own;
    for (const end of ['succeeded', 'failed'] as const) own.deployed(end);
    own.happen(1);
    const words = events.states.map(({ state }) => state);
    const source = await events.open(client, ref, { types: [], users: [] }, signal);
    const told = (await own.past(source)).flatMap((event) => events.stateOf?.(event) ?? []);
    expect(told.length).toBeGreaterThan(0);
    expect(words).toEqual(expect.arrayContaining(told));
  });

  unless(null, 'of what is not there are not found', async () => {
    const own = await rig();
    const { events, client, refOf, signal } = own;
    const asking = events.state(client, refOf(dialect.unknown), signal);
    own.expectSentence(await asking.catch((thrown: unknown) => thrown), 'not-found');
  });
});

/** One line for people, of a known kind, and the platform's own word. */
function expectTold({ kind, nativeKind, message }: PlatformEvent): void {
  expect(kind).toMatch(KINDS);
  expect(nativeKind).not.toBe('');
  expect(message).toMatch(/^[^\n]+$/);
}
