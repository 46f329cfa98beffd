// A Scalingo of one shop in two regions, on loopback: authentication, regional API, database API, log server,
// archives and streams of a region share one port; the second region has its own port and its own app.
//
// Route names (faults, seen requests): exchange self regions | apps app app-change containers ps drains drain-add
// drain-remove | logs-url dump event-stream stream archives archive-file | addons addon-token addon-logs
// addon-archives | deployments deployment output deployment-stream | stats series recommended metric-features |
// events event user-events event-types event-categories
import type { Fault } from './faults.ts';
import { type Asked, type HttpSandbox, startHttp } from './http.ts';
import { addonRoutes } from './scalingo-addons.ts';
import { appRoutes } from './scalingo-apps.ts';
import { createArchives, deniedFile } from './scalingo-archives.ts';
import { authRoutes } from './scalingo-auth.ts';
import { deploymentRoutes, deploymentSockets } from './scalingo-deployments.ts';
import { eventRoutes } from './scalingo-events.ts';
import { denied, logRoutes, logSockets } from './scalingo-logs.ts';
import {
  createPlatform,
  htmlPage,
  type Platform,
  rateLimited,
  type ScalingoRegion,
  serverError,
  unauthorized,
} from './scalingo-platform.ts';
import { chooseSettings, type ScalingoOptions, type ScalingoSettings } from './scalingo-settings.ts';
import { statRoutes } from './scalingo-stats.ts';
import type { SandboxServer } from './server.ts';

export type { ScalingoOptions, ScalingoSettings } from './scalingo-settings.ts';

export interface ScalingoServer extends SandboxServer {
  /** The API tokens that are accepted. */
  readonly tokens: readonly string[];
  /** The first is the default one and is also the authentication service. */
  readonly regions: readonly (ScalingoRegion & { readonly url: string })[];
  /** Can be changed while it runs; what is open already stays as it is. */
  readonly settings: ScalingoSettings;
  /** The text of the app's archive in the first region, 0 is the newest. */
  archiveText(index: number): string;
}

const logServerRoutes = ['dump', 'event-stream', 'stream'];
const uncounted = [...logServerRoutes, 'archive-file', 'deployment-stream', 'exchange', 'self', 'regions'];

/** Starts it; the world stays the caller's, and `close` does not end it. */
export async function startScalingo(options: ScalingoOptions): Promise<ScalingoServer> {
  const { world } = options;
  const settings = chooseSettings(options);
  const platform = createPlatform(world, settings);
  const archives = createArchives(platform);
  const deployments = deploymentSockets(platform);
  const http: HttpSandbox = await startHttp({
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.tls ? { tls: options.tls } : {}),
    listeners: platform.regions.length,
    routes: [
      ...authRoutes(platform, () => http.origins),
      ...logRoutes(platform),
      ...archives.routes,
      ...addonRoutes(platform, archives),
      ...deploymentRoutes(platform),
      ...statRoutes(platform),
      ...eventRoutes(platform),
      ...appRoutes(platform),
    ],
    sockets: [...logSockets(platform), ...deployments],
    refuse: (asked, fault) => refuse(platform, asked, fault),
    unknown: (asked) => htmlPage(asked, 404),
    before: (asked) => {
      if (asked.seen.route === '' || uncounted.includes(asked.seen.route)) return false;
      if (platform.withinRate(asked.listener)) return false;
      rateLimited(asked, settings);
      return true;
    },
  });
  const url = http.origins[0] ?? '';
  const firstApp = platform.regions[0]?.app;
  return {
    platform: 'scalingo',
    url,
    world,
    faults: http.faults,
    // wire: Scalingo 9: enough for the platform's own tool, since the region list names the rest.
    env: { SCALINGO_AUTH_URL: url, SCALINGO_API_TOKEN: settings.token, DISABLE_UPDATE_CHECKER: 'true' },
    targets: firstApp ? [`scalingo:${firstApp.name}`] : [],
    requests: http.requests,
    tokens: [settings.token],
    regions: platform.regions.map((region, at) => ({ ...region, url: http.origins[at] ?? '' })),
    settings,
    archiveText: (index) => (firstApp ? archives.text({ app: firstApp, part: 'app' }, index) : ''),
    watchers: http.watchers,
    watched: http.watched,
    onAnswered: http.onAnswered,
    close: http.close,
  };
}

function refuse(platform: Platform, asked: Asked, fault: Fault) {
  const { route } = asked.seen;
  if (fault.name === 'rate-limited') return rateLimited(asked, platform.settings, fault.retryAfter);
  if (fault.name === 'server-error') return serverError(asked, fault);
  if (fault.name === 'html-error') return htmlPage(asked, fault.status ?? 502);
  if (route === 'archive-file') return deniedFile(asked);
  return logServerRoutes.includes(route) ? denied(platform, asked) : unauthorized(asked);
}
