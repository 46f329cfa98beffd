// Figures of several places and metrics as one table, a trend beside them. Knows no platform.
import { figureText, scaleOf, sparkline, summarise } from '../output/figures.ts';
import type { TargetSeries } from '../output/prometheus.ts';
import type { Table, TableColumn } from '../output/table.ts';

/** Columns between two of a table. */
const BETWEEN = 2;
const NARROWEST_TREND = 5;

/** The sparkline takes what the other columns leave. */
export function metricTable(
  all: readonly TargetSeries[],
  { isSeveral, columns }: { isSeveral: boolean; columns: number },
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
  const left = columns - widths.reduce((sum, width) => sum + width + BETWEEN, 0);
  // Present values have no trend, and a long name of a metric gives way to it.
  const longest = rows.reduce((most, { samples }) => Math.max(most, samples.length), 0);
  const least = Math.max('TREND'.length, Math.min(NARROWEST_TREND, longest));
  const room = longest > 1 ? Math.max(least, Math.min(40, left)) : 0;
  return {
    columns: [
      ...titles.map((title): TableColumn => ({ title, ...SHAPES[title] })),
      ...(room > 0 ? [{ title: 'TREND', keep: true as const, drop: 1 }] : []),
    ],
    rows: rows.map(({ cells, samples }) => (room > 0 ? [...cells, sparkline(samples, room)] : cells)),
  };
}

const FIGURE = { align: 'right', keep: true } as const;
/** What gives way on a narrow terminal: the spread before the trend, and that before the last value. */
const SHAPES: Readonly<Record<string, Partial<TableColumn>>> = {
  TARGET: { whole: true },
  COMPONENT: { keep: true },
  METRIC: { least: 16 },
  LAST: FIGURE,
  MIN: { ...FIGURE, drop: 4 },
  MEAN: { ...FIGURE, drop: 2 },
  P90: { ...FIGURE, drop: 3 },
  MAX: FIGURE,
  UNIT: { keep: true },
};
