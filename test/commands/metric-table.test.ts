// Figures in as many columns as a terminal has room for: names and targets stay readable, the spread gives way.
import { describe, expect, it } from 'vitest';
import { metricTable } from '../../src/commands/metric-table.ts';
import { instantFromMillis, type MetricSeries } from '../../src/model.ts';
import { renderTable } from '../../src/output/table.ts';

const NOW = Date.parse('2026-03-01T10:00:00Z');
const series = (metric: string): MetricSeries => ({
  component: 'worker',
  instance: 'worker-1',
  metric,
  unit: 'percent',
  aggregate: 'mean',
  resolution: 60,
  samples: Array.from({ length: 40 }, (_, at) => ({
    ts: instantFromMillis(NOW + at * 60_000),
    value: 100 / (at + 3),
  })),
});
const target = { provider: 'digitalocean', profile: 'digitalocean', app: 'shop' };
const all = [series('memory_usage_percent'), series('memory_working_set_bytes')].map((one) => ({
  target,
  series: one,
}));

async function drawn(columns: number, isSeveral: boolean): Promise<string[]> {
  const table = metricTable(all, { isSeveral, columns });
  return (await renderTable(table, { isTTY: true, columns, color: 0 })).trimEnd().split('\n');
}

describe('a table of figures', () => {
  it.each([
    [120, false, 'COMPONENT METRIC LAST MIN MEAN P90 MAX UNIT TREND'],
    [80, false, 'COMPONENT METRIC LAST MIN MEAN P90 MAX UNIT TREND'],
    [60, false, 'COMPONENT METRIC LAST MEAN MAX UNIT TREND'],
    [80, true, 'TARGET COMPONENT METRIC LAST MEAN MAX UNIT TREND'],
    [68, true, 'TARGET COMPONENT METRIC LAST MAX UNIT'],
    [60, true, 'TARGET COMPONENT METRIC LAST UNIT'],
  ])('of %i columns, several apps %s: %s', async (columns, isSeveral, titles) => {
    const [head, ...rows] = await drawn(columns, isSeveral);
    expect(head?.split(/ +/).join(' ')).toBe(titles);
    // One row is one line, and no word of it is broken.
    expect(rows).toHaveLength(2);
    for (const row of rows) {
      expect(row.length).toBeLessThanOrEqual(columns);
      expect(row).toMatch(isSeveral ? /^digitalocean:shop +worker-1 +memory_/ : /^worker-1 +memory_/);
      expect(row).toContain(' percent');
    }
  });
});
