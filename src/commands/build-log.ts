// `builds log`: what a build prints, followed to its end; the exit code is the platform's own verdict.
import { CliError, Interruption } from '../errors.ts';
import type { Build, Gap, LogEntry, Notice } from '../model.ts';
import type { Source } from '../provider.ts';
import { type FeedOptions, feed } from '../stream/feed.ts';
import { gapOf } from '../stream/feed-steps.ts';
import { createReport, rendererOf } from './build-output.ts';
import { createPrinter, type Printer } from './build-printer.ts';
import {
  type BuildCommand,
  type BuildFlags,
  type BuildPlace,
  chooseBuild,
  withBuilds,
} from './build-target.ts';
import {
  awaitEnd,
  exitCodeOfBuild,
  startDeadline,
  startHeartbeat,
  verdictSentence,
} from './build-verdict.ts';
import { appearOf } from './build-wait.ts';
import { statusText } from './build-words.ts';
import { durationFlag } from './flag-values.ts';
import { createTally, endOfFailure, type Tally } from './tally.ts';

/** How long a stream may take to its own end once the platform has called the build over. Milliseconds. */
const SETTLE = 5000;

export function printBuildLog(command: BuildCommand): Promise<number> {
  return withBuilds(command, async (place, text) => {
    const { options } = command;
    const { signal } = place.context;
    const form = options.json ? 'ndjson' : (options.output ?? 'raw');
    const renderer = await rendererOf(form, place, options);
    const heartbeat = durationFlag('heartbeat', options.heartbeat);
    const phase = phaseOf(place, options);
    const deadline = startDeadline(signal, durationFlag('timeout', options.timeout));
    const report = createReport(place, form);
    let waited = 'no build yet';
    const silence = startHeartbeat({
      terminal: place.context.terminal,
      label: place.label,
      millis: heartbeat,
      word: () => waited,
    });
    const tally = createTally();
    const hasEnd = options.follow === true || options.verbose === true;
    const printer = createPrinter(place, { renderer, tally, hasEnd, onPrint: silence.stir });
    try {
      const patient = options.follow === true;
      const choice = { build: text, commit: options.commit, appear: appearOf(options), patient };
      const build = await chooseBuild(place, choice, deadline.signal);
      waited = `build ${build.id}`;
      const printing: Printing = { place, build, phase, printer, tally, signal: deadline.signal };
      const ended = options.follow ? await followLog(printing) : await printStored(printing);
      const code = exitCodeOfBuild(ended);
      const exit = options.exitStatus === false ? 0 : code;
      await printer.finish({ reason: ended.status, exit });
      if (code === 1) await report.failure(verdictSentence(place, ended));
      else if (code !== 0 || options.follow) report.end(verdictSentence(place, ended));
      return exit;
    } catch (error) {
      // What was opened in a runner's log (a group, a fence) is closed however it ends.
      await printer.abandon(endOfFailure(error)).catch(() => undefined);
      if (error instanceof Interruption && error.exitCode === 124) {
        await report.failure(`polylog: ${place.label}: no verdict within ${options.timeout} (--timeout).`);
      }
      throw error;
    } finally {
      silence.stop();
      deadline.clear();
    }
  });
}

function phaseOf({ builds, connected }: BuildPlace, { deploy }: BuildFlags): 'build' | 'deploy' {
  if (!deploy) return 'build';
  if (builds.traits.deployLog !== false) return 'deploy';
  throw new CliError('usage', `${connected.provider.title} has no log of a deploy phase of its own.`, {
    hint: 'Its build log holds everything; leave out --deploy.',
  });
}

interface Printing {
  readonly place: BuildPlace;
  readonly build: Build;
  readonly phase: 'build' | 'deploy';
  readonly printer: Printer;
  readonly tally: Tally;
  readonly signal: AbortSignal;
}

/** What is stored now. The verdict is that of the build as it is afterwards. */
async function printStored({ place, build, phase, printer, signal }: Printing): Promise<Build> {
  const source = await openLog({ place, build, phase, signal });
  for await (const entries of storedLines(source, { place, printer, signal })) await printer.print(entries);
  if (build.ended || !place.builds.traits.byId) return build;
  return place.builds.get(place.connected.client, place.target.ref, build.id, signal);
}

