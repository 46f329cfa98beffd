// Whoever stops a log is rid of it at once: no wait goes on, no connection and no request stays open.
import { expect } from 'vitest';
import { isPolled } from './rig.ts';
import { contract } from './suite.ts';
import { eventually } from './tail.ts';

const ALWAYS = { times: Number.POSITIVE_INFINITY };

contract('stop', ({ platform, variant, rig, onFault, unless }) => {
  unless(null, 'while the log is quiet', async () => {
    const own = await rig();
    const tail = own.tail(await own.open());
    await own.live(tail);
    await tail.stop();
    expect(await tail.end).toEqual({ thrown: new Error('the test is over') });
    await own.quiet();
  });

  unless(null, 'before anything was read', async () => {
    const own = await rig();
    const source = await own.open();
    const asked = own.server.requests.length;
    const pulled = own.pull(source);
    const reason = new Error('enough');
    pulled.abort.abort(reason);
    expect(await pulled.drained()).toBe(reason);
    await own.quiet();
    expect(own.server.requests.length - asked).toBeLessThanOrEqual(1);
  });

  unless(null, 'while much lies unread', async () => {
    const own = await rig();
    const pulled = own.pull(await own.open());
    for (let said = ''; said !== 'connected'; ) {
      const step = await pulled.steps.next();
      if (step.done === true) throw new Error('the feed ended');
      if (step.value.kind === 'notice') said = step.value.notice.kind;
    }
    if (!isPolled(platform)) await own.server.watched(1);
    for (let index = 0; index < 2000; index += 1) own.write(`${index} ${'x'.repeat(500)}`);
    await pulled.steps.next();
    pulled.abort.abort(new Error('enough'));
    await pulled.steps.return(undefined);
    await own.quiet();
  });

  unless(null, 'while a log is being opened', async () => {
    const own = await rig();
    const asked = own.requests(variant.routes.open).length;
    own.strike({ name: 'half-open', route: variant.routes.open });
    const stop = new AbortController();
    const opening = own.open(variant.target, stop.signal).catch((error: unknown) => error);
    await eventually(() => own.requests(variant.routes.open).length > asked);
    const reason = new Error('enough');
    stop.abort(reason);
    expect(await opening).toBe(reason);
    await own.quiet();
  });

  onFault('live', 'half-open', 'while nothing comes any more, not even a sign of life', async (fault) => {
    const own = await rig();
    const source = await own.open();
    const asked = own.requests(fault.route).length;
    own.strike(fault, { skip: asked === 0 ? 0 : 2 });
    const tail = own.tail(source);
    await eventually(() => own.requests(fault.route).length > asked + (asked === 0 ? 0 : 2));
    await tail.stop();
    await own.quiet();
  });

  onFault('live', 'server-error', 'while it waits before connecting again', async (fault) => {
    const own = await rig();
    const source = await own.open();
    own.strike(fault, { status: 500, ...ALWAYS });
    const timing = { backoffFirst: 60_000, backoffMost: 60_000, startWithin: 600_000 };
    const tail = own.tail(source, { timing, lines: 0 });
    await tail.told('disconnected');
    const asked = own.server.requests.length;
    await tail.stop();
    await own.quiet();
    expect(own.server.requests).toHaveLength(asked);
  });

  unless(null, 'without an effect on others that read the same log', async () => {
    const own = await rig();
    const source = await own.open();
    const first = own.tail(source);
    await own.live(first);
    const second = own.tail(await own.open());
    await own.live(second);
    // Akkeris shows nothing of a stream that stands before its first line: only the server knows that there are two.
    if (!isPolled(platform)) await own.server.watched(2);
    await first.stop();
    own.write('for the second');
    await second.has('for the second');
    expect(first.texts).toEqual([]);
  });
});
