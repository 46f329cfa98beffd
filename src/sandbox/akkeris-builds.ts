// Builds, their output, slugs and releases as the Akkeris API shows them (wire: Akkeris 3). Knows no HTTP.
import {
  type AkkerisApp,
  type AkkerisInstallation,
  ControllerRefusal,
  isAlive,
  isoMilliseconds,
  isUuid,
  uuidOf,
} from './akkeris-platform.ts';
import type { WorldDeploy, WorldTime } from './world.ts';

export interface BuildOutputForm {
  /** The page's form instead of the observed one: with `build.id` and a closing `Finshed: SUCCESS`. */
  readonly documented: boolean;
  /** The stored output is rewritten this often while it grows, milliseconds; 0 = at once. */
  readonly snapshotMs: number;
  /** A snapshot of a running build ends in the middle of its last line. */
  readonly partialLines: boolean;
}

export type BuildStatus = 'queued' | 'pending' | 'succeeded' | 'failed' | 'unknown';

/** Ascending by the time of the last change: the newest is the last one. */
export function listBuilds(installation: AkkerisInstallation, app: AkkerisApp): unknown[] {
  return byChange(installation, app).map((deploy) => showBuild(installation, app, deploy));
}

export function showBuild(installation: AkkerisInstallation, app: AkkerisApp, deploy: WorldDeploy): object {
  return {
    app: { id: app.id },
    buildpacks: null,
    created_at: isoMilliseconds(deploy.created),
    id: deploy.id,
    output_stream_url: `${installation.apiUrl()}/apps/${app.key}/builds/${deploy.id}/result`,
    source_blob: {
      checksum: `sha256:${uuidOf(deploy.commit).replaceAll('-', '')}`,
      url: '',
      version: `v1.${deploy.number}`,
      commit: deploy.commit,
      author: deploy.author,
      repo: repositoryOf(installation, app),
      message: deploy.message,
    },
    release: null,
    slug: { id: deploy.id, number: String(deploy.number) },
    status: buildStatus(deploy),
    updated_at: isoMilliseconds(lastChange(deploy)),
    user: { id: uuidOf(installation.organization), email: '' },
  };
}

/** `latest` and the like are refused: the id has to be a UUID. */
export function findBuild(installation: AkkerisInstallation, id: string): WorldDeploy {
  if (!isUuid(id)) throw new ControllerRefusal(422, 'The specified uuid was invalid.');
  const deploy = installation.world.deploys.find((candidate) => candidate.id === id.toLowerCase());
  if (!deploy) throw new ControllerRefusal(404, `The specified build ${id} was not found.`);
  return deploy;
}

/** A snapshot of the output so far, never a stream (wire: Akkeris 3.2). */
export function showBuildOutput(
  installation: AkkerisInstallation,
  place: { app: AkkerisApp; deploy: WorldDeploy },
  form: BuildOutputForm,
): object {
  const { app, deploy } = place;
  const status = buildStatus(deploy);
  const lines = status === 'queued' ? [] : outputLines(installation, place, form);
  if (form.documented) {
    const ends: Partial<Record<BuildStatus, string>> = {
      succeeded: 'Finshed: SUCCESS',
      failed: 'Finshed: FAILURE',
    };
    const end = ends[status];
    const whole = lines.filter((line, at) => line !== '' || at < lines.length - 1);
    return { build: { id: deploy.id, status }, lines: end === undefined ? whole : [...whole, end] };
  }
  // The handler reads a field that its row does not have: no id, and `undefined` in the URL.
  const url = `${installation.apiUrl()}/apps/${app.key}/builds/undefined/result`;
  return { build: { status, output_stream_url: url }, lines };
}

/** Asks for a build; the world decides what becomes of it. */
export function startBuild(installation: AkkerisInstallation, app: AkkerisApp, body: object): object {
  const wanted = body as { url?: unknown; message?: unknown };
  if (typeof wanted.url !== 'string' || wanted.url === '') {
    throw new ControllerRefusal(
      422,
      'A "url" field with a valid URI is required, note this can be a data uri with a zip/tar.gz blob of your sources.',
    );
  }
  const message = typeof wanted.message === 'string' ? { message: wanted.message } : {};
  return showBuild(installation, app, installation.world.deploy(message));
}

