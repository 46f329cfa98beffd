// What stands at the end of a line of text: parsed fields, highlights, the mark of late lines.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHighlight } from '../../src/output/highlight.ts';
import { createLogRenderer, type LogForm, type LogRenderOptions } from '../../src/output/logs.ts';
import { readMessage, unread } from '../../src/stream/message.ts';
import { item, noon, shop } from './sample.ts';

const options: LogRenderOptions = {
  targets: [shop],
  isTTY: false,
  columns: () => 80,
  color: 0,
  timestamps: 'none',
  noPrefix: true,
  read: readMessage,
  now: () => noon,
};

async function shown(message: string, more: Partial<LogRenderOptions> = {}, form: LogForm = 'text') {
  const { head, entries } = await createLogRenderer(form, { ...options, ...more });
  return head + String(entries([item({ message })]));
}

const INVERSE = '\x1b[7m';
const POSITIVE = '\x1b[27m';
const DIM = '\x1b[2m';
const UNDIM = '\x1b[22m';

const JSON_LINE =
  '{"level":"error","msg":"it failed","id":7,"user":{"name":"Ann"},"note":"two words","none":null}';

describe('--fields', () => {
  it.each([
    [JSON_LINE, 'it failed level=error id=7 user={"name":"Ann"} note="two words" none=null'],
    ['level=info msg="request done" path=/ empty= flag', 'request done level=info path=/ empty= flag=true'],
    ['at=error code=H10 desc="App crashed"', 'at=error code=H10 desc="App crashed"'],
    ['plain text', 'plain text'],
    ['{"msg":"only that"}', 'only that'],
    ['{"msg":"two\\nlines","a=b":"c\\"d","e":"\\u0007"}', 'two\\nlines "a=b"="c\\"d" e="\\u0007"'],
  ])('shows %s in a pipe', async (message, expected) => {
    expect(await shown(message, { fields: true })).toBe(`${expected}\n`);
  });

  it('shows the level as a badge and dims the pairs on a terminal', async () => {
    expect(await shown(JSON_LINE, { fields: true, isTTY: true, color: 1, zone: 'UTC' })).toBe(
      `\x1b[31mERROR\x1b[39m it failed ${DIM}id=7 user={"name":"Ann"} note="two words" none=null${UNDIM}\n`,
    );
  });

  it('neutralises control sequences in keys and values', async () => {
    const message = '{"msg":"a\\u001b]0;t\\u0007b","k\\u009b2J":"\\u202ev"}';
    expect(await shown(message, { fields: true, isTTY: true, zone: 'UTC' })).toBe('ab k=<U+202E>v\n');
  });

  it('keeps the trace behind a structured line', async () => {
    expect(await shown('level=error msg=bad\nError: x', { fields: true })).toBe(
      'bad\\nError: x level=error\n',
    );
  });

  it('stands in the table too', async () => {
    expect(await shown('level=warn msg=slow ms=9', { fields: true }, 'table')).toContain(
      'warn   slow ms=9\n',
    );
  });
});

describe('without --fields', () => {
  it('the message stays as it was written, with its level as a badge on a terminal', async () => {
    expect(await shown(JSON_LINE)).toBe(`${JSON_LINE}\n`);
    expect(await shown(JSON_LINE, { isTTY: true, zone: 'UTC' })).toBe(`ERROR ${JSON_LINE}\n`);
    expect(await shown(JSON_LINE, { isTTY: true, zone: 'UTC', read: unread })).toBe(`${JSON_LINE}\n`);
  });
});

