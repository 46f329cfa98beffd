// Audits as the Akkeris API shows them: records of an Elasticsearch index (wire: Akkeris 5). Knows no HTTP.
import {
  buildStatus,
  releaseDescription,
  releaseId,
  releaseStart,
  releaseStatus,
  releaseVersion,
  repositoryOf,
} from './akkeris-builds.ts';
import {
  type AkkerisApp,
  type AkkerisInstallation,
  ControllerRefusal,
  dynoName,
  isoMilliseconds,
} from './akkeris-platform.ts';
import type { DeployStatus, WorldEvent, WorldTime } from './world.ts';

interface Audit {
  readonly action: string;
  readonly app: string;
  readonly space: string;
  readonly received_at: string;
  readonly username: string;
  /** JSON within JSON. */
  readonly info: string;
}

const DEFAULT_SIZE = 10;
/** Elasticsearch's `max_result_window`. */
const MAX_SIZE = 10_000;

/** Newest first. `query` is the raw text behind the `?`, '' without one. */
export function listAudits(installation: AkkerisInstallation, query: string): Audit[] {
  const wanted = Object.fromEntries(
    query.split('&').map((pair): [string, string] => {
      const at = pair.indexOf('=');
      return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
  const size = wanted.size ? Number(wanted.size) : DEFAULT_SIZE;
  if (!Number.isInteger(size) || size < 0 || size > MAX_SIZE) {
    throw new ControllerRefusal(503, 'Service Unavailable Error');
  }
  const app = installation.apps[0];
  if (!app) return [];
  const found: Audit[] = [];
  for (const event of [...installation.world.events].reverse()) {
    if (found.length >= size) break;
    found.push(...auditsOf(installation, app, event).filter((audit) => matches(audit, wanted)));
  }
  return found.slice(0, size);
}

/** What is missing, empty or `*` matches everything. */
function matches(audit: Audit, wanted: Record<string, string>): boolean {
  const given: [string, string | undefined][] = [
    [audit.app, wanted.app],
    [audit.space, wanted.space],
    [audit.username, wanted.user],
  ];
  return given.every(
    ([value, asked]) => asked === undefined || asked === '' || asked === '*' || asked === value,
  );
}

/** Newest first; none for what leaves no audit (a restart). */
function auditsOf(installation: AkkerisInstallation, app: AkkerisApp, event: WorldEvent): Audit[] {
  const username = event.user === '' || event.user.toLowerCase() === 'system' ? 'System' : event.user;
  const place = { app: { name: app.name, id: app.id }, space: { name: app.space } };
  return payloadsOf(installation, app, event).map(({ at, payload: { action, ...rest } }) => {
    const received = isoMilliseconds(at);
    return {
      action,
      app: app.name,
      space: app.space,
      received_at: received,
      username,
      info: JSON.stringify({ action, ...place, ...rest, username, received_at: received }),
    };
  });
}

interface Payload {
  readonly action: string;
  readonly [key: string]: unknown;
}

interface Dated {
  readonly at: WorldTime;
  readonly payload: Payload;
}

function payloadsOf(installation: AkkerisInstallation, app: AkkerisApp, event: WorldEvent): Dated[] {
  const { at, detail } = event;
  const type = event.component ?? 'web';
  switch (event.kind) {
    case 'deploy':
      return deployPayloads(installation, app, event);
    case 'scale': {
      const changes = [{ type, quantity: Number(detail.to ?? 1) }];
      return [{ at, payload: { action: 'formation_change', change: 'update', changes } }];
    }
    case 'crash': {
      const dynos = [{ type, dyno: dynoName(app.key, type, 1) }];
      const crash = { code: 'H10', description: 'App crashed', restarts: 1, dynos };
      return [{ at, payload: { action: 'crashed', ...crash } }];
    }
    case 'config': {
      const changes = [{ type: 'update', name: String(detail.name ?? 'CONFIG'), value: detail.value }];
      return [{ at, payload: { action: 'config_change', changes } }];
    }
    case 'restart':
      return [];
  }
}

/** The status in the event is the one of its moment; the deploy itself may have gone on since. */
function deployPayloads(installation: AkkerisInstallation, app: AkkerisApp, event: WorldEvent): Dated[] {
  const deploy = installation.world.deploys.find((candidate) => candidate.id === event.detail.deploy);
  if (!deploy) return [];
  const then = { ...deploy, status: event.detail.status as DeployStatus };
  const source = { repo: repositoryOf(installation, app), branch: deploy.ref, commit: deploy.commit };
  const created = isoMilliseconds(deploy.created);
  const built = buildStatus(then) === 'queued' ? 'pending' : buildStatus(then);
  const build = { id: deploy.id, result: built, created_at: created, ...source };
  const released = releaseStatus(then);
  if (released === undefined) return [{ at: event.at, payload: { action: 'build', build } }];
  const release = {
    id: releaseId(deploy),
    result: released,
    created_at: isoMilliseconds(releaseStart(deploy)),
    version: releaseVersion(installation, deploy),
    description: releaseDescription(deploy),
  };
  // The world has no event for the end of the build alone: it lies where the release began.
  return [
    {
      at: event.at,
      payload: { action: 'release', release, build: { id: deploy.id, result: 'succeeded', ...source } },
    },
    { at: releaseStart(deploy), payload: { action: 'build', build } },
  ];
}