/** The app key in the answer's output URL lacks its space (wire: Akkeris 3.1). */
export function rebuild(installation: AkkerisInstallation, app: AkkerisApp, deploy: WorldDeploy): object {
  const again = installation.world.deploy({ message: deploy.message });
  const url = `${installation.apiUrl()}/apps/${app.name}/builds/${again.id}/result`;
  return { ...showBuild(installation, app, again), output_stream_url: url };
}

export function stopBuild(installation: AkkerisInstallation, app: AkkerisApp, deploy: WorldDeploy): object {
  const status = buildStatus(deploy);
  if (status === 'queued') {
    throw new ControllerRefusal(409, `The specified app ${app.key} exists, but is not yet building.`);
  }
  if (status !== 'pending') {
    const sentence = `The specified app ${app.key} exists, but the build ${deploy.id} has already finished.`;
    throw new ControllerRefusal(409, sentence);
  }
  installation.world.advance(deploy.id, 'cancelled');
  const url = `${installation.apiUrl()}/apps/${app.key}/builds/${deploy.id}/result`;
  return { id: deploy.id, status: 'failed', output_stream_url: url };
}

/** What Akkeris calls the build's state; there is no word for a build that was stopped. */
export function buildStatus(deploy: WorldDeploy): BuildStatus {
  switch (deploy.status) {
    case 'queued':
      return 'queued';
    case 'building':
      return 'pending';
    case 'deploying':
    case 'succeeded':
      return 'succeeded';
    case 'failed':
    case 'cancelled':
      return wasReleased(deploy) ? 'succeeded' : 'failed';
    case 'superseded':
      return wasReleased(deploy) ? 'succeeded' : 'unknown';
  }
}

export interface Release {
  readonly app: { readonly id: string; readonly name: string };
  readonly created_at: string;
  readonly description: string;
  readonly slug: { readonly id: string };
  readonly id: string;
  readonly status: string;
  readonly state: string;
  readonly user: { readonly id: string; readonly email: string };
  readonly version: number;
  readonly current: boolean;
}

/** Ascending; a build that never got as far has none. */
export function listReleases(installation: AkkerisInstallation, app: AkkerisApp): Release[] {
  if (!isAlive(installation, app)) return [];
  const current = [...installation.world.deploys]
    .reverse()
    .find((deploy) => releaseStatus(deploy) === 'succeeded');
  return byChange(installation, app)
    .filter((deploy) => releaseStatus(deploy) !== undefined)
    .map((deploy) => showRelease({ installation, app, deploy, current: deploy === current }));
}

export function findRelease(installation: AkkerisInstallation, app: AkkerisApp, id: string): Release {
  if (!isUuid(id)) throw new ControllerRefusal(422, 'The specified uuid was invalid.');
  const release = listReleases(installation, app).find((candidate) => candidate.id === id.toLowerCase());
  if (!release) throw new ControllerRefusal(404, `The specified release ${id} was not found.`);
  return release;
}

/** The release that runs now, if any. */
export function currentRelease(installation: AkkerisInstallation): Release | undefined {
  const [app] = installation.apps;
  return app && listReleases(installation, app).find((release) => release.current);
}

export function releaseId(deploy: WorldDeploy): string {
  return uuidOf(`release/${deploy.id}`);
}

/** Undefined while there is no release of this build. */
export function releaseStatus(deploy: WorldDeploy): 'pending' | 'succeeded' | 'failed' | undefined {
  switch (deploy.status) {
    case 'queued':
    case 'building':
      return undefined;
    case 'deploying':
      return 'pending';
    case 'succeeded':
      return 'succeeded';
    case 'failed':
    case 'cancelled':
      return wasReleased(deploy) ? 'failed' : undefined;
    case 'superseded':
      return wasReleased(deploy) ? 'succeeded' : undefined;
  }
}