describe('records', () => {
  it('have level, severity and fields of the message, which stays whole', async () => {
    expect(JSON.parse(await shown(JSON_LINE, {}, 'ndjson'))).toMatchObject({
      level: 'error',
      severity: 17,
      message: JSON_LINE,
      fields: JSON.parse(JSON_LINE),
    });
    expect(JSON.parse(await shown(JSON_LINE, { read: unread }, 'ndjson'))).toMatchObject({
      level: null,
      severity: null,
      fields: null,
    });
  });

  it('keep all digits of numbers', async () => {
    expect(await shown('{"id":12345678901234567890}', {}, 'ndjson')).toContain(
      '"fields":{"id":12345678901234567890},',
    );
  });

  it('escape in parsed JSON what a terminal acts on', async () => {
    const line = await shown('{"a":"\x9b2J"}', { isTTY: true }, 'ndjson');
    expect(line).not.toContain('\x9b');
    expect(JSON.parse(line).fields).toEqual({ a: '\x9b2J' });
  });

  it('give fields to templates and columns', async () => {
    expect(await shown(JSON_LINE, {}, { template: '{{level}} {{fields.user.name}}' })).toBe('error Ann\n');
    expect(await shown(JSON_LINE, { csvColumns: 'severity,fields.id' }, 'csv')).toBe(
      'severity,fields.id\n17,7\n',
    );
  });
});

describe('a message is not parsed', () => {
  const never = () => {
    throw new Error('parsed');
  };
  it.each<[string, LogForm, Partial<LogRenderOptions>]>([
    ['raw', 'raw', {}],
    ['text in a pipe', 'text', {}],
    ['a template without its fields', { template: '{{ts}} {{message}}' }, {}],
    ['columns without its fields', 'csv', { csvColumns: 'ts,message' }],
  ])('for %s', async (_, form, more) => {
    expect(await shown(JSON_LINE, { ...more, read: never }, form)).toContain('it failed');
  });
});

describe('--highlight', () => {
  const finder = (word: string) => ({
    spans(text: string) {
      const found: [number, number][] = [];
      for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + 1))
        found.push([at, at + word.length]);
      return found;
    },
  });
  const colored = { isTTY: true, color: 1, zone: 'UTC' } as const;

  it.each([
    ['an error is an error', ['error'], `an ${INVERSE}error${POSITIVE} is an ${INVERSE}error${POSITIVE}`],
    ['overlap', ['over', 'verl', 'ap'], `${INVERSE}overlap${POSITIVE}`],
    ['none', ['some'], 'none'],
    ['x\x1b[31mred\x1b[0m', ['xre'], `${INVERSE}x\x1b[31m${INVERSE}re${POSITIVE}d\x1b[0m`],
    ['\x1b[31m31m', ['31m'], `\x1b[31m${INVERSE}31m${POSITIVE}\x1b[0m`],
    ['one\ntwo', ['e\nt'], `on${INVERSE}e${POSITIVE}\n${INVERSE}t${POSITIVE}wo`],
  ])('marks in %j', async (message, words, expected) => {
    expect(await shown(message, { ...colored, highlight: words.map(finder) })).toBe(`${expected}\n`);
  });

  it('does nothing without colour, and something in a pipe that is to have colour', async () => {
    const highlight = [finder('it')];
    expect(await shown('it', { highlight })).toBe('it\n');
    expect(await shown('it', { highlight, isTTY: true, zone: 'UTC' })).toBe('it\n');
    expect(await shown('it', { highlight, color: 1 })).toBe(`${INVERSE}it${POSITIVE}\n`);
  });

  it('sees parsed fields as they are shown', async () => {
    const text = await shown('{"msg":"m","id":7}', { ...colored, highlight: [finder('m id')], fields: true });
    expect(text).toBe(`${INVERSE}m ${DIM}${INVERSE}id${POSITIVE}=7${UNDIM}\n`);
  });

  it('changes nothing but colour', () => {
    const spans = fc.array(fc.tuple(fc.nat(30), fc.nat(5)), { maxLength: 5 });
    const texts = fc.array(fc.constantFrom('a', 'b', '\n', '\x1b[31m', '\x1b[0m', '🧙'), { maxLength: 30 });
    fc.assert(
      fc.property(texts, spans, (parts, given) => {
        const text = parts.join('');
        const find = {
          spans: (plain: string) =>
            given
              .map(([start, length]) => [start, Math.min(plain.length, start + length)] as const)
              .filter(([start, end]) => end > start),
        };
        const mark = createHighlight([find], { open: '<', close: '>' });
        expect(mark?.(text).replace(/[<>]/g, '')).toBe(text);
      }),
    );
  });
});
