// The world's lines as Scalingo's log holds them: which belong to the app or its database, how they read, what a
// filter lets through.
import { readLifecycle } from './lifecycle.ts';
import { objectId, type ScalingoApp } from './scalingo-platform.ts';
import type { ScalingoSettings } from './scalingo-settings.ts';
import { headerTime } from './scalingo-time.ts';
import type { WorldLine, WorldRequest } from './world.ts';

/** One log: an app's, or its database's. */
export interface LogOf {
  readonly app: ScalingoApp;
  readonly part: 'app' | 'database';
}

export type LineFilter = (line: WorldLine) => boolean;

const browser = 'Mozilla/5.0 (X11; Linux x86_64) \\"sandbox\\"';

/** Build output is no part of the log, and the database has a log of its own (wire: Scalingo 2.8, 4.1). */
export function belongsTo(line: WorldLine, log: LogOf): boolean {
  if (log.part === 'database') return line.component === 'db' && line.kind === 'app';
  if (line.kind === 'build' || line.component === 'db') return false;
  return line.kind !== 'router' || log.app.routerLogs;
}

/** `web-1`, `one-off-594`, `manager`, `router`, `postgresql-1`. */
export function sourceOf(line: WorldLine): string {
  if (line.kind === 'router') return 'router';
  if (line.kind === 'platform') return 'manager';
  return line.component === 'db' ? `postgresql-${line.index}` : containerOf(line);
}

/** A whole line with its end. */
export function renderLine(line: WorldLine, settings: ScalingoSettings, log: LogOf): string {
  if (settings.headless && line.kind === 'app' && /^\s+at /.test(line.text))
    return line.text + settings.lineEnding;
  return `${headerTime(line.at, settings.zone)} [${sourceOf(line)}] ${messageOf(line, log)}${settings.lineEnding}`;
}

/**
 * `web-1`, `web`, `web|worker`, `one-off`; undefined when the words are no simple expression (wire: Scalingo 2.3).
 * A filter on one container also shows what the manager says of it.
 */
export function readFilter(words: string | null): LineFilter | undefined {
  if (words === null || words === '') return () => true;
  if (!/^[\w.*|-]{1,200}$/.test(words)) return undefined;
  const parts = words.split('|').filter(Boolean);
  const tests = parts.map((part) => new RegExp(`^${part.replace(/\.?\*+/g, '.*')}(-\\d+)?$`));
  return (line) => {
    const source = sourceOf(line);
    if (tests.some((test) => test.test(source))) return true;
    return source === 'manager' && parts.includes(containerOf(line));
  };
}

/** 24 hexadecimal digits. */
export function containerId(component: string, index: number): string {
  return objectId(`container ${component}-${index}`);
}

function containerOf(line: WorldLine): string {
  return `${line.component}-${line.index}`;
}

function messageOf(line: WorldLine, { app }: LogOf): string {
  if (line.request) return routerMessage(line, line.request, app);
  const lifecycle = readLifecycle(line);
  if (!lifecycle) return line.text;
  const container = `container [${containerOf(line)}] (${containerId(line.component, line.index)})`;
  if (lifecycle.change === 'exited') return `${container} has stopped`;
  return line.component === 'one-off'
    ? `${container} started with the command '${lifecycle.command}'`
    : `${container} started`;
}

function routerMessage(line: WorldLine, request: WorldRequest, app: ScalingoApp): string {
  return [
    `method=${request.method}`,
    `path="${request.path}"`,
    `host=${app.name}.${app.region}.scalingo.io`,
    `request_id=${request.id}`,
    `container=${containerOf(line)}`,
    `from="${request.client}"`,
    'protocol=https',
    `status=${request.status}`,
    `duration=${(request.duration / 1000).toFixed(3)}s`,
    `bytes=${request.bytes}`,
    'referer="-"',
    `user_agent="${browser}"`,
  ].join(' ');
}
