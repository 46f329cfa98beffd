// How each component of an app is doing now. Knows no history and no state of ours.

import { fieldsOf, listOf, textOf } from '../../transport/json-fields.ts';
import type { DigitaloceanClient } from './client.ts';
import { appPath, type KnownApp } from './known-app.ts';
import { unreadable } from './refusal.ts';
import { numberOf } from './times.ts';

export interface ComponentHealth {
  readonly name: string;
  /** `HEALTHY`, `UNHEALTHY`, `UNKNOWN`. */
  readonly state: string;
  /** Percent; null where the platform does not say. */
  readonly cpu: number | null;
  readonly memory: number | null;
  /** Instances; null where the platform says nothing of them at all. */
  readonly desired: number | null;
  readonly ready: number | null;
}

/** With or without `app_health` around it (wire: DigitalOcean 4.2). Needs only `app:read`. */
export async function readHealth(
  client: DigitaloceanClient,
  app: KnownApp,
  signal: AbortSignal,
): Promise<ComponentHealth[]> {
  const subject = { what: `the health of app "${app.name}"` };
  const answer = await client.read({ path: appPath(app, '/health'), subject }, signal);
  const health = fieldsOf(answer.app_health) ?? answer;
  const { components } = health;
  const isEmpty = components === undefined || components === null;
  const isKnownForm = 'app_health' in answer || 'functions_components' in health;
  if (isEmpty ? !isKnownForm : !Array.isArray(components)) throw unreadable(subject, 'list of components');
  return listOf(components).map((fields) => {
    const name = textOf(fields.name);
    if (name === null) throw unreadable(subject, 'components[].name');
    const desired = numberOf(fields.replicas_desired);
    const ready = numberOf(fields.replicas_ready);
    // Go leaves a number out when it is 0: one of the two tells that replicas are counted at all.
    const isCounted = desired !== null || ready !== null;
    return {
      name,
      state: textOf(fields.state) ?? 'UNKNOWN',
      cpu: numberOf(fields.cpu_usage_percent),
      memory: numberOf(fields.memory_usage_percent),
      desired: isCounted ? (desired ?? 0) : null,
      ready: isCounted ? (ready ?? 0) : null,
    };
  });
}
