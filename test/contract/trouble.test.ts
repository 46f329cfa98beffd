// What can go wrong with a request for builds, metrics or events: each refusal is one sentence of the right kind, asked
// for again only where that can help.
import { expect } from 'vitest';
import { instantFromMillis, shiftInstant } from '../../src/model.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import { type AppRig, appContract, collected } from './app-rig.ts';
import { HASTY } from './rig.ts';

const QUESTIONS = {
  builds: ({ builds, client, ref }: AppRig, signal: AbortSignal): Promise<unknown> =>
    collected(builds.list(client, ref, signal)),
  // What was named is an error where it cannot be read; of all together some may be left out with a word.
  async metrics({ metrics, client, ref }: AppRig, signal: AbortSignal): Promise<unknown> {
    const [kind] = await metrics.list(client, ref, signal);
    const until = instantFromMillis(Date.now());
    const range = { since: shiftInstant(until, -3_600_000), until, resolution: null, components: [] };
    return metrics.query(client, ref, { metrics: [kind?.metric ?? ''], ...range }, signal);
  },
  async events({ events, client, ref }: AppRig, signal: AbortSignal): Promise<unknown> {
    const source = await events.open(client, ref, { types: [], users: [] }, signal);
    const history = source.history({ lines: 20, since: null, until: null }, signal);
    for (;;) if ((await history.next()).done === true) return;
  },
} as const;

appContract('trouble', ({ dialect, rig, unless }) => {
  for (const subject of ['builds', 'metrics', 'events'] as const) {
    const ask = QUESTIONS[subject];
    const route = dialect.routes[subject];
    const spared = dialect.spared?.[subject];
    const failing = async (own: AppRig) => ask(own, own.signal).catch((thrown: unknown) => thrown);

    for (const name of ['not-json', 'wrong-shape'] as const) {
      unless(spared, `${subject}: an answer that is ${name} is no answer of the platform`, async () => {
        const own = await rig();
        own.strike({ name, route });
        own.expectSentence(await failing(own), 'platform');
      });
    }

    unless(
      spared,
      `${subject}: a session that is refused for good is not asked for again and again`,
      async () => {
        const own = await rig();
        own.strike({ name: 'unauthorized', route });
        own.expectSentence(await failing(own), 'auth');
        // Once more with another session, or with the credential in another form.
        const paths = own.server.requests
          .filter((request) => request.route === route)
          .map(({ path }) => path);
        expect(paths.length).toBeLessThanOrEqual(3 * new Set(paths).size);
        await own.quiet();
      },
    );

    const passing: readonly Fault[] = [
      { name: 'server-error', status: 503 },
      { name: 'html-error', status: 502 },
      { name: 'rate-limited', retryAfter: 0 },
      { name: 'connection-refused' },
    ];
    for (const fault of passing) {
      unless(null, `${subject}: ${fault.name} that passes is waited out`, async () => {
        const own = await rig();
        own.strike({ ...fault, route, times: 1 });
        await ask(own, own.signal);
        expect(own.asked(route)).toBeGreaterThanOrEqual(2);
      });

      unless(spared, `${subject}: ${fault.name} that stays is said in one sentence`, async () => {
        const own = await rig({ retry: HASTY });
        own.strike({ ...fault, route });
        expect(own.expectSentence(await failing(own), 'unavailable').retryable).toBe(true);
        await own.quiet();
      });
    }

    unless(spared, `${subject}: are not asked for again before the platform said so`, async () => {
      const own = await rig();
      own.strike({ name: 'rate-limited', route, retryAfter: 7 });
      expect(own.expectSentence(await failing(own), 'unavailable')).toMatchObject({
        retryAfter: 7000,
        status: 429,
      });
    });

    unless(null, `${subject}: are given up at once when nobody waits any more`, async () => {
      const own = await rig();
      own.strike({ name: 'half-open', route });
      const { signal, abort } = stopper(own);
      const asking = ask(own, signal).catch((thrown: unknown) => thrown);
      await own.isAsked(route);
      const reason = new Error('enough');
      abort(reason);
      expect(await asking).toBe(reason);
      await own.quiet();
    });
  }
});

function stopper(own: AppRig) {
  const stop = own.stop();
  return { signal: stop.signal, abort: (reason: Error) => stop.abort(reason) };
}
