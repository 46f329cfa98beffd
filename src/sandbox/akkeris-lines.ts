// Log lines of the world in the two forms that Akkeris puts on the wire. Knows no sessions and no sockets.
import {
  type AkkerisApp,
  type AkkerisInstallation,
  dynoName,
  isDynoLine,
  isoMicroseconds,
  isoSeconds,
} from './akkeris-platform.ts';
import { readLifecycle } from './lifecycle.ts';
import type { WorldLine, WorldRequest } from './world.ts';

/** Which router wrote the access lines: each has its own keys (wire: Akkeris 2.3). */
export type RouterDialect = 'istio' | 'envoy' | 'f5';

export interface LineView {
  readonly installation: AkkerisInstallation;
  readonly app: AkkerisApp;
  /** A site session: router lines only, under the site's domain. */
  readonly site?: string;
  readonly router: RouterDialect;
}

/** The longest line that logtail sends, in bytes, without its LF (wire: Akkeris 2.4). */
const LOGTAIL_LINE_LIMIT = 99_990;

/** Format A, with its LF; undefined when the line is not in this stream (wire: Akkeris 2.3). */
export function classicLine(line: WorldLine, view: LineView): string | undefined {
  if (!isDynoLine(view.installation, line)) return undefined;
  const when = isoSeconds(line.at);
  const owner = view.site ?? view.app.key;
  if (line.kind === 'router') return `${when} ${owner} akkeris/router: ${classicRouterMessage(line, view)}\n`;
  if (view.site !== undefined) return undefined;
  if (line.kind === 'build') return `${when} ${owner} akkeris/build: ${line.text}\n`;
  const dyno = `${line.component}.${dynoName(view.app.key, line.component, line.index)}`;
  const phase = dynoPhase(line);
  if (phase !== undefined) return `${when} ${owner} app[${dyno}]: ${phase}\n`;
  // Events of the controller carry a pod named akkeris/event and are always labelled web.
  const tag = line.kind === 'platform' ? 'web.akkeris/event' : dyno;
  return `${when} ${owner} app[${tag}]: ${line.text.trim()}\n`;
}

/** Format B, with its LF; undefined when the line does not reach logtail (wire: Akkeris 2.4). */
export function logtailLine(line: WorldLine, view: LineView): string | undefined {
  if (!isDynoLine(view.installation, line)) return undefined;
  if (line.kind === 'platform' || line.kind === 'build') return undefined;
  const tag =
    line.kind === 'router'
      ? 'akkeris/router'
      : `${line.component}.${dynoName(view.app.key, line.component, line.index)}`;
  // The container runtime's own newline is replaced like any other, so that app lines end with a space.
  const message = line.kind === 'router' ? logtailRouterMessage(line, view) : `${line.text}\n`;
  const head = `<0>1 ${isoMicroseconds(line.at)} ${view.app.key} ${tag} - - - `;
  return `${cutToBytes(`${head}${message.replace(/[\r\n\0]/g, ' ')}`, LOGTAIL_LINE_LIMIT)}\n`;
}

/** What Kubernetes tells of a dyno, as the log shuttle rewrites it. */
function dynoPhase(line: WorldLine): string | undefined {
  const told = readLifecycle(line);
  if (told?.change === 'started') return 'Creating Dyno';
  return told && `Dyno exited (exit code ${told.exitCode})`;
}

function classicRouterMessage({ request, text }: WorldLine, view: LineView): string {
  if (!request) return text;
  const host = view.site ?? view.app.name;
  const place = `dyno=${view.app.key} host=${host} path=${request.path}`;
  const { bytes, method, id, client, status } = request;
  if (view.router === 'envoy') {
    const sizes = `bytes=${bytes} request_size=300 response_size=${bytes}`;
    const whence = `request_id=${id} fwd=${client} authority=${authority(view)} origin= protocol=http11 tls=`;
    return `${sizes} method=${method} ${whence} status=${status} ${exactTimes(request)} ${place}`;
  }
  if (view.router === 'f5') {
    const times = `service=${Math.round(request.duration)} connect=0 total=${Math.round(request.duration) + 1}`;
    return `bytes=${bytes} method=${method} request_id=${id} fwd="${client}" status=${status} ${times} ${place}`;
  }
  const times = `service=${Math.round(request.duration)}ms total=${Math.round(request.duration) + 2}ms`;
  const whence = `request_id=${id} fwd=${client} origin=`;
  return `bytes=${bytes} method=${method} ${whence} status=${status} ${times} source=${client} ${place}`;
}

/** Without host, dyno, and, as the sandbox's router speaks no TLS inside, without origin and tls. */
function logtailRouterMessage({ request, text }: WorldLine, view: LineView): string {
  if (!request) return text;
  const { bytes, method, id, client, status, path } = request;
  const sizes = `bytes=${bytes} request_size=300 response_size=${bytes}`;
  const whence = `request_id=${id} fwd=${client} authority=${authority(view)} protocol=http11`;
  return `${sizes} method=${method} ${whence} status=${status} ${exactTimes(request)} path=${path}`;
}

function exactTimes(request: WorldRequest): string {
  const total = request.duration + 0.4;
  return `connect=0.40ms service=${request.duration.toFixed(2)}ms total=${total.toFixed(2)}ms`;
}

function authority(view: LineView): string {
  return view.site ?? view.installation.sites[0] ?? `${view.app.key}.example.com`;
}

/** Go cuts bytes, so a character of several bytes may be halved; the half comes out as a replacement mark. */
function cutToBytes(text: string, limit: number): string {
  if (text.length * 3 <= limit) return text;
  const bytes = Buffer.from(text, 'utf8');
  return bytes.length <= limit ? text : bytes.subarray(0, limit).toString('utf8');
}
