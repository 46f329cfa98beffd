// The log of an autoscaling event, or of one run of a job: it begins, ends and has no successor. Knows no stream.
import { CliError } from '../../errors.ts';
import type { AppRef } from '../../provider.ts';
import { jobOf, roleOf } from './choice.ts';
import type { DigitaloceanClient } from './client.ts';
import { isUnknownRun, namingRuns, runsHint } from './job-runs.ts';
import type { LogPlace } from './place.ts';
import { type AppRecord, createLineParser } from './translate.ts';
import { type LogWish, sourceOf, subjectOf } from './wish.ts';

export interface FixedWish {
  readonly app: AppRecord;
  readonly wish: LogWish;
  readonly ref: AppRef;
}

/** Throws a usage CliError that names the newest runs for `list`. */
export async function fixedPlace(
  client: DigitaloceanClient,
  { app, wish, ref }: FixedWish,
  signal: AbortSignal,
): Promise<LogPlace> {
  const { type, event, invocation, deployment, explicit, podConnection } = wish;
  if (invocation === LIST) throw await listing(client, { app, ref }, signal);
  const job = invocation === null ? null : jobOf(app, ref);
  const path =
    job === null
      ? `/events/${event}/logs`
      : `/jobs/${encodeURIComponent(job)}/invocations/${invocation}/logs`;
  const subject = subjectOf(type, app, job === null ? `event ${event}` : `run ${invocation} of job "${job}"`);
  const origin = {
    source: sourceOf(type),
    deployment: roleOf(app, deployment, explicit),
    component: job,
    names: new Set(app.components.map(({ name }) => name)),
  };
  const parse = createLineParser(origin);
  return {
    subject,
    type,
    watched: false,
    goesOn: false,
    components: undefined,
    notices: [],
    path: () => path,
    parser: () => parse,
    look: async () => null,
    outdated: async () => null,
    over: async ({ clean }) => (clean ? `${subject.what} are complete` : null),
    async ask(asked, aborted) {
      const question = { path, type, ...asked, podConnection, deployment: origin.deployment, subject };
      try {
        return await client.logs(app, question, aborted);
      } catch (error) {
        throw job !== null && isUnknownRun(error)
          ? await namingRuns(client, { app, job, error }, aborted)
          : error;
      }
    },
  };
}

/** In place of the id of a run. */
const LIST = 'list';

async function listing(
  client: DigitaloceanClient,
  { app, ref }: Pick<FixedWish, 'app' | 'ref'>,
  signal: AbortSignal,
): Promise<CliError> {
  const job = ref.component === null ? null : jobOf(app, ref);
  const of = job === null ? 'a job' : `job "${job}"`;
  return new CliError('usage', `--job-invocation takes the id of one run of ${of} of app "${app.name}".`, {
    hint: await runsHint(client, { app, job }, signal),
  });
}
