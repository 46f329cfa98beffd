// `builds wait`: blocks until a build ends; the exit code is its result.
import { Interruption } from '../errors.ts';
import type { Build } from '../model.ts';
import { endRecord, jsonLine } from '../output/records.ts';
import type { BuildEnd } from './build-printer.ts';
import { detailForm, printBuild } from './build-show.ts';
import { type BuildCommand, chooseBuild, withBuilds } from './build-target.ts';
import {
  awaitEnd,
  exitCodeOfBuild,
  startDeadline,
  startHeartbeat,
  verdictSentence,
} from './build-verdict.ts';
import { statusText } from './build-words.ts';
import { durationFlag } from './flag-values.ts';
import { createTally, endOfFailure } from './tally.ts';

export function waitForBuild(command: BuildCommand): Promise<number> {
  return withBuilds(command, async (place, text) => {
    const { options } = command;
    const asked = options.output !== undefined || options.json === true;
    const form = detailForm(options);
    const timeout = durationFlag('timeout', options.timeout);
    const heartbeat = durationFlag('heartbeat', options.heartbeat);
    const appear = appearOf(options);
    const { terminal, signal } = place.context;
    const deadline = startDeadline(signal, timeout);
    const tally = createTally();
    // In json there is one document, the build.
    const printEnd = async (end: BuildEnd) => {
      if (form === 'ndjson') await terminal.print(jsonLine(endRecord(tally.end(end), place.shown)));
    };
    let seen: Build | undefined;
    const word = () => (seen ? `build ${seen.id} is ${statusText(seen)}` : 'no build yet');
    const silence = startHeartbeat({ terminal, label: place.label, millis: heartbeat, word });
    try {
      const choice = { build: text, commit: options.commit, appear, patient: true };
      const build = await chooseBuild(place, choice, deadline.signal);
      seen = build;
      const ended = await awaitEnd(place, {
        build,
        signal: deadline.signal,
        onLook(look) {
          const isNews = look.nativeStatus !== seen?.nativeStatus && !look.ended;
          if (isNews && look.status !== 'unknown')
            terminal.note(`polylog: ${place.label}: build ${look.id} is ${statusText(look)}`);
          if (isNews) silence.stir();
          seen = look;
        },
      });
      if (asked) await printBuild(place, ended, form);
      tally.records = 1;
      await printEnd({ reason: ended.status, exit: exitCodeOfBuild(ended) });
      terminal.complain(verdictSentence(place, ended));
      return exitCodeOfBuild(ended);
    } catch (error) {
      await printEnd(endOfFailure(error)).catch(() => undefined);
      if (error instanceof Interruption && error.exitCode === 124) {
        terminal.complain(`polylog: ${place.label}: no verdict within ${options.timeout} (--timeout).`);
      }
      throw error;
    } finally {
      silence.stop();
      deadline.clear();
    }
  });
}

/** A named commit is waited for as long as the command runs, unless told otherwise. */
export function appearOf({ appearTimeout, commit }: { appearTimeout?: string; commit?: string }): number {
  const given = durationFlag('appear-timeout', appearTimeout);
  return given ?? (commit === undefined ? 0 : 2 ** 31 - 1);
}
