import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { instantFromMillis, type MetricSample, type MetricSeries } from '../../src/model.ts';
import { chartText } from '../../src/output/chart.ts';
import { figureText, scaleOf, sparkline, summarise } from '../../src/output/figures.ts';
import { prometheusText } from '../../src/output/prometheus.ts';

const TARGET = { provider: 'scalingo', profile: 'scalingo', app: 'shop' };

function samples(...values: (number | null)[]): MetricSample[] {
  return values.map((value, index) => ({ ts: instantFromMillis(1_790_000_000_000 + index * 60_000), value }));
}

function series(more: Partial<MetricSeries> = {}): MetricSeries {
  return {
    component: 'web',
    instance: null,
    metric: 'cpu',
    unit: 'percent',
    aggregate: 'mean',
    resolution: 60,
    samples: samples(1, 2, 3),
    ...more,
  };
}

describe('summary', () => {
  it('takes gaps for gaps, not zeros', () => {
    expect(summarise(samples(null, 4, null, 2, null))).toEqual({ last: 2, min: 2, mean: 3, p90: 4, max: 4 });
    expect(summarise(samples(null, null))).toEqual({
      last: null,
      min: null,
      mean: null,
      p90: null,
      max: null,
    });
  });

  it('takes the nearest rank as p90', () => {
    expect(summarise(samples(...Array.from({ length: 10 }, (_, index) => index + 1))).p90).toBe(9);
    expect(summarise(samples(7)).p90).toBe(7);
  });

  it('lies between the least and the greatest, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1 }), (values) => {
        const { min, mean, p90, max } = summarise(samples(...values));
        expect((min ?? 0) <= (p90 ?? 0) && (p90 ?? 0) <= (max ?? 0)).toBe(true);
        expect((mean ?? 0) >= (min ?? 0) - 1e-3 && (mean ?? 0) <= (max ?? 0) + 1e-3).toBe(true);
      }),
    );
  });
});

describe('figures for people', () => {
  it.each([
    ['bytes', 512, 'B', '512'],
    ['bytes', 1536, 'KiB', '1.50'],
    ['bytes', 200_105_984, 'MiB', '191'],
    ['bytes/s', 2048, 'KiB/s', '2'],
    ['percent', 12.345, 'percent', '12.3'],
    ['cores', 0.0123, 'cores', '0.012'],
    ['cores', 0.00042, 'cores', '0.00042'],
  ])('%s %s is read in %s as %s', (unit, value, shownUnit, text) => {
    const scale = scaleOf(unit, value);
    expect(scale.unit).toBe(shownUnit);
    expect(figureText(value, scale.divisor)).toBe(text);
  });

  it.each([
    [[1, 2, 3, 4, 5, 6, 7, 8], 8, '▁▂▃▄▅▆▇█'],
    [[5, 5, 5], 10, '▁▁▁'],
    [[1, null, 8], 3, '▁ █'],
    [[null], 3, ''],
    [[], 3, ''],
  ])('%j in %i columns is drawn as %j', (values, width, drawn) => {
    expect(sparkline(samples(...values), width)).toBe(drawn);
  });
});

describe('prometheus', () => {
  const all = [
    { target: TARGET, series: series({ samples: samples(1, 55.5, null) }) },
    { target: TARGET, series: series({ component: 'a"b\\c', samples: samples(2) }) },
    {
      target: TARGET,
      series: series({ metric: 'memory_usage_bytes', unit: 'bytes', samples: samples(1024) }),
    },
    { target: TARGET, series: series({ metric: 'requests.p95', unit: 'ms', samples: samples(20) }) },
    { target: TARGET, series: series({ metric: 'empty', samples: samples(null) }) },
  ];

  it('gives the latest sample of each series, in base units, without times', () => {
    expect(prometheusText(all)).toBe(
      [
        '# HELP polylog_cpu_ratio cpu in percent (mean)',
        '# TYPE polylog_cpu_ratio gauge',
        'polylog_cpu_ratio{provider="scalingo",profile="scalingo",app="shop",component="web"} 0.555',
        'polylog_cpu_ratio{provider="scalingo",profile="scalingo",app="shop",component="a\\"b\\\\c"} 0.02',
        '# HELP polylog_memory_usage_bytes memory_usage_bytes in bytes (mean)',
        '# TYPE polylog_memory_usage_bytes gauge',
        'polylog_memory_usage_bytes{provider="scalingo",profile="scalingo",app="shop",component="web"} 1024',
        '# HELP polylog_requests_p95_seconds requests.p95 in ms (mean)',
        '# TYPE polylog_requests_p95_seconds gauge',
        'polylog_requests_p95_seconds{provider="scalingo",profile="scalingo",app="shop",component="web"} 0.02',
        '',
      ].join('\n'),
    );
  });

  it("passes Prometheus' own checker, where that is installed", (context) => {
    try {
      execFileSync('promtool', ['--version'], { stdio: 'ignore' });
    } catch {
      context.skip('promtool is not installed');
    }
    execFileSync('promtool', ['check', 'metrics'], { input: prometheusText(all) });
  });
});

describe('chart', () => {
  it('has a title with the unit, a legend, the times, and leaves gaps open', () => {
    const text = chartText(
      [{ target: TARGET, series: series({ samples: samples(1, 2, null, null, 8, 4) }) }],
      {
        columns: 80,
        zone: 'UTC',
      },
    );
    expect(text).toMatch(/^cpu \(percent, mean\)\n/);
    expect(text.trimEnd().split('\n').at(-1)).toBe('web');
    expect(text).toContain('14:13');
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('draws one value and equal values without failing', () => {
    for (const values of [[3], [3, 3, 3], [0], [null, 2, null]]) {
      const text = chartText([{ target: TARGET, series: series({ samples: samples(...values) }) }], {
        columns: 60,
        zone: 'UTC',
      });
      expect(text).toContain('cpu');
    }
    expect(
      chartText([{ target: TARGET, series: series({ samples: samples(null) }) }], {
        columns: 60,
        zone: 'UTC',
      }),
    ).toBe('');
  });

  it('marks the deploys of the window', () => {
    const text = chartText([{ target: TARGET, series: series({ samples: samples(1, 5, 2, 4) }) }], {
      columns: 80,
      zone: 'UTC',
      deploys: [1_790_000_060_000, 1],
    });
    expect(text).toContain('deploys: 14:14\n');
    const lines = text.split('\n');
    const axis = lines.findIndex((line) => line.includes('└'));
    const mark = lines[axis + 2]?.indexOf('▲') ?? -1;
    expect(mark).toBeGreaterThan(lines[axis]?.indexOf('┬') ?? 0);
    expect(mark).toBeLessThan(lines[axis]?.lastIndexOf('┬') ?? 0);
  });

  it('stays readable when deploys are many, and draws no present value beside a series', () => {
    const quiet = { target: TARGET, series: series({ samples: samples(1, 5, 2, 4) }) };
    const present = { target: TARGET, series: series({ component: 'worker', samples: samples(3) }) };
    const options = { columns: 80, zone: 'UTC' } as const;
    const deploys = Array.from({ length: 40 }, (_, index) => 1_790_000_010_000 + index * 4000);
    const plain = chartText([quiet], options);
    const marked = chartText([quiet, present], { ...options, deploys });
    expect(marked.split('\n').slice(0, 14)).toEqual(plain.split('\n').slice(0, 14));
    expect(marked).toMatch(/\ndeploys: 40, the last at \d\d:\d\d\n/);
    expect(marked).not.toContain('worker');
  });
});