function openLog({
  place,
  build,
  phase,
  signal,
}: Omit<Printing, 'printer' | 'tally'>): Promise<Source<LogEntry>> {
  return place.builds.log(place.connected.client, place.target.ref, { build, phase }, signal);
}

async function* storedLines(
  source: Source<LogEntry>,
  { place, printer, signal }: Pick<Printing, 'place' | 'printer' | 'signal'>,
): AsyncGenerator<readonly LogEntry[], void, undefined> {
  const history = source.history({ lines: 'all', since: null, until: null }, signal);
  try {
    for (;;) {
      const step = await history.next();
      if (step.done) return;
      const { items, missing, notices } = step.value;
      for (const notice of notices ?? []) await sayNotice(notice, { place, printer });
      if (missing) await sayGap(gapOf(missing), { place, printer });
      if (items.length > 0) yield items;
    }
  } finally {
    await history.return({ complete: false, begins: null }).catch(() => undefined);
  }
}

type Saying = Pick<Printing, 'place' | 'printer'>;

async function sayNotice(notice: Notice, { place, printer }: Saying): Promise<void> {
  if (notice.kind !== 'connected') {
    place.context.terminal.note(`polylog: ${place.label}: ${notice.message}`);
  }
  await printer.notice(notice);
}

async function sayGap(gap: Gap, { place, printer }: Saying): Promise<void> {
  place.context.terminal.complain(`polylog: ${place.label}: lines may be missing: ${gap.reason}`);
  await printer.gap(gap);
}

/** Output and verdict side by side: the output may break, the verdict may not. */
async function followLog(printing: Printing): Promise<Build> {
  const { place, build, signal } = printing;
  const stop = new AbortController();
  const onAbort = () => stop.abort(signal.reason);
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  const output = streamOutput(printing, stop.signal);
  try {
    let native = build.nativeStatus;
    const ended = await awaitEnd(place, {
      build,
      signal,
      hint: output,
      onLook(look) {
        if (look.nativeStatus === native || look.ended || look.status === 'unknown') return;
        native = look.nativeStatus;
        place.context.terminal.note(`polylog: ${place.label}: build ${look.id} is ${statusText(look)}`);
      },
    });
    await settled(output, signal);
    stop.abort(new Interruption('the build is over', 0));
    await output;
    await printRest({ ...printing, build: ended });
    return ended;
  } finally {
    if (!stop.signal.aborted) stop.abort(new Interruption('done', 0));
    signal.removeEventListener('abort', onAbort);
    await output;
  }
}

async function settled(output: Promise<void>, signal: AbortSignal): Promise<void> {
  const clock = new AbortController();
  const { wait } = await import('../wait.ts');
  const limit = wait(SETTLE, AbortSignal.any([clock.signal, signal])).catch(() => undefined);
  await Promise.race([output, limit]);
  clock.abort();
  signal.throwIfAborted();
}

/** Never rejects: what goes wrong with the output is said, and the verdict is awaited all the same. */
async function streamOutput(printing: Printing, signal: AbortSignal): Promise<void> {
  const { place, printer } = printing;
  const { terminal } = place.context;
  try {
    const source = await openLog({ ...printing, signal });
    const options: FeedOptions<LogEntry> = {
      keep: () => true,
      lines: 'all',
      since: null,
      until: null,
      follow: true,
      tally: printing.tally,
    };
    for await (const step of feed(source, options, signal)) {
      if (step.kind === 'items') await printer.print(step.items);
      else if (step.kind === 'gap') await sayGap(step.gap, printing);
      else if (step.kind === 'notice') await sayNotice(step.notice, printing);
    }
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof CliError)) throw error;
    terminal.complain(
      `polylog: ${place.label}: ${error.message} The log is read again when the build has ended.`,
    );
  }
}

/** The stored log is the truth: what the stream did not bring is printed at the end. */
async function printRest(printing: Printing): Promise<void> {
  const { place, printer, signal } = printing;
  try {
    const source = await openLog(printing);
    const stored: LogEntry[] = [];
    for await (const entries of storedLines(source, printing)) stored.push(...entries);
    await printer.printMissing(stored);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof CliError)) throw error;
    place.context.terminal.complain(
      `polylog: ${place.label}: the stored log could not be read: ${error.message}`,
    );
  }
}
