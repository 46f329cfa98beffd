// `builds log`: what a build prints, followed to its end; the exit code is the platform's own verdict.
import { CliError, Interruption } from '../errors.ts';
import type { Build, LogEntry } from '../model.ts';
import type { LogRenderer } from '../output/log-item.ts';
import { createLogRenderer, type LogForm, parseLogForm } from '../output/logs.ts';
import { ANSI_MODES, type AnsiMode } from '../output/sanitize.ts';
import { TIMESTAMPS } from '../output/time-text.ts';
import type { Source } from '../provider.ts';
import { feed } from '../stream/feed.ts';
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
import { durationFlag, oneOf, zoneFlag } from './flag-values.ts';

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
    const printer = createPrinter(place, renderer, silence.stir);
    try {
      const patient = options.follow === true;
      const choice = { build: text, commit: options.commit, appear: appearOf(options), patient };
      const build = await chooseBuild(place, choice, deadline.signal);
      waited = `build ${build.id}`;
      const printing: Printing = { place, build, phase, printer, signal: deadline.signal };
      const ended = options.follow ? await followLog(printing) : await printStored(printing);
      await printer.finish();
      const code = exitCodeOfBuild(ended);
      if (code === 1) await report.failure(verdictSentence(place, ended));
      else if (code !== 0 || options.follow) report.end(verdictSentence(place, ended));
      return options.exitStatus === false ? 0 : code;
    } catch (error) {
      // What was opened in a runner's log (a group, a fence) is closed however it ends.
      await printer.abandon().catch(() => undefined);
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

/** The last words on stderr; a failure is an annotation as well where the runner knows such. */
function createReport({ context }: BuildPlace, form: string) {
  const { terminal } = context;
  return {
    end: (sentence: string) => terminal.complain(sentence),
    async failure(sentence: string) {
      if (form !== 'github') return terminal.complain(sentence);
      const { defused } = await import('../output/runner.ts');
      terminal.complain(defused(sentence));
      terminal.complain(githubError(defused(sentence).replace(/^polylog: /, '')));
    },
  };
}

function githubError(words: string): string {
  const escaped = words.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  return `::error title=polylog::${escaped}`;
}

function phaseOf({ builds, connected }: BuildPlace, { deploy }: BuildFlags): 'build' | 'deploy' {
  if (!deploy) return 'build';
  if (builds.traits.deployLog !== false) return 'deploy';
  throw new CliError('usage', `${connected.provider.title} has no log of a deploy phase of its own.`, {
    hint: 'Its build log holds everything; leave out --deploy.',
  });
}

async function rendererOf(form: string, place: BuildPlace, options: BuildFlags): Promise<LogRenderer> {
  if (form === 'github' || form === 'gitlab') {
    const { createRunnerRenderer } = await import('../output/runner.ts');
    return createRunnerRenderer(form);
  }
  const { terminal } = place.context;
  const parsed: LogForm = parseLogForm(form);
  return createLogRenderer(parsed, {
    targets: [place.shown],
    isTTY: terminal.out.isTTY,
    columns: () => terminal.out.columns,
    color: terminal.out.color,
    ansi: oneOf<AnsiMode>(options.ansi, ANSI_MODES, '--ansi'),
    timestamps: oneOf(options.timestamps, TIMESTAMPS, '--timestamps'),
    zone: zoneFlag(options.timezone, options.utc),
    noPrefix: options.prefix === false,
    csvColumns: options.columns,
  });
}

interface Printing {
  readonly place: BuildPlace;
  readonly build: Build;
  readonly phase: 'build' | 'deploy';
  readonly printer: Printer;
  readonly signal: AbortSignal;
}

/** What is stored now. The verdict is that of the build as it is afterwards. */
async function printStored({ place, build, phase, printer, signal }: Printing): Promise<Build> {
  const source = await openLog({ place, build, phase, signal });
  for await (const entries of storedLines(place, source, signal)) await printer.print(entries);
  if (build.ended || !place.builds.traits.byId) return build;
  return place.builds.get(place.connected.client, place.target.ref, build.id, signal);
}

function openLog({ place, build, phase, signal }: Omit<Printing, 'printer'>): Promise<Source<LogEntry>> {
  return place.builds.log(place.connected.client, place.target.ref, { build, phase }, signal);
}

async function* storedLines(
  place: BuildPlace,
  source: Source<LogEntry>,
  signal: AbortSignal,
): AsyncGenerator<readonly LogEntry[], void, undefined> {
  const history = source.history({ lines: 'all', since: null, until: null }, signal);
  try {
    for (;;) {
      const step = await history.next();
      if (step.done) return;
      const { items, missing, notices } = step.value;
      for (const { message } of notices ?? [])
        place.context.terminal.note(`polylog: ${place.label}: ${message}`);
      if (missing)
        place.context.terminal.complain(`polylog: ${place.label}: lines may be missing: ${missing.reason}`);
      if (items.length > 0) yield items;
    }
  } finally {
    await history.return({ complete: false, begins: null }).catch(() => undefined);
  }
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
    const options = { keep: () => true, lines: 'all' as const, since: null, until: null, follow: true };
    for await (const step of feed(source, options, signal)) {
      if (step.kind === 'items') await printer.print(step.items);
      else if (step.kind === 'notice' && step.notice.kind !== 'connected')
        terminal.note(`polylog: ${place.label}: ${step.notice.message}`);
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
    for await (const entries of storedLines(place, source, signal)) stored.push(...entries);
    await printer.printMissing(stored);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof CliError)) throw error;
    place.context.terminal.complain(
      `polylog: ${place.label}: the stored log could not be read: ${error.message}`,
    );
  }
}
