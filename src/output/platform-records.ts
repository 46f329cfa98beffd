// Builds, metrics, events and states as the contract's records. Knows no stream.
import type { Build, BuildStep, MetricSample, MetricSeries, PlatformEvent, PlatformState } from '../model.ts';
import type { LogTarget } from './log-item.ts';
import { common, type OutputRecord, timeOrNull } from './records.ts';

export function buildRecord(build: Build, target: LogTarget): OutputRecord {
  return {
    ...common('build', target),
    id: build.id,
    status: build.status,
    native_status: build.nativeStatus,
    kind: build.kind,
    created: timeOrNull(build.created),
    started: timeOrNull(build.started),
    finished: timeOrNull(build.finished),
    duration: build.duration,
    commit: build.commit,
    ref: build.ref,
    cause: build.cause,
    user: build.user,
    message: build.message,
    steps: flatSteps(build.steps).map(({ name, step }) => ({
      name,
      status: step.status,
      started: timeOrNull(step.started),
      finished: timeOrNull(step.finished),
      reason: step.reason,
    })),
    progress: build.progress,
    reason: build.reason,
    url: build.url,
  };
}

/** Depth first, each named with its parents: `build/components/web`. */
export function flatSteps(steps: readonly BuildStep[], parent = ''): { name: string; step: BuildStep }[] {
  return steps.flatMap((step) => {
    const name = parent === '' ? step.name : `${parent}/${step.name}`;
    return [{ name, step }, ...flatSteps(step.steps, name)];
  });
}

export function metricRecord(series: MetricSeries, sample: MetricSample, target: LogTarget): OutputRecord {
  return {
    ...common('metric', target),
    ts: timeOrNull(sample.ts),
    component: series.component,
    instance: series.instance,
    metric: series.metric,
    unit: series.unit,
    value: sample.value,
    aggregate: series.aggregate,
    resolution: series.resolution,
  };
}

export function eventRecord(event: PlatformEvent, target: LogTarget): OutputRecord {
  return {
    ...common('event', target),
    ts: timeOrNull(event.ts),
    id: event.id,
    kind: event.kind,
    native_kind: event.nativeKind,
    component: event.component,
    user: event.user,
    message: event.message,
    fields: event.fields,
  };
}

export function stateRecord(state: PlatformState, target: LogTarget): OutputRecord {
  return {
    ...common('state', target),
    ts: timeOrNull(state.ts),
    component: state.component,
    state: state.state,
    native_state: state.nativeState,
    fields: state.fields,
  };
}
