// Lists in columns: whole in a pipe, fitted on a terminal.
import fastStringWidth from 'fast-string-width';
import { describe, expect, it } from 'vitest';
import { renderTable, type Table } from '../../src/output/table.ts';
import { loadWidth } from '../../src/output/width.ts';

const pipe = { isTTY: false, columns: 20, color: 0 } as const;
const terminal = (columns: number) => ({ isTTY: true, columns, color: 0 }) as const;

const apps: Table = {
  columns: [{ title: 'APP' }, { title: 'INSTANCES', align: 'right' }, { title: 'STATUS' }],
  rows: [
    ['scalingo:shop', '2', 'running'],
    ['container-station:docker/日本', '11', ''],
    ['é👩‍👩‍👧', '', 'a\tb\x1b[2J\nc'],
  ],
};

describe('a table in a pipe', () => {
  it('is aligned, whole and plain', async () => {
    expect(await renderTable(apps, pipe)).toBe(
      [
        'APP                            INSTANCES  STATUS',
        'scalingo:shop                          2  running',
        'container-station:docker/日本         11  -',
        `é👩‍👩‍👧${' '.repeat(26)}          -  a b c`,
        '',
      ].join('\n'),
    );
  });

  it('without rows is its heading', async () => {
    expect(await renderTable({ ...apps, rows: [] }, pipe)).toBe('APP  INSTANCES  STATUS\n');
  });
});

describe('columns that are copied', () => {
  const targets: Table = {
    columns: [
      { title: 'TARGET', whole: true },
      { title: 'COMPONENTS' },
      { title: 'REGION', drop: 2 },
      { title: 'STATUS', drop: 1 },
    ],
    rows: [
      ['container-station:docker/shop-migrate', 'web worker clock database', 'osc-secnum-fr1', 'running'],
    ],
  };

  it.each([
    [100, ['TARGET', 'COMPONENTS', 'REGION', 'STATUS']],
    [80, ['TARGET', 'COMPONENTS', 'REGION', 'STATUS']],
    [60, ['TARGET', 'COMPONENTS', 'STATUS']],
    [50, ['TARGET', 'COMPONENTS']],
  ])(
    'stay whole at %i columns: others narrow, then those that may be left out go',
    async (columns, titles) => {
      const lines = (await renderTable(targets, terminal(columns))).trimEnd().split('\n');
      expect(lines[0]?.split(/ +/)).toEqual(titles);
      expect(lines[1]).toMatch(/^container-station:docker\/shop-migrate /);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
      const components = lines.slice(1).map((line) => line.slice(39, 49));
      if (columns === 50) expect(components).toEqual(['web worker', 'clock', 'database']);
    },
  );

  it('share what is left evenly, and break a word that has no room rather than cut it', async () => {
    const wide: Table = {
      columns: [{ title: '', keep: true }, { title: 'A' }, { title: 'B' }, { title: 'C' }],
      rows: [['row', 'x'.repeat(90), 'two words '.repeat(9), 'y'.repeat(40)]],
    };
    const lines = (await renderTable(wide, terminal(60))).trimEnd().split('\n');
    expect(lines[0]?.indexOf('B')).toBe(24);
    expect(lines[0]?.indexOf('C')).toBe(43);
    expect(lines.join('').match(/x/g)).toHaveLength(90);
    expect(lines.join('').match(/y/g)).toHaveLength(40);
  });
});

describe('wide, joined and turned characters', () => {
  it.each(['日本', '👩‍👩‍👧', '🫨', '🇩🇪', 'e\u0301', '\u200fשלום', 'a\u200bb'])(
    'stay in their column: %j',
    async (text) => {
      const widthOf = await loadWidth();
      const table: Table = {
        columns: [{ title: 'A' }, { title: 'B' }],
        rows: [
          [text, '|'],
          ['wide enough', '|'],
        ],
      };
      for (const options of [terminal(80), pipe]) {
        const [, first = '', second = ''] = (await renderTable(table, options)).split('\n');
        expect(widthOf(first)).toBe(widthOf(second));
      }
    },
  );
});

describe('a table on a terminal', () => {
  const long: Table = {
    columns: [{ title: 'NAME' }, { title: 'COMPONENTS' }, { title: 'N', align: 'right' }],
    rows: [
      ['shop', 'web (service) x2, worker (worker), 日本語のコンポーネント, clock (job) and much more', '7'],
      ['an-application-with-a-long-name', 'web', '12'],
    ],
  };

  it.each([40, 60, 80, 200])('fits %d columns and loses no word', async (columns) => {
    const text = await renderTable(long, terminal(columns));
    for (const line of text.split('\n')) expect(fastStringWidth(line)).toBeLessThanOrEqual(columns);
    for (const word of ['service', 'x2,', 'clock', 'more', 'NAME', '12']) expect(text).toContain(word);
  });

  it('is as narrow as its content', async () => {
    expect(await renderTable(apps, terminal(200))).toBe(
      [
        'APP                            INSTANCES  STATUS',
        'scalingo:shop                          2  running',
        'container-station:docker/日本         11  -',
        `é👩‍👩‍👧${' '.repeat(26)}          -  a b c`,
        '',
      ].join('\n'),
    );
  });

  it('survives a window that is too narrow for anything', async () => {
    expect((await renderTable(long, terminal(1))).split('\n').length).toBeGreaterThan(3);
  });

  it('has colour only where colour is wanted', async () => {
    const painted: Table = {
      columns: [
        {
          title: 'STATUS',
          paint: (value) => (value === 'ok' ? { open: '\x1b[32m', close: '\x1b[39m' } : null),
        },
      ],
      rows: [['ok'], ['\x1b[31mforeign']],
    };
    expect(await renderTable(painted, { isTTY: true, columns: 80, color: 1 })).toBe(
      '\x1b[1mSTATUS\x1b[22m\n\x1b[32mok\x1b[39m\nforeign\n',
    );
    expect(await renderTable(painted, terminal(80))).toBe('STATUS\nok\nforeign\n');
    expect(await renderTable(painted, pipe)).toBe('STATUS\nok\nforeign\n');
  });

  it('draws more rows than one chunk', async () => {
    const rows = Array.from({ length: 450 }, (_, index) => [`row-${index}`]);
    const text = await renderTable({ columns: [{ title: 'NAME' }], rows }, terminal(80));
    expect(text).toBe(`${['NAME', ...rows.flat()].join('\n')}\n`);
  });
});
