// What every `metrics` command begins with: targets on platforms that have figures.
import type { Connected, Context, GlobalOptions } from '../context.ts';
import { CliError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { LogTarget } from '../output/log-item.ts';
import { isSupported, type MetricsCapability } from '../provider.ts';
import type { ResolvedTarget } from '../target.ts';
import type { ListOutput } from './lists.ts';

export interface MetricFlags extends GlobalOptions, ListOutput {
  readonly app?: readonly string[];
  readonly metric?: readonly string[];
  readonly component?: readonly string[];
  readonly since?: string;
  readonly until?: string;
  readonly resolution?: string;
  readonly chart?: boolean;
  readonly watch?: boolean;
  readonly interval?: string;
  readonly timezone?: string;
}

export interface MetricCommand {
  readonly host: Host;
  readonly targets: readonly string[];
  readonly options: MetricFlags;
}

export interface MetricPlace {
  readonly connected: Connected;
  readonly target: ResolvedTarget;
  readonly shown: LogTarget;
  readonly metrics: MetricsCapability<unknown>;
  readonly label: string;
}

/** As records and sentences name it. */
export function shownMetrics({ entry, profile, ref }: ResolvedTarget): LogTarget {
  return { provider: entry.name, profile, app: ref.app };
}

export async function metricPlace(context: Context, target: ResolvedTarget): Promise<MetricPlace> {
  const connected = await context.connect(target.entry);
  const { metrics, title } = connected.provider;
  if (!isSupported(metrics)) {
    throw new CliError('usage', `${title} has no metrics. ${metrics.unsupported}`);
  }
  const shown = shownMetrics(target);
  const { app } = target.ref;
  const label = app === '' ? target.profile : `${target.profile}:${app}`;
  return { connected, target, shown, metrics, label };
}
