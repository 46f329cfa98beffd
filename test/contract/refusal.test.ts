// What a platform refuses: each refusal is one sentence of the right kind, asked for again only where that can help.
import { expect, it } from 'vitest';
import { isSupported } from '../../src/provider.ts';
import type { Fault, FaultName } from '../../src/sandbox/faults.ts';
import { PLATFORMS } from './platforms.ts';
import { HASTY, PATIENT, startRig } from './rig.ts';
import { contract } from './suite.ts';

const ALWAYS = { times: Number.POSITIVE_INFINITY };

contract('refusal', ({ platform, variant, rig, unless }) => {
  const { routes } = variant;
  const sessionless = routes.session === null ? 'the credential goes along with every request' : null;

  unless(null, 'takes a wrong credential for what it is, and does not try it again', async () => {
    const own = await rig({ env: platform.wrong });
    const error = await own.open().catch((thrown: unknown) => thrown);
    expect(own.expectSentence(error, 'auth').retryable).toBe(false);
    expect(own.requests(routes.credential)).toHaveLength(variant.credentialTries);
    await own.quiet();
  });

  unless(null, 'names the app that does not exist', async () => {
    const own = await rig();
    const error = await own.open(variant.unknown).catch((thrown: unknown) => thrown);
    expect(own.expectSentence(error, 'not-found').message).toContain(variant.unknown);
  });

  unless(sessionless, 'renews a session that is over, once and without a word', async () => {
    const own = await rig();
    own.write('past');
    const source = await own.open();
    await own.read(source);
    const sessions = own.requests(routes.session ?? '').length;
    own.strike({ name: 'unauthorized', route: routes.connect });
    for (let round = 0; round < 3; round += 1) expect((await own.read(source)).texts).toEqual(['past']);
    expect(own.requests(routes.session ?? '')).toHaveLength(sessions + 1);
  });

  unless(null, 'ends with a sentence when the credential is revoked while the log is followed', async () => {
    const drop = variant.live['clean-end'];
    const own = await rig();
    const source = await own.open();
    if (!('cannot' in drop)) own.strike(drop, { afterLines: variant.framesPerLine ?? 1 });
    const tail = own.tail(source);
    await own.live(tail);
    own.write('live 1');
    await tail.has('live 1');
    own.strike({ name: 'unauthorized', route: routes.connect, ...ALWAYS });
    const asked = own.requests(routes.connect).length;
    own.write('live 2');
    const end = await tail.end;
    own.expectSentence('thrown' in end ? end.thrown : end, 'auth');
    expect(own.requests(routes.connect).length - asked).toBeLessThanOrEqual(2);
    await own.quiet();
  });

  for (const name of ['not-json', 'wrong-shape'] as const) {
    unless(null, `takes an answer that is ${name} for no answer of the platform`, async () => {
      const own = await rig();
      own.strike({ name, route: routes.open, ...ALWAYS });
      const error = await own.open().catch((thrown: unknown) => thrown);
      own.expectSentence(error, 'platform');
    });
  }

  const TROUBLE: readonly [FaultName, Partial<Fault>][] = [
    ['server-error', { status: 500 }],
    ['server-error', { status: 502 }],
    ['server-error', { status: 503 }],
    ['html-error', { status: 502 }],
    ['rate-limited', {}],
    ['connection-refused', {}],
    ['cut-body', {}],
  ];
  for (const [name, more] of TROUBLE) {
    const title = [name, ...Object.entries(more).map((pair) => pair.join(' '))].join(', ');
    unless(null, `says in one sentence that ${title} keeps it from opening a log`, async () => {
      const own = await rig({ retry: HASTY });
      own.strike({ name, route: routes.open, ...more, ...ALWAYS });
      const error = await own.open().catch((thrown: unknown) => thrown);
      expect(own.expectSentence(error, 'unavailable').retryable).toBe(true);
      await own.quiet();
    });
  }

  const passing = TROUBLE.filter(([, { status }]) => status !== 500);
  for (const [name, trouble] of passing) {
    // Without a word of when to come back it is seconds on some platforms; live has that.
    const more = name === 'rate-limited' ? { retryAfter: 0 } : trouble;
    const title = [name, ...Object.entries(more).map((pair) => pair.join(' '))].join(', ');
    unless(null, `opens a log in spite of ${title} that passes`, async () => {
      const own = await rig();
      own.write('past');
      own.strike({ name, route: routes.open, ...more });
      const asked = own.requests(routes.open).length;
      await own.open();
      expect(own.requests(routes.open).length - asked).toBeGreaterThanOrEqual(2);
    });
  }

  unless(null, 'does not ask again before the platform said so', async () => {
    const own = await rig();
    own.strike({ name: 'rate-limited', route: routes.open, retryAfter: 7, ...ALWAYS });
    const error = await own.open().catch((thrown: unknown) => thrown);
    expect(own.expectSentence(error, 'unavailable')).toMatchObject({ retryAfter: 7000, status: 429 });
    expect(own.requests(routes.open)).toHaveLength(1);
  });

  unless(null, 'says that nobody answers there', async () => {
    const own = await rig({ retry: HASTY });
    await own.server.close();
    const error = await own.open().catch((thrown: unknown) => thrown);
    own.expectSentence(error, 'unavailable');
  });

  unless(null, 'knows who asks and what can be asked for', async () => {
    const own = await rig();
    const provider = platform.provider({ retry: PATIENT, keepalive: 0 });
    const { signal } = new AbortController();
    expect((await provider.whoami(own.client, signal)).user).not.toBe('');
    if (!isSupported(provider.apps)) throw new Error('no list of apps');
    const apps = await provider.apps.list(own.client, signal);
    expect(apps.map(({ name }) => name)).toContain(variant.target);
  });
});

it.each(PLATFORMS.map((platform) => [platform.name, platform] as const))(
  'refusal: %s is left alone for the second that it asked for, and then asked again',
  async (_name, platform) => {
    const [variant] = platform.variants;
    if (variant === undefined) throw new Error('no variant');
    const own = await startRig(platform, variant, { retry: PATIENT });
    const { open } = variant.routes;
    own.strike({ name: 'rate-limited', route: open, retryAfter: 1 });
    let answered = 0;
    const waits: number[] = [];
    own.server.onAnswered(({ route }) => {
      if (route !== open) return;
      if (answered > 0) waits.push(performance.now() - answered);
      answered = performance.now();
    });
    await own.open();
    // Timers may be a millisecond early.
    expect(waits[0]).toBeGreaterThanOrEqual(990);
  },
);
