// Figures of several places and metrics as one table, a trend beside them. Knows no platform.
import { figureText, scaleOf, sparkline, summarise } from '../output/figures.ts';
import type { TargetSeries } from '../output/prometheus.ts';
import type { Table, TableColumn } from '../output/table.ts';

/** Columns between two of a table. */
const BETWEEN = 2;
const NARROWEST_TREND = 8;
/** Of what is not fitted to a terminal. */
const WIDE = 200;
/** A name is not cut shorter than this. */
const NARROWEST_NAME = 15;

/** The sparkline takes what the other columns leave. `columns`: null where nothing is to be cut. */
export function metricTable(
  all: readonly TargetSeries[],
  { isSeveral, columns }: { isSeveral: boolean; columns: number | null },
): Table {
  const rows = all.map(({ target, series }) => {
    const figures = summarise(series.samples);
    const scale = scaleOf(series.unit, figures.max);
    const texts = [figures.last, figures.min, figures.mean, figures.p90, figures.max].map((value) =>
      figureText(value, scale.divisor),
    );
    return {
      samples: series.samples,
      cells: [
        ...(isSeveral ? [`${target.profile}:${target.app}`] : []),
        series.instance ?? series.component ?? '',
        series.metric,
        ...texts,
        scale.unit,
      ],
    };
  });
  const titles = [
    ...(isSeveral ? ['TARGET'] : []),
    'COMPONENT',
    'METRIC',
    'LAST',
    'MIN',
    'MEAN',
    'P90',
    'MAX',
    'UNIT',
  ];
  const widths = titles.map((title, index) =>
    rows.reduce((most, { cells }) => Math.max(most, (cells[index] ?? '').length), title.length),
  );
  const at = titles.indexOf('METRIC');
  const isShown = createChoice(titles, { widths, columns });
  const left =
    (columns ?? WIDE) -
    widths.reduce((sum, width, index) => sum + (isShown(titles[index] ?? '') ? width + BETWEEN : 0), 0);
  // Present values have no trend, and a long name of a metric gives way to it.
  const longest = rows.reduce((most, { samples }) => Math.max(most, samples.length), 0);
  const least =
    left < NARROWEST_TREND ? 'TREND'.length : Math.max('TREND'.length, Math.min(NARROWEST_TREND, longest));
  const room = longest > 1 && isShown('TREND') ? Math.max(least, Math.min(40, left)) : 0;
  const nameOf = shortNames(
    all.map(({ series }) => series.metric),
    columns === null ? Number.POSITIVE_INFINITY : (widths[at] ?? 0) + Math.min(0, left - room),
  );
  const kept = <T>(row: readonly T[]): T[] => row.filter((_, index) => isShown(titles[index] ?? ''));
  return {
    columns: [
      ...kept(titles).map((title): TableColumn => ({ title, ...SHAPES[title] })),
      ...(room > 0 ? [{ title: 'TREND', keep: true as const }] : []),
    ],
    rows: rows.map(({ cells, samples }) => {
      const shown = kept(cells.map((cell, index) => (index === at ? nameOf(cell) : cell)));
      return room > 0 ? [...shown, sparkline(samples, room)] : shown;
    }),
  };
}

const FIGURE = { align: 'right', keep: true } as const;
const SHAPES: Readonly<Record<string, Partial<TableColumn>>> = {
  TARGET: { whole: true },
  COMPONENT: { keep: true },
  LAST: FIGURE,
  MIN: FIGURE,
  MEAN: FIGURE,
  P90: FIGURE,
  MAX: FIGURE,
  UNIT: { keep: true },
};

/** What gives way on a narrow terminal, in this order: the spread before the trend. */
const DROPPED_FIRST = ['MIN', 'P90', 'MEAN', 'TREND', 'MAX'];

/** Which columns there is room for beside names of some length. */
function createChoice(
  titles: readonly string[],
  { widths, columns }: { readonly widths: readonly number[]; readonly columns: number | null },
): (title: string) => boolean {
  const dropped = new Set<string>();
  const least = () =>
    titles.reduce(
      (sum, title, index) => {
        const width = widths[index] ?? 0;
        if (dropped.has(title)) return sum;
        return sum + (title === 'METRIC' ? Math.min(width, NARROWEST_NAME) : width) + BETWEEN;
      },
      dropped.has('TREND') ? -BETWEEN : 'TREND'.length,
    );
  for (const title of DROPPED_FIRST) {
    if (columns === null || least() <= columns) break;
    dropped.add(title);
  }
  return (title) => !dropped.has(title);
}

/** How much of the end stays of a name that is cut: as little as still tells the names apart. */
const ENDS = [0, 3, 5, 7];

/** `router_sta…200`: names that are too long lose their middle, so that no two become the same. */
function shortNames(names: readonly string[], room: number): (name: string) => string {
  const width = Math.max(room, NARROWEST_NAME);
  const all = new Set(names);
  const cut = (name: string, end: number) =>
    name.length <= width ? name : `${name.slice(0, width - end - 1)}…${end === 0 ? '' : name.slice(-end)}`;
  const end = ENDS.find((some) => new Set([...all].map((name) => cut(name, some))).size === all.size);
  return (name) => cut(name, end ?? 0);
}
