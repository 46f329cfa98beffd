import { expect, test } from 'vitest';
import { createInbox } from '../../src/transport/inbox.ts';

function inboxOf(limits: { maxBytes?: number; maxItems?: number } = {}) {
  const calls: string[] = [];
  const inbox = createInbox<string, string>({
    maxBytes: limits.maxBytes ?? 1000,
    maxItems: limits.maxItems ?? 1000,
    pause: () => calls.push('pause'),
    resume: () => calls.push('resume'),
  });
  return { inbox, calls };
}

test('hands over what came since, in order, in one batch', async () => {
  const { inbox } = inboxOf();
  inbox.push('a', 1);
  inbox.push('b', 1);
  expect(await inbox.take()).toEqual({ items: ['a', 'b'] });
  const pending = inbox.take();
  inbox.push('c', 1);
  expect(await pending).toEqual({ items: ['c'] });
});

test.each([{ maxBytes: 10 }, { maxItems: 2 }])(
  'pauses once at its bound %o and resumes when emptied',
  async (limits) => {
    const { inbox, calls } = inboxOf(limits);
    for (let at = 0; at < 4; at++) inbox.push('x', 5);
    expect(calls).toEqual(['pause']);
    expect(await inbox.take()).toEqual({ items: ['x', 'x', 'x', 'x'] });
    expect(calls).toEqual(['pause', 'resume']);
  },
);

test('a sign of life is an empty batch, once, and none when items are there', async () => {
  const { inbox } = inboxOf();
  inbox.touch();
  inbox.touch();
  expect(await inbox.take()).toEqual({ items: [] });
  inbox.touch();
  inbox.push('a', 1);
  expect(await inbox.take()).toEqual({ items: ['a'] });
  inbox.end('over');
  expect(await inbox.take()).toEqual({ end: 'over' });
});

test('what came before the end or the failure is handed over first', async () => {
  const { inbox } = inboxOf();
  inbox.push('a', 1);
  inbox.fail(new Error('reset'));
  inbox.end('too late');
  inbox.push('too late', 1);
  expect(await inbox.take()).toEqual({ items: ['a'] });
  await expect(inbox.take()).rejects.toThrow('reset');
});

test('a stop drops what is held and ends a pending take', async () => {
  const { inbox } = inboxOf();
  const pending = inbox.take();
  inbox.stop(new Error('stopped'));
  await expect(pending).rejects.toThrow('stopped');
  const held = inboxOf().inbox;
  held.push('a', 1);
  held.end('over');
  held.stop(new Error('stopped'));
  await expect(held.take()).rejects.toThrow('stopped');
});
