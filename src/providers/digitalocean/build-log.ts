// The log of one deployment's build or deploy phase: a log of the app like others, bound to that deployment. It is
// streamed while the phase runs and read from all its archives afterwards. Knows no connection.
import type { LogEntry } from '../../model.ts';
import type { AppRef, BuildLogRequest, Source } from '../../provider.ts';
import type { DigitaloceanClient } from './client.ts';
import { logs } from './log.ts';

/** A phase that was skipped has an empty log with a notice. Throws `not-found` for a deployment that is not there. */
export function openBuildLog(
  client: DigitaloceanClient,
  ref: AppRef,
  { build, phase }: BuildLogRequest,
  signal: AbortSignal,
): Promise<Source<LogEntry>> {
  const flags = { deployment: build.id, type: phase };
  return logs.open(client, ref, { components: [], sources: [], levels: [], flags }, signal);
}
