// Line charts of metrics: one a metric, a line a component, gaps left open, deploys as ticks. Knows no platform.
import plot from 'simple-ascii-chart';
import { instantFromMillis, instantToMillis, type MetricSample } from '../model.ts';
import { clockOf, type Zone } from '../time.ts';
import { figureText, scaleOf } from './figures.ts';
import type { TargetSeries } from './prometheus.ts';
import { sanitize } from './sanitize.ts';

export interface ChartOptions {
  readonly columns: number;
  readonly zone: Zone;
  /** Epoch milliseconds of deploys within the window. */
  readonly deploys?: readonly number[];
  readonly color?: boolean;
  /** Whether lines of several apps are shown: then the legend names the apps. */
  readonly several?: boolean;
}

const HEIGHT = 10;
const COLORS = ['ansiCyan', 'ansiYellow', 'ansiMagenta', 'ansiGreen', 'ansiBlue', 'ansiRed'] as const;
/** The same as numbers of SGR, for the legend. */
const LEGEND_COLORS = [36, 33, 35, 32, 34, 31];

/** Whole lines; '' when nothing has a value. Without colour lines could not be told apart: then each has its own chart. */
export function chartText(all: readonly TargetSeries[], options: ChartOptions): string {
  const groups = new Map<string, TargetSeries[]>();
  for (const one of worthDrawing(all)) {
    const { metric, unit, component, instance } = one.series;
    const line = options.color ? [] : [one.target.profile, one.target.app, component, instance];
    const key = JSON.stringify([metric, unit, ...line]);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()]
    .map((group) => chartOf(group, options))
    .filter((text) => text !== '')
    .join('\n');
}

/** A present value beside whole series of its metric is no line. */
function worthDrawing(all: readonly TargetSeries[]): readonly TargetSeries[] {
  const isLine = ({ series }: TargetSeries) => series.samples.length > 1;
  const lines = new Set(all.filter(isLine).map(({ series }) => series.metric));
  return all.filter((one) => isLine(one) || !lines.has(one.series.metric));
}

interface Run {
  readonly points: [number, number][];
  readonly line: number;
}

function chartOf(group: readonly TargetSeries[], options: ChartOptions): string {
  const values = group.flatMap(({ series }) =>
    series.samples.flatMap(({ value }) => (value === null ? [] : [value])),
  );
  const first = group[0];
  if (!first || values.length === 0) return '';
  const high = values.reduce((most, value) => Math.max(most, value));
  const low = values.reduce((least, value) => Math.min(least, value));
  const scale = scaleOf(first.series.unit, high);
  const several = options.several === true;
  const runs = group.flatMap(({ series }, line) =>
    runsOf(series.samples, scale.divisor).map((points): Run => ({ points, line })),
  );
  const times = runs.flatMap(({ points }) => points.map(([x]) => x));
  const from = times.reduce((least, x) => Math.min(least, x));
  const to = times.reduce((most, x) => Math.max(most, x));
  const [bottom, top] =
    low === high
      ? [low / scale.divisor - 1, high / scale.divisor + 1]
      : [Math.min(0, low) / scale.divisor, high / scale.divisor];
  const deploys = (options.deploys ?? []).filter((at) => at >= from && at <= to);
  const drawn = plot(
    runs.map(({ points }) => points),
    {
      width: Math.max(20, Math.min(options.columns - 14, 120)),
      height: HEIGHT,
      yRange: [bottom, top],
      customXAxisTicks: to > from ? [from, from + (to - from) / 2, to] : [from],
      formatter: (value, { axis }) => (axis === 'x' ? clockText(value, options.zone) : figureText(value)),
      ...(options.color ? { color: runs.map(({ line }) => COLORS[line % COLORS.length] ?? 'ansiCyan') } : {}),
    },
  );
  const names = group.map(({ target, series }, line) => {
    const place = series.instance ?? series.component ?? target.app;
    const name = sanitize(several ? `${target.profile}:${target.app}/${place}` : place, 'strip');
    return options.color ? `\u001b[${LEGEND_COLORS[line % LEGEND_COLORS.length]}m━ ${name}\u001b[39m` : name;
  });
  const legend = names.join(options.color ? '  ' : ', ');
  const lines = drawn.replace(/^\n+|\s+$/g, '').split('\n');
  const marks = deployMarks(lines, { deploys, from, to });
  const title = `${sanitize(first.series.metric, 'strip')} (${scale.unit}, ${first.series.aggregate})`;
  return `${[title, ...lines, ...marks, legend, ...deploysText(deploys, options.zone)].join('\n')}\n`;
}

interface Window {
  readonly deploys: readonly number[];
  readonly from: number;
  readonly to: number;
}

/** A row below the times that points at the axis: lines through the chart would hide it where deploys are many. */
function deployMarks(lines: readonly string[], { deploys, from, to }: Window): string[] {
  const axis = lines.find((line) => line.includes('└')) ?? '';
  const first = axis.indexOf('┬');
  const last = axis.lastIndexOf('┬');
  if (deploys.length === 0 || to <= from || last <= first) return [];
  const row = Array.from({ length: last + 1 }, () => ' ');
  for (const at of deploys) row[first + Math.round(((at - from) / (to - from)) * (last - first))] = '▲';
  return [row.join('').trimEnd()];
}

const MOST_TIMES = 8;

function deploysText(deploys: readonly number[], zone: Zone): string[] {
  const times = deploys.map((at) => clockText(at, zone));
  if (times.length === 0) return [];
  return [
    `deploys: ${times.length > MOST_TIMES ? `${times.length}, the last at ${times.at(-1)}` : times.join(', ')}`,
  ];
}

/** Unbroken runs: a gap is not bridged. */
function runsOf(samples: readonly MetricSample[], divisor: number): [number, number][][] {
  const runs: [number, number][][] = [];
  let run: [number, number][] = [];
  for (const { ts, value } of samples) {
    if (value !== null && Number.isFinite(value)) run.push([instantToMillis(ts), value / divisor]);
    else if (run.length > 0) {
      runs.push(run);
      run = [];
    }
  }
  if (run.length > 0) runs.push(run);
  return runs;
}

function clockText(millis: number, zone: Zone): string {
  return clockOf(instantFromMillis(Math.round(millis)), zone).time.slice(0, 5);
}
