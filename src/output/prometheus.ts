// The latest sample of each series in Prometheus' text format, without times. Pure.
import type { MetricSeries } from '../model.ts';
import type { LogTarget } from './log-item.ts';

/** Base units that Prometheus asks for, and what ours are multiplied with. */
const UNITS: Readonly<Record<string, { readonly suffix: string; readonly factor: number }>> = {
  percent: { suffix: 'ratio', factor: 0.01 },
  bytes: { suffix: 'bytes', factor: 1 },
  'bytes/s': { suffix: 'bytes_per_second', factor: 1 },
  ms: { suffix: 'seconds', factor: 0.001 },
  s: { suffix: 'seconds', factor: 1 },
  cores: { suffix: 'cores', factor: 1 },
};

export interface TargetSeries {
  readonly target: LogTarget;
  readonly series: MetricSeries;
}

/** Every name has one HELP and one TYPE line, all of its samples behind them. */
export function prometheusText(all: readonly TargetSeries[]): string {
  const families = new Map<string, { help: string; lines: string[] }>();
  for (const { target, series } of all) {
    const sample = series.samples.findLast(({ value }) => value !== null);
    if (!sample || sample.value === null) continue;
    const unit = UNITS[series.unit];
    const name = nameOf(series.metric, unit?.suffix);
    const family = families.get(name) ?? {
      help: `${series.metric} in ${series.unit} (${series.aggregate})`,
      lines: [],
    };
    families.set(name, family);
    const labels = {
      provider: target.provider,
      profile: target.profile,
      app: target.app,
      component: series.component,
      instance: series.instance,
    };
    family.lines.push(`${name}{${labelText(labels)}} ${valueText(sample.value * (unit?.factor ?? 1))}`);
  }
  return [...families]
    .map(
      ([name, { help, lines }]) =>
        `# HELP ${name} ${escaped(help)}\n# TYPE ${name} gauge\n${[...new Set(lines)].join('\n')}\n`,
    )
    .join('');
}

function nameOf(metric: string, suffix: string | undefined): string {
  // A gauge may not end like a counter, a histogram or a summary.
  const plain = metric
    .replace(/[^a-zA-Z0-9_]+/g, '_')
    .replace(/_(total|count|sum|bucket|info)$/, '')
    .replace(/^_+|_+$/g, '')
    .toLowerCase();
  if (suffix === undefined || plain.endsWith(`_${suffix}`)) return `polylog_${plain}`;
  return `polylog_${plain.replace(/_(percent|percentage|bytes|seconds|ms)$/, '')}_${suffix}`;
}

function labelText(labels: Readonly<Record<string, string | null>>): string {
  return Object.entries(labels)
    .flatMap(([name, value]) =>
      value === null ? [] : [`${name}="${escaped(value).replaceAll('"', '\\"')}"`],
    )
    .join(',');
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function valueText(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(15))) : 'NaN';
}
