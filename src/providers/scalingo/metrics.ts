// The metrics capability: figures over the last 72 hours, and of this moment. Asks only for what is wanted: every metric
// of every container type is a request of its own, of 60 a minute.
import { CliError } from '../../errors.ts';
import {
  compareInstants,
  instantFromMillis,
  instantToMillis,
  type MetricSeries,
  type Notice,
  shiftInstant,
} from '../../model.ts';
import type { AppRef, MetricAnswer, MetricQuery, MetricsCapability } from '../../provider.ts';
import type { Formation } from './answers.ts';
import { aboutApp, appSubject, type ScalingoClient } from './client.ts';
import type { AppPlace } from './deployments.ts';
import { hoursSince, presentOf, rhythmOf, seriesOf, statsOf } from './metric-answers.ts';
import { chosenMetrics, METRICS, type ScalingoMetric, type SeriesPath } from './metric-kinds.ts';
import { isWanted, type MetricPlace, placesOf, ROUTER } from './metric-places.ts';
import { homeRegion, inRegion } from './regions.ts';

/** Hours; the dashboard offers so many, a client's documentation one fewer (wire: Scalingo 5.2). */
const MOST_HOURS = 72;

export const metrics: MetricsCapability<ScalingoClient> = {
  traits: { keepsSeconds: MOST_HOURS * 3600, everyMillis: 60_000, retention: `${MOST_HOURS} hours` },
  async list(client, ref, signal) {
    const place = await placeOf(client, ref, signal);
    await inRegion(client, place, () => client.app(place.region, place.app, signal), signal);
    return METRICS.map(({ series: _series, present: _present, ...kind }) => kind);
  },
  query,
};

async function placeOf(client: ScalingoClient, { app }: AppRef, signal: AbortSignal): Promise<AppPlace> {
  return { app, region: await homeRegion(client, signal) };
}

interface Asking {
  readonly client: ScalingoClient;
  readonly place: AppPlace;
  readonly query: MetricQuery;
  /** The component of the target, or null. */
  readonly named: string | null;
  /** Whole hours back. */
  readonly hours: number;
}

/** One time series to be asked for. */
interface Wish {
  readonly metric: ScalingoMetric;
  readonly path: SeriesPath;
  readonly of: MetricPlace;
}

async function query(
  client: ScalingoClient,
  ref: AppRef,
  wanted: MetricQuery,
  signal: AbortSignal,
): Promise<MetricAnswer> {
  const chosen = chosenMetrics(wanted.metrics);
  const place = await placeOf(client, ref, signal);
  const now = client.timing.now();
  const globs = ref.component === null ? wanted.components : [...wanted.components, ref.component];
  const hours = hoursSince(wanted.since, now);
  const asking: Asking = {
    client,
    place,
    query: { ...wanted, components: globs },
    named: ref.component,
    hours: Math.min(hours, MOST_HOURS),
  };
  const notices = noticesOf(wanted, { hours, now });
  const ended = compareInstants(wanted.until, instantFromMillis(now - MOST_HOURS * 3_600_000)) <= 0;
  const { wishes, isCut } = ended ? { wishes: [], isCut: false } : await wishesOf(asking, chosen, signal);
  if (isCut) notices.push({ kind: 'limit', message: 'not all containers are asked for: they are too many' });
  const [overTime, present] = await Promise.all([
    allSeries(asking, wishes, signal),
    presentSeries(asking, { chosen, now }, signal),
  ]);
  if (overTime.unreadable > 0) {
    const message = `Scalingo sent ${overTime.unreadable} points without a time or a number; they are gaps`;
    notices.push({ kind: 'warning', message });
  }
  const series = [...overTime.series, ...present];
  return { series, notices: [...notices, ...emptyNotices(wanted, series)] };
}

/** "No metrics found" is no error: an app without requests has none of its router. */
function emptyNotices({ metrics }: MetricQuery, series: readonly MetricSeries[]): Notice[] {
  const empty = metrics.filter((name) => !series.some(({ metric }) => metric === name));
  if (empty.length === 0) return [];
  return [{ kind: 'hint', message: `Scalingo has no samples of ${empty.join(', ')} in this range` }];
}

function noticesOf(
  { resolution, since }: MetricQuery,
  { hours, now }: { hours: number; now: number },
): Notice[] {
  const notices: Notice[] = [];
  if (hours > MOST_HOURS) {
    const back = Math.round((now - instantToMillis(since)) / 3_600_000);
    const message = `Scalingo keeps figures for ${MOST_HOURS} hours: of the ${back} hours asked for, the older ones are not to be had`;
    notices.push({ kind: 'limit', message });
  }
  if (resolution !== null) {
    const message = `Scalingo chooses the resolution by the range (about 200 points): ${resolution} s cannot be asked for`;
    notices.push({ kind: 'limit', message });
  }
  return notices;
}

