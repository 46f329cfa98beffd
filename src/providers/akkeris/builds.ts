// The builds capability. Knows no endpoint and no output.
import { CliError } from '../../errors.ts';
import type { Build, BuildStep } from '../../model.ts';
import type { BuildsCapability } from '../../provider.ts';
import { addressedApp } from './addressed-app.ts';
import { openBuildLog } from './build-log.ts';
import { readBuild, readBuilds, STATUS_WORDS } from './build-records.ts';
import type { AkkerisClient, LogPlace, Timing } from './client.ts';
import { openDeployLog } from './deploy-log.ts';
import { currentOf, readReleases } from './releases.ts';

export function buildsAt({ buildEvery }: Timing): BuildsCapability<AkkerisClient> {
  return {
    traits: {
      everyMillis: buildEvery,
      statusWords: STATUS_WORDS,
      deployLog: 'the releases of the build and the checks reported on them',
      byId: true,
    },
    async *list(client, ref, signal) {
      yield await readBuilds(client, addressedApp(ref), signal);
    },
    async get(client, ref, id, signal) {
      const place = addressedApp(ref);
      const build = await readBuild(client, place, id, signal);
      return { ...build, steps: [stepOf(build), ...(await releaseSteps(client, place, build, signal))] };
    },
    async active(client, ref, signal) {
      const place = addressedApp(ref);
      const release = currentOf(await readReleases(client, place, signal));
      if (release === null || release.build === null) return null;
      return readBuild(client, place, release.build, signal).catch((error: unknown) => {
        if (!(error instanceof CliError) || error.kind !== 'not-found') throw error;
        throw builtElsewhere(place, release.name, error);
      });
    },
    async log(client, ref, { build, phase }) {
      const place = addressedApp(ref);
      return phase === 'deploy' ? openDeployLog(client, place, build) : openBuildLog(client, place, build);
    },
  };
}

/** A promoted release runs a slug of the app that it was promoted from. */
function builtElsewhere({ subject }: LogPlace, release: string, cause: CliError): CliError {
  return new CliError(
    'not-found',
    `The active release ${release} of ${subject.what} was built for another app, or its build is gone.`,
    { hint: 'polylog builds list akkeris:NAME-SPACE shows what there is.', cause },
  );
}

function stepOf({ status, created, finished }: Build): BuildStep {
  return { name: 'build', status, started: created, finished, reason: null, steps: [] };
}

/** Decoration: a gate is not to wait or fail because releases cannot be read. */
async function releaseSteps(
  client: AkkerisClient,
  place: LogPlace,
  build: Build,
  signal: AbortSignal,
): Promise<BuildStep[]> {
  if (build.status !== 'succeeded') return [];
  try {
    const releases = await readReleases(client, place, signal, { retry: false });
    return releases
      .filter((release) => release.build === build.id)
      .map(({ name, status, created }) => ({
        name: `release ${name}`,
        status,
        started: created,
        finished: null,
        reason: null,
        steps: [],
      }));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CliError) return [];
    throw error;
  }
}
