import { describe, expect, it } from 'vitest';
import { createFrameReader } from '../../../src/providers/scalingo/frames.ts';
import { parseLine } from '../../../src/providers/scalingo/translate.ts';

const header = '2026-09-20 14:15:34.371836275 +0200 CEST [web-1]';
const bytes = (frame: unknown) => Buffer.from(typeof frame === 'string' ? frame : JSON.stringify(frame));
const read = (...frames: unknown[]) => createFrameReader(parseLine).frames(frames.map(bytes));
const texts = (...frames: unknown[]) => read(...frames).items.map(({ raw }) => raw);

describe('frames of a websocket', () => {
  it('reads both names of the kind, alone and with many in one batch', () => {
    expect(
      texts({ event: 'log', log: `${header} hello\r\n`, timestamp: '2026-09-20T12:15:34.371Z' }),
    ).toEqual([`${header} hello`]);
    expect(
      texts({ name: 'log', log: 'a\n' }, { event: 'log', log: 'b' }, { event: 'log', log: 'c\r\n' }),
    ).toEqual(['a', 'b', 'c']);
  });

  it('keeps the borders of frames when some are not ASCII', () => {
    expect(
      texts({ event: 'log', log: 'é\n' }, { event: 'log', log: 'b\n' }, { event: 'log', log: '日本\n' }),
    ).toEqual(['é', 'b', '日本']);
  });

  it('splits several lines of one frame and keeps empty ones between them', () => {
    expect(texts({ event: 'log', log: 'a\r\nb\n\n  c\rd\r\n' })).toEqual(['a', 'b', '', '  c\rd']);
  });

  it('takes pings for signs of life', () => {
    expect(read({ event: 'ping', timestamp: 'x' }, { name: 'ping' })).toEqual({ items: [] });
    expect(texts({ event: 'ping' }, { event: 'log', log: 'a\n' }, { event: 'ping' })).toEqual(['a']);
  });

  it('loses no text of frames that it cannot read', () => {
    expect(texts('plain text\nof two lines\n')).toEqual(['plain text', 'of two lines']);
    expect(texts('{"event":"log","log":"half')).toEqual(['{"event":"log","log":"half']);
    expect(texts('[1,2]', '7', 'null')).toEqual(['[1,2]', '7', 'null']);
    expect(texts({ event: 'log', log: null })).toEqual(['{"event":"log","log":null}']);
    expect(texts({ log: 'without a kind\n' })).toEqual(['without a kind']);
    expect(texts({ event: 'batch', log: 'of another kind\n' })).toEqual(['of another kind']);
  });

  it('mentions an unknown kind once per connection', () => {
    const reader = createFrameReader(parseLine);
    const frame = [bytes({ event: `maintenance${'!'.repeat(500)}`, at: 'noon' })];
    const [notice] = reader.frames(frame).notices ?? [];
    expect(notice?.message).toContain('maintenance');
    expect(notice?.message.length).toBeLessThan(140);
    expect(reader.frames(frame)).toEqual({ items: [] });
  });

  it('cuts a line of more than a mebibyte at a character and counts the rest', () => {
    const [entry] = read({ event: 'log', log: `${'x'.repeat(1024 * 1024 - 1)}é${'y'.repeat(10)}\n` }).items;
    expect([entry?.raw.length, entry?.truncated]).toEqual([1024 * 1024 - 1, 12]);
  });

  it('parses lazily: what the header says is there when asked', () => {
    expect(read({ event: 'log', log: `${header} x\r\n` }).items[0]?.body).toMatchObject({
      instance: 'web-1',
      message: 'x',
    });
  });
});

describe('events of an event stream, in both readings', () => {
  const events = (...list: [event: string, data: string][]) =>
    createFrameReader(parseLine)
      .events(list.map(([event, data]) => ({ event, data })))
      .items.map(({ raw }) => raw);

  it('reads raw lines', () => {
    expect(events(['message', `${header} a`], ['log', 'b\nc'])).toEqual([`${header} a`, 'b', 'c']);
  });

  it('reads the JSON of frames', () => {
    expect(
      events(['message', '{"event":"log","log":"a\\r\\n"}'], ['log', '{"name":"log","log":"b"}']),
    ).toEqual(['a', 'b']);
  });

  it('takes comments and pings of any form for signs of life', () => {
    expect(
      events(
        ['', ''],
        ['ping', 'x'],
        ['message', 'ping'],
        ['message', '{"event":"ping"}'],
        ['message', '{"name":"ping","timestamp":"t"}'],
      ),
    ).toEqual([]);
  });

  it('leaves JSON that an app wrote alone', () => {
    expect(
      events(['message', '{"name":"Bob","log":"x"}'], ['message', '{"event":"login"}'], ['message', '{"a":']),
    ).toEqual(['{"name":"Bob","log":"x"}', '{"event":"login"}', '{"a":']);
  });
});
