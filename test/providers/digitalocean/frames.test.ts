import { describe, expect, it } from 'vitest';
import { createFrameReader } from '../../../src/providers/digitalocean/frames.ts';
import { createLineParser } from '../../../src/providers/digitalocean/translate.ts';
import { frame, line } from './setup.ts';

const parse = createLineParser({ source: 'app', deployment: null, component: null });
const bytes = (texts: readonly string[]) => texts.map((text) => new Uint8Array(Buffer.from(text, 'utf8')));

function read(...batches: string[][]) {
  const reader = createFrameReader(parse);
  const lines = batches.map((texts) => reader.read(bytes(texts)).items.map(({ raw }) => raw));
  const rest = reader.end({ broken: false })?.items.map(({ raw }) => raw) ?? [];
  return { lines, rest };
}

describe('frames', () => {
  it('hold one line each', () => {
    expect(read([frame(`${line(1, 'a')}\n`), frame(`${line(2, 'b')}\n`)]).lines).toEqual([
      [line(1, 'a'), line(2, 'b')],
    ]);
  });

  it('hold several lines, CR LF and empty ones among them', () => {
    expect(read([frame('a\r\n\n  b\nc\n')]).lines).toEqual([['a', '', '  b', 'c']]);
  });

  it('hold parts of lines, over batches too', () => {
    const { lines, rest } = read(
      [frame(`${line(1, 'half a li')}`)],
      [frame('ne\nx'), frame('y')],
      [frame('z\n')],
    );
    expect(lines).toEqual([[], [line(1, 'half a line')], ['xyz']]);
    expect(rest).toEqual([]);
  });

  it('break off between CR and LF, and inside an escaped character', () => {
    expect(read([frame('a\r'), frame('\nb\ud83d'), frame('\ude00\n')]).lines).toEqual([['a', 'b😀']]);
  });

  it('without line feeds are lines of their own when the next one has a header', () => {
    const { lines, rest } = read([frame(line(1, 'a'))], [frame(line(2, 'b'))], [frame(line(3, 'c'))]);
    // From the second on it is known that each frame is a line.
    expect(lines).toEqual([[], [line(1, 'a'), line(2, 'b')], [line(3, 'c')]]);
    expect(rest).toEqual([]);
  });

  it('that go on with a line are never taken for lines of their own again', () => {
    const { lines, rest } = read([
      frame(line(1, 'a')),
      frame(line(2, 'b')),
      frame('-b2\n'),
      frame(line(3, 'c')),
    ]);
    expect(lines.flat()).toEqual([line(1, 'a'), line(2, 'b'), '-b2']);
    expect(rest).toEqual([line(3, 'c')]);
  });

  it.each([
    ['{"data":"say \\"hi\\" \\\\ there\\n"}', 'say "hi" \\ there'],
    ['{"data":"tab\\there\\u00e9\\n"}', 'tab\thereé'],
    ['{ "data" : "spaces\\n" }', 'spaces'],
    ['{"data":"a","data":"b\\n"}', 'b'],
    ['{"data":"╭── é\\n"}', '╭── é'],
    ['{"data":"\\n"}', ''],
    ['{"seq":1,"data":"more fields\\n"}', 'more fields'],
    ['{"data":"tail\\n","x":"\\n"}', 'tail'],
  ])('are JSON however it is written: %s', (text, expected) => {
    expect(read([text]).lines).toEqual([[expected]]);
    expect(read([text, text]).lines).toEqual([[expected, expected]]);
  });

  it('without data say nothing; an error in them is said once', () => {
    const reader = createFrameReader(parse);
    expect(reader.read(bytes(['{}', '{"data":null}', '{"data":5}', '']))).toEqual({ items: [] });
    const said = reader.read(bytes(['{"error":"no such pod"}', '{"error":"no such pod"}']));
    expect(said.notices).toEqual([{ kind: 'warning', message: 'DigitalOcean says: no such pod' }]);
  });

  it.each(['plain text', '{"broken', '[1,2]', '"text"', '12', `{"a":${'['.repeat(100_000)}`])(
    'that are no JSON objects pass through as lines: %.20s',
    (text) => {
      expect(read([text]).lines).toEqual([[text]]);
    },
  );

  it('that are no JSON end an open line only with what they bring', () => {
    expect(read([frame('a')], [line(2, 'raw')], [frame('c\n')]).lines.flat()).toEqual([
      'a',
      line(2, 'raw'),
      'c',
    ]);
  });

  it('with an overlong line keep a megabyte of it and count the rest', () => {
    const reader = createFrameReader(parse);
    const piece = 'é'.repeat(300_000);
    for (let index = 0; index < 5; index += 1) reader.read(bytes([frame(piece)]));
    const [entry] = reader.read(bytes([frame('\n')])).items;
    expect(Buffer.byteLength(entry?.raw ?? '')).toBeLessThanOrEqual(1024 * 1024);
    expect(Buffer.byteLength(entry?.raw ?? '') + (entry?.truncated ?? 0)).toBe(3_000_000);
    expect(reader.read(bytes([frame('next\n')])).items.map(({ raw }) => raw)).toEqual(['next']);
  });

  it('are cut only when the connection broke inside a line', () => {
    const cut = createFrameReader(parse);
    cut.read(bytes([frame('half')]));
    expect(cut.end({ broken: true })?.cut).toBe(true);
    const clean = createFrameReader(parse);
    clean.read(bytes([frame('last')]));
    const rest = clean.end({ broken: false });
    expect(rest?.items.map(({ raw }) => raw)).toEqual(['last']);
    expect(rest?.cut).toBeUndefined();
    expect(clean.end({ broken: true })).toBeNull();
  });

  it('of any cut give the same lines', () => {
    const whole = `${[line(1, 'a'), '', 'no header', line(2, '"quoted" \\ é')].join('\n')}\n`;
    for (let at = 1; at < whole.length; at += 1) {
      const pieces = [whole.slice(0, at), whole.slice(at)].map(frame);
      expect(read(pieces).lines.flat()).toEqual(whole.split('\n').slice(0, -1));
    }
  });
});