/** Counts the app's releases from 1, in the order in which they began. */
export function releaseVersion(installation: AkkerisInstallation, deploy: WorldDeploy): number {
  const own = releaseStart(deploy).ms;
  return installation.world.deploys.filter(
    (other) =>
      releaseStatus(other) !== undefined &&
      (releaseStart(other).ms < own || (releaseStart(other).ms === own && other.number <= deploy.number)),
  ).length;
}

/** When the build was done and its release began. */
export function releaseStart(deploy: WorldDeploy): WorldTime {
  return releasedAt(deploy) ?? lastChange(deploy);
}

export function repositoryOf(installation: AkkerisInstallation, app: AkkerisApp): string {
  return `https://github.com/${installation.organization}/${app.name}`;
}

export function releaseDescription(deploy: WorldDeploy): string {
  return `Auto-Deploy ${deploy.id.slice(0, 8)}`;
}

function showRelease(place: {
  installation: AkkerisInstallation;
  app: AkkerisApp;
  deploy: WorldDeploy;
  current: boolean;
}): Release {
  const { installation, app, deploy, current } = place;
  const status = releaseStatus(deploy) ?? 'unknown';
  const states: Record<string, string> = { pending: 'pending', succeeded: 'success', failed: 'failure' };
  return {
    app: { id: app.id, name: app.key },
    created_at: isoMilliseconds(releaseStart(deploy)),
    description: releaseDescription(deploy),
    slug: { id: deploy.id },
    id: releaseId(deploy),
    status,
    state: states[status] ?? 'error',
    user: { id: uuidOf(installation.organization), email: '' },
    version: releaseVersion(installation, deploy),
    current,
  };
}

function byChange(installation: AkkerisInstallation, app: AkkerisApp): WorldDeploy[] {
  if (!isAlive(installation, app)) return [];
  return [...installation.world.deploys].sort(
    (a, b) => lastChange(a).ms - lastChange(b).ms || a.number - b.number,
  );
}

/** A build is touched for the last time when it ends; what its release does later is no change of it. */
function lastChange(deploy: WorldDeploy): WorldTime {
  return releasedAt(deploy) ?? deploy.finished ?? deploy.started ?? deploy.created;
}

function releasedAt(deploy: WorldDeploy): WorldTime | undefined {
  return deploy.output.find((part) => part.phase === 'deploy')?.at;
}

function wasReleased(deploy: WorldDeploy): boolean {
  return releasedAt(deploy) !== undefined;
}

function outputLines(
  installation: AkkerisInstallation,
  place: { app: AkkerisApp; deploy: WorldDeploy },
  form: BuildOutputForm,
): string[] {
  const { app, deploy } = place;
  const now = installation.world.now().ms;
  // The store holds what had arrived at the last rewriting, also for a moment after the status has changed.
  const stored = form.snapshotMs > 0 ? Math.floor(now / form.snapshotMs) * form.snapshotMs : now;
  const built = deploy.output.filter((part) => part.phase === 'build' && part.at.ms <= stored);
  if (built.length === 0) return [];
  const source = `Getting source code for ${repositoryOf(installation, app)}/${deploy.ref} SHA ${deploy.commit}... done`;
  let text = [source, ...built.map((part) => part.text)].map((line) => `${line}\n`).join('');
  if (form.partialLines && buildStatus(deploy) === 'pending') {
    const last = built.at(-1)?.text ?? '';
    text = text.slice(0, text.length - 1 - Math.ceil(last.length / 2));
  }
  return withoutPrivateLines(text).split('\n');
}

/** The controller's own replacements, in its order (wire: Akkeris 3.2). */
function withoutPrivateLines(text: string): string {
  return text
    .replace(/^Step [0-9/]+ : ARG .*$/gm, '')
    .replace(/^ ---> .*$/gm, '')
    .replace(/^\+ .*$/gm, '')
    .replace(/^The push refers to a repository .*$/gm, '')
    .replace(/^tar: .*/gm, '')
    .replace(/^gzip: .*/gm, '')
    .replace(/[\n\r]+\s*[\n\r]+/g, '\n')
    .replace(/^Sending build context to Docker daemon .*$/gm, '');
}