async function wishesOf(
  asking: Asking,
  chosen: readonly ScalingoMetric[],
  signal: AbortSignal,
): Promise<{ readonly wishes: readonly Wish[]; readonly isCut: boolean }> {
  const {
    client,
    place,
    query: { components },
  } = asking;
  const { app, region } = place;
  const pairs = chosen.flatMap((metric) => (metric.series === null ? [] : [{ metric, path: metric.series }]));
  const needsTypes = pairs.some(({ path }) => path.ofContainers);
  const formation = needsTypes
    ? await inRegion(client, place, () => client.formation(region, app, signal), signal)
    : [];
  const { places, isCut } = placesOf(formation, components);
  const ofRouter = isWanted(ROUTER.component, components) ? [ROUTER] : [];
  if (needsTypes && places.length === 0 && ofRouter.length === 0) throwUnknown(asking, formation);
  const wishes = pairs.flatMap((pair) =>
    (pair.path.ofContainers ? places : ofRouter).map((of) => ({ ...pair, of })),
  );
  return { wishes, isCut };
}

/** A component that is named in the target should be there; a glob may match nothing. */
function throwUnknown({ named, place }: Asking, formation: readonly Formation[]): void {
  if (named === null) return;
  const types = formation.map(({ name }) => name).join(', ');
  const { what } = appSubject(place.app, place.region);
  throw new CliError('not-found', `Scalingo: ${what} has no container or type "${named.slice(0, 80)}".`, {
    hint: types === '' ? 'It has no containers.' : `It has ${types}.`,
  });
}

/** Requests at the same time. */
const AT_ONCE = 6;

async function allSeries(asking: Asking, wishes: readonly Wish[], signal: AbortSignal) {
  const series: MetricSeries[] = [];
  let unreadable = 0;
  for (let start = 0; start < wishes.length; start += AT_ONCE) {
    const some = wishes.slice(start, start + AT_ONCE);
    const answers = await Promise.all(some.map((wish) => oneSeries(asking, wish, signal)));
    for (const answer of answers) {
      unreadable += answer.unreadable;
      if (answer.series.samples.length > 0) series.push(answer.series);
    }
  }
  return { series, unreadable };
}

async function oneSeries(
  asking: Asking,
  { metric, path, of }: Wish,
  signal: AbortSignal,
): Promise<{ series: MetricSeries; unreadable: number }> {
  const { client, place, query: range, hours } = asking;
  const { app, region } = place;
  const container = path.ofContainers ? containerPath(of) : '';
  const subject = { what: `the metric ${metric.metric} of ${appSubject(app, region).what}`, ofApp: true };
  const ask = (since: number) => {
    const parameters = new URLSearchParams({ since: String(since), ...path.query });
    const { url } = aboutApp(region, app, `/stats/${path.name}${container}?${parameters}`);
    return client.asker.answer({ url, subject }, signal);
  };
  const read = async () => {
    const answer = await ask(hours);
    // One client's documentation has 71 as the most.
    const again = hours === MOST_HOURS && (answer.status === 400 || answer.status === 422);
    return seriesOf(again ? await ask(MOST_HOURS - 1) : answer, subject);
  };
  const { samples, unreadable } = await inRegion(client, place, read, signal);
  const { metric: name, unit, aggregate } = metric;
  return {
    unreadable,
    series: {
      component: of.component,
      instance: of.instance,
      metric: name,
      unit,
      aggregate,
      resolution: rhythmOf(samples),
      samples: samples.filter(
        ({ ts }) => compareInstants(ts, range.since) >= 0 && compareInstants(ts, range.until) < 0,
      ),
    },
  };
}

/** `/web`, `/web/2`. */
function containerPath({ component, instance }: MetricPlace): string {
  const type = `/${encodeURIComponent(component)}`;
  return instance === null ? type : `${type}/${instance.slice(component.length + 1)}`;
}

/** Milliseconds by which the end of a range may lie behind and still mean the present. */
const PRESENT = 60_000;

/** One request for all of it, and none where no present value is wanted. */
async function presentSeries(
  { client, place, query: { components, since, until } }: Asking,
  { chosen, now }: { readonly chosen: readonly ScalingoMetric[]; readonly now: number },
  signal: AbortSignal,
): Promise<MetricSeries[]> {
  const { app, region } = place;
  const wanted = chosen.flatMap(({ present, ...kind }) => (present === null ? [] : [{ ...kind, present }]));
  const isPresent = instantToMillis(shiftInstant(until, PRESENT)) >= now && instantToMillis(since) <= now;
  if (wanted.length === 0 || !isPresent) return [];
  const subject = { what: `the present figures of ${appSubject(app, region).what}`, ofApp: true };
  const { url } = aboutApp(region, app, '/stats');
  const ask = () => client.asker.object({ url, subject }, signal);
  const answer = await inRegion(client, place, ask, signal);
  const ts = instantFromMillis(client.timing.now());
  return statsOf(answer, subject)
    .filter(({ component, instance }) => isWanted(component, components) || isWanted(instance, components))
    .flatMap(({ component, instance, fields }) =>
      wanted.flatMap(({ metric, unit, present }): MetricSeries[] => {
        const value = presentOf(fields, present);
        if (value === null) return [];
        const samples = [{ ts, value }];
        return [{ component, instance, metric, unit, aggregate: 'last', resolution: null, samples }];
      }),
    );
}
