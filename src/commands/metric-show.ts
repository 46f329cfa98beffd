// `metrics show`: figures of one or several apps, as a table, a chart or samples.
import type { Context } from '../context.ts';
import { CliError, exitCodeOf } from '../errors.ts';
import {
  compareInstants,
  formatInstant,
  type Instant,
  instantFromMillis,
  type MetricSeries,
} from '../model.ts';
import { metricRecord } from '../output/platform-records.ts';
import { prometheusText } from '../output/prometheus.ts';
import { sanitize } from '../output/sanitize.ts';
import type { MetricAnswer, MetricQuery } from '../provider.ts';
import { compileGlob } from '../stream/filter.ts';
import type { ResolvedTarget } from '../target.ts';
import { wait } from '../wait.ts';

import { durationFlag, timeFlag, zoneFlag } from './flag-values.ts';
import { formOf, printList } from './lists.ts';
import { metricTable } from './metric-table.ts';
import {
  type MetricCommand,
  type MetricFlags,
  type MetricPlace,
  metricPlace,
  shownMetrics,
} from './metric-target.ts';
import { createShown, type WatchedSeries } from './metric-watch.ts';
import { failureOf } from './target-words.ts';
import { withContext } from './with-context.ts';

const HOUR = 3_600_000;
const DAY_SECONDS = 86_400;

export function showMetrics({ host, targets, options }: MetricCommand): Promise<number> {
  return withContext({ host, options }, async (context) => {
    const asked = parseAsked(options, Date.now());
    const resolved = await context.targets([...targets, ...(options.app ?? [])]);
    const { terminal, signal } = context;
    let said = new Set<string>();
    const shown = createShown();
    const left = new AbortController();
    terminal.closed.then(() => left.abort());
    const watching = AbortSignal.any([signal, left.signal]);
    for (let number = 1; ; number += 1) {
      const round = await ask(context, { targets: resolved, asked, said, now: Date.now() });
      const isEmpty = round.code !== 0 && round.all.length === 0;
      // What has answered before is asked again.
      if (isEmpty && (!asked.watch || number === 1)) return round.code;
      if (!isEmpty) {
        if (asked.watch && terminal.out.isTTY) await terminal.print('\u001b[2J\u001b[H');
        const news = asked.watch && !terminal.out.isTTY ? shown.newsOf(round.all) : round.all;
        await print(context, {
          round: { ...round, all: news },
          asked,
          options,
          targets: resolved.length,
          number,
        });
      }
      if (!asked.watch || terminal.isClosed) return round.code;
      said = round.said;
      await wait(asked.interval ?? round.everyMillis, watching).catch(() => signal.throwIfAborted());
      if (left.signal.aborted) return round.code;
    }
  });
}

interface Asked {
  readonly form: string;
  readonly metrics: readonly string[];
  readonly components: readonly string[];
  /** Milliseconds back, or a fixed time; each round of --watch counts anew from its own present. */
  readonly range: (now: number) => { since: Instant; until: Instant };
  readonly isRangeGiven: boolean;
  /** Seconds. */
  readonly resolution: number | null;
  readonly watch: boolean;
  readonly interval: number | undefined;
  readonly chart: boolean;
  readonly zone: string;
}

function parseAsked(options: MetricFlags, now: number): Asked {
  const form = options.output === 'prometheus' && !options.json ? 'prometheus' : formOf(options);
  if (options.chart && form !== 'table')
    throw new CliError('usage', `--chart and -o ${form} contradict each other.`);
  if (options.interval !== undefined && !options.watch)
    throw new CliError('usage', '--interval belongs to --watch.');
  const zone = zoneFlag(options.timezone) ?? 'local';
  const range = (at: number) => ({
    since: timeFlag('since', options.since, { now: at, zone }) ?? instantFromMillis(at - HOUR),
    until: timeFlag('until', options.until, { now: at, zone }) ?? instantFromMillis(at),
  });
  const first = range(now);
  if (first.since.seconds >= first.until.seconds) {
    throw new CliError('usage', '--since is not before --until, so nothing can lie between them.');
  }
  const resolution = durationFlag('resolution', options.resolution);
  return {
    form,
    metrics: (options.metric ?? []).flatMap((list) => list.split(',')),
    components: options.component ?? [],
    range,
    isRangeGiven: options.since !== undefined || options.until !== undefined,
    resolution: resolution === undefined ? null : resolution / 1000,
    watch: options.watch === true,
    interval: durationFlag('interval', options.interval),
    chart: options.chart === true,
    zone,
  };
}

interface Round {
  readonly all: readonly WatchedSeries[];
  /** Exit code of the first target that failed, in the order given. */
  readonly code: number;
  readonly everyMillis: number;
  readonly places: readonly MetricPlace[];
  /** What was said on stderr: --watch says it once. */
  readonly said: Set<string>;
}

interface Asking {
  readonly targets: readonly ResolvedTarget[];
  readonly asked: Asked;
  readonly said: ReadonlySet<string>;
  readonly now: number;
}

