// `metrics list`: which figures a platform has for an app.
import { CliError } from '../errors.ts';
import type { MetricKind } from '../model.ts';
import { jsonDocument } from '../output/json.ts';
import { renderTable, type Table } from '../output/table.ts';
import { type MetricCommand, metricPlace } from './metric-target.ts';
import { withContext } from './with-context.ts';

export function listMetrics({ host, targets, options }: MetricCommand): Promise<number> {
  return withContext({ host, options }, async (context) => {
    const form = options.json ? 'json' : (options.output ?? 'table');
    if (form !== 'json' && form !== 'table') {
      throw new CliError('usage', `"${form}" is no output form of metrics list: it is one of table, json.`);
    }
    const [target, ...more] = await context.targets([...targets, ...(options.app ?? [])]);
    if (!target || more.length > 0) throw new CliError('usage', 'metrics list takes one target.');
    const { metrics, connected, shown } = await metricPlace(context, target);
    const kinds = await metrics.list(connected.client, target.ref, context.signal);
    const { isTTY, columns, color } = context.terminal.out;
    if (form === 'json') {
      await context.terminal.print(
        jsonDocument(
          kinds.map((kind) => ({ ...shown, ...kind })),
          { isTTY },
        ),
      );
      return 0;
    }
    const table: Table = {
      columns: [
        { title: 'METRIC', whole: true },
        { title: 'UNIT', keep: true },
        { title: 'RESOLUTION', keep: true, drop: 1 },
        { title: 'AGGREGATE', keep: true, drop: 2 },
        { title: 'DESCRIPTION', least: 20 },
      ],
      rows: kinds.map(rowOf),
    };
    await context.terminal.print(await renderTable(table, { isTTY, columns, color }));
    return 0;
  });
}

function rowOf({ metric, unit, resolution, aggregate, description }: MetricKind): string[] {
  return [metric, unit, resolution === null ? 'now only' : `${resolution} s`, aggregate, description];
}
