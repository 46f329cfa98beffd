// Log entries and targets that the tests of the output print.
import { instantFromMillis, type LogBody, LogEntry } from '../../src/model.ts';
import type { LogItem, LogTarget } from '../../src/output/log-item.ts';

export const shop: LogTarget = { provider: 'scalingo', profile: 'scalingo', app: 'shop' };
export const web: LogTarget = { provider: 'container-station', profile: 'nas-office', app: 'docker/web' };
export const station: LogTarget = { provider: 'container-station', profile: 'container-station', app: '' };

/** 2026-08-22T14:05:06.123Z */
export const noon = Date.parse('2026-08-22T14:05:06.123Z');

const BODY: LogBody = {
  ts: instantFromMillis(noon),
  quality: 'exact',
  component: null,
  instance: null,
  source: 'app',
  stream: null,
  level: null,
  message: 'hello',
  fields: null,
  id: null,
  deployment: null,
};

export interface Extras {
  readonly target?: LogTarget;
  readonly truncated?: number;
  readonly raw?: string;
  readonly bytes?: Uint8Array;
  readonly observed?: number;
}

export function item(body: Partial<LogBody> = {}, extras: Extras = {}): LogItem {
  const { target = shop, truncated = 0, raw = body.message ?? BODY.message, bytes, observed } = extras;
  const entry = new LogEntry(raw, () => ({ ...BODY, ...body }), bytes, truncated);
  return { entry, target, observed };
}