async function ask(context: Context, { targets, asked, said, now }: Asking): Promise<Round> {
  const { since, until } = asked.range(now);
  const now_said = new Set(said);
  const sayOnce = (label: string, message: string) => {
    const line = `polylog: ${label}: ${message}`;
    if (!now_said.has(line)) context.terminal.note(line);
    now_said.add(line);
  };
  const answers = await Promise.all(
    targets.map(async (target) => {
      try {
        const place = await metricPlace(context, target);
        const { metrics, resolution, components } = asked;
        const narrowed = target.ref.component === null ? components : [...components, target.ref.component];
        // The usual hour is no wish of the user's: a platform that knows the present only is asked for that.
        const isPresent = place.metrics.traits.keepsSeconds === null && !asked.isRangeGiven;
        const from = isPresent ? until : since;
        const query: MetricQuery = { metrics, since: from, until, resolution, components: narrowed };
        const answer = await place.metrics.query(place.connected.client, target.ref, query, context.signal);
        for (const notice of answer.notices) sayOnce(place.label, notice.message);
        const begun = asked.isRangeGiven ? lateBegin(answer, place.metrics, { since, now }) : null;
        if (begun !== null) sayOnce(place.label, begun);
        return { place, series: await narrow(answer.series, narrowed), error: undefined };
      } catch (error) {
        if (!(error instanceof CliError)) throw error;
        // At once: the table waits for the others.
        const shown = shownMetrics(target);
        context.terminal.complain(failureOf(error, { target: shown, isAlone: targets.length === 1 }));
        return { place: undefined, series: [], error };
      }
    }),
  );
  const failed = answers.find((answer) => answer.error !== undefined);
  const places = answers.flatMap(({ place }) => (place ? [place] : []));
  return {
    all: answers.flatMap(({ place, series }) =>
      place ? series.map((one) => ({ target: place.shown, series: one })) : [],
    ),
    code: failed ? exitCodeOf(failed.error) : 0,
    everyMillis: rhythmOf(places),
    places,
    said: now_said,
  };
}

/** What is said of a time beyond what the platform keeps; null when it said so itself, or has everything. */
function lateBegin(
  { series, notices }: MetricAnswer,
  { traits }: MetricPlace['metrics'],
  { since, now }: { readonly since: Instant; readonly now: number },
): string | null {
  const { keepsSeconds, retention } = traits;
  if (keepsSeconds === null || since.seconds >= now / 1000 - keepsSeconds) return null;
  if (notices.some(({ message }) => /\bkeeps\b/.test(message))) return null;
  const begins = series.flatMap(({ samples }) => samples[0] ?? []).map(({ ts }) => ts);
  const first = begins.sort(compareInstants)[0];
  if (!first || first.seconds <= since.seconds + DAY_SECONDS) return null;
  return `the figures begin at ${formatInstant({ ...first, digits: 0 })}; kept: ${retention}`;
}

function rhythmOf(places: readonly MetricPlace[]): number {
  return places.reduce((most, { metrics }) => Math.max(most, metrics.traits.everyMillis), 1000);
}

async function narrow(
  series: readonly MetricSeries[],
  globs: readonly string[],
): Promise<readonly MetricSeries[]> {
  if (globs.length === 0) return series;
  const patterns = await Promise.all(globs.map(compileGlob));
  return series.filter(({ component, instance }) =>
    patterns.some(
      (glob) => (component !== null && glob.test(component)) || (instance !== null && glob.test(instance)),
    ),
  );
}

interface Printing {
  readonly round: Round;
  readonly asked: Asked;
  readonly options: MetricFlags;
  /** How many targets were asked. */
  readonly targets: number;
  /** Counts the rounds of --watch from 1. */
  readonly number: number;
}

async function print(context: Context, { round, asked, options, targets, number }: Printing): Promise<void> {
  const { terminal } = context;
  if (asked.form === 'prometheus') {
    const text = prometheusText(round.all);
    return terminal.print(terminal.out.isTTY ? sanitize(text, 'strip') : text);
  }
  if (asked.chart) {
    const { chartText } = await import('../output/chart.ts');
    const { deploysOf } = await import('./metric-deploys.ts');
    const deploys = await deploysOf(round.places, asked.range(Date.now()).since, context.signal);
    const { columns, color } = terminal.out;
    return terminal.print(
      chartText(round.all, { columns, zone: asked.zone, deploys, color: color > 0, several: targets > 1 }),
    );
  }
  await printList(
    context,
    {
      type: 'metric',
      get records() {
        return round.all.flatMap(({ target, series, news = series.samples }) =>
          news.map((sample) => metricRecord(series, sample, target)),
        );
      },
      isContinued: number > 1,
      table: () =>
        metricTable(round.all, {
          isSeveral: targets > 1,
          columns: terminal.out.isTTY ? terminal.out.columns : null,
        }),
    },
    options,
  );
}
