// `logs`: targets in, one merged sequence out, an exit code at the end. Knows no platform.
import { type Connected, type Context, createContext, type GlobalOptions } from '../context.ts';
import { CliError, exitCodeOf, Interruption, sentenceOf } from '../errors.ts';
import type { Host } from '../host.ts';
import { countOf, type LogEntry } from '../model.ts';
import type { LogTarget } from '../output/log-item.ts';
import { isSupported, type Source } from '../provider.ts';
import { PROVIDERS } from '../providers/index.ts';
import { type FeedOptions, feed } from '../stream/feed.ts';
import { createBundleFilter, createLogFilter, type Pattern } from '../stream/filter.ts';
import { type Merged, type MergedItems, type MergeInput, merge } from '../stream/merge.ts';
import { createMultiline } from '../stream/multiline.ts';
import { everything } from '../stream/range.ts';
import type { ResolvedTarget } from '../target.ts';
import { createLogPrinter, type LogPrinter } from './log-print.ts';
import { type LogFlags, type LogRequest, parseLogRequest } from './log-request.ts';

export interface LogCommand {
  readonly host: Host;
  readonly targets: readonly string[];
  readonly mode: 'tail' | 'show';
  readonly options: LogFlags;
}

export async function runLogs({ host, targets, mode, options }: LogCommand): Promise<number> {
  const context = createContext(host, options as GlobalOptions);
  try {
    const request = await parseLogRequest(options, { mode, now: Date.now(), env: host.env });
    const resolved = await context.targets(namedTargets(targets, options));
    const flags = platformFlags(options, resolved);
    return await readLogs({
      context,
      request,
      targets: resolved,
      flags,
      isExplained: options.explain === true,
    });
  } finally {
    await context.close();
  }
}

/** Positional targets and those of --app. */
export function namedTargets(targets: readonly string[], options: LogFlags): string[] {
  return [...targets, ...(Array.isArray(options.app) ? (options.app as string[]) : [])];
}

/** The flags of single platforms that were given; refused where a target's platform has no such flag. */
export function platformFlags(
  options: LogFlags,
  targets: readonly ResolvedTarget[],
): Record<string, string | boolean> {
  const given: Record<string, string | boolean> = {};
  for (const entry of PROVIDERS) {
    for (const { name } of entry.logFlags) {
      const value = options[camelCase(name)];
      if (typeof value === 'string' || value === true) given[name] = value;
    }
  }
  for (const target of targets) {
    const known = target.entry.logFlags.map((flag) => flag.name);
    const foreign = Object.keys(given).find((name) => !known.includes(name));
    if (foreign) throw foreignFlag(foreign, target);
  }
  return given;
}

function foreignFlag(name: string, target: ResolvedTarget): CliError {
  const owners = PROVIDERS.filter(({ logFlags }) => logFlags.some((flag) => flag.name === name));
  const titles = owners.map(({ title }) => title).join(' and ');
  return new CliError('usage', `${target.entry.title} has no --${name} (asked for ${labelOf(target)}).`, {
    hint: `It is a flag of ${titles}: ask its targets in a command of their own.`,
  });
}

function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

export function labelOf(target: ResolvedTarget): string {
  const component = target.ref.component === null ? '' : `/${target.ref.component}`;
  return `${target.profile}:${target.ref.app}${component}`;
}

/** What would be done, in place of doing it. */
async function explain(lanes: readonly Lane[], { context, request }: Reading): Promise<number> {
  const { explainText } = await import('./log-explain.ts');
  for (const { target, source, error } of lanes) {
    if (source) await context.terminal.print(explainText(labelOf(target), source.traits, request));
    else if (error instanceof CliError) context.terminal.complain(`polylog: ${sentenceOf(error)}`);
    else throw error;
  }
  const failed = lanes.find((lane) => lane.error !== undefined);
  return failed ? exitCodeOf(failed.error) : 0;
}

export interface Reading {
  /** `--explain`. */
  readonly isExplained?: boolean;
  readonly context: Context;
  readonly request: LogRequest;
  readonly targets: readonly ResolvedTarget[];
  readonly flags: Readonly<Record<string, string | boolean>>;
}

/** One target, opened or failed. */
interface Lane {
  readonly target: ResolvedTarget;
  readonly shown: LogTarget;
  readonly source: Source<LogEntry> | undefined;
  error: unknown;
}

/** Opens the targets, prints what they bring and returns the exit code. */
export async function readLogs(reading: Reading): Promise<number> {
  const { context, request, targets } = reading;
  const stop = new AbortController();
  const onAbort = () => stop.abort(context.signal.reason);
  if (context.signal.aborted) onAbort();
  else context.signal.addEventListener('abort', onAbort, { once: true });
  const timers = startTimers(request, stop);
  const printer = await createLogPrinter({
    terminal: context.terminal,
    output: request.output,
    read: request.read,
    targets: targets.map(shownTarget),
    verbose: context.options.verbose === true,
  });
  try {
    const lanes = await openAll(reading, stop.signal);
    if (reading.isExplained) return await explain(lanes, reading);
    for (const lane of lanes)
      if (lane.error !== undefined && !stop.signal.aborted) printer.failed(lane.shown, lane.error);
    const end = await printAll(lanes, { reading, stop, printer });
    // Where nothing could be read at all, the errors say everything.
    const hasRun = printer.count > 0 || lanes.some((lane) => lane.error === undefined);
    return await printer.finish(exitCode(lanes, { request, end, stop, printer }), request.follow && hasRun);
  } finally {
    for (const timer of timers) clearTimeout(timer);
    context.signal.removeEventListener('abort', onAbort);
    if (!stop.signal.aborted) stop.abort(new Interruption('done', 0));
  }
}

function shownTarget(target: ResolvedTarget): LogTarget {
  return { provider: target.entry.name, profile: target.profile, app: target.ref.app };
}

function startTimers(request: LogRequest, stop: AbortController): NodeJS.Timeout[] {
  const timers: NodeJS.Timeout[] = [];
  const { timeout } = request.ends;
  if (timeout !== undefined) {
    timers.push(setTimeout(() => stop.abort(new Interruption('--timeout', 124)), timeout));
  }
  if (request.follow && request.until) {
    const left = Math.max(0, request.until.seconds * 1000 + request.until.nanos / 1e6 - Date.now());
    if (left < 2 ** 31) timers.push(setTimeout(() => stop.abort(new Interruption('--until', 0)), left));
  }
  return timers;
}

async function openAll(reading: Reading, signal: AbortSignal): Promise<Lane[]> {
  const { context, request, targets, flags } = reading;
  return Promise.all(
    targets.map(async (target): Promise<Lane> => {
      const shown = shownTarget(target);
      try {
        const connected = await context.connect(target.entry);
        const source = await openSource({ connected, target, request, flags, signal });
        if (!request.follow && source.traits.history === 'none') {
          context.terminal.note(`polylog: ${labelOf(target)}: ${source.traits.retention}`);
        }
        return { target, shown, source, error: undefined };
      } catch (error) {
        return { target, shown, source: undefined, error };
      }
    }),
  );
}

interface Opening {
  readonly connected: Connected;
  readonly target: ResolvedTarget;
  readonly request: LogRequest;
  readonly flags: Readonly<Record<string, string | boolean>>;
  readonly signal: AbortSignal;
}

async function openSource({ connected, target, request, flags, signal }: Opening): Promise<Source<LogEntry>> {
  const { logs, title } = connected.provider;
  if (!isSupported(logs)) throw new CliError('usage', `${title} has no logs to read: ${logs.unsupported}`);
  const { level } = request.filter;
  const options = {
    components: request.componentGlobs,
    sources: request.filter.sources,
    levels: level?.exactly ? [level.level] : [],
    follow: request.follow,
    flags,
  };
  return logs.open(connected.client, target.ref, options, signal);
}

interface Printing {
  readonly reading: Reading;
  readonly stop: AbortController;
  readonly printer: LogPrinter;
}

/** How reading came to its end: a verdict of a gate, or undefined when the sources or a signal ended it. */
type Verdict = 'max-count' | 'until-match' | 'fail-on' | 'closed' | undefined;

async function printAll(lanes: readonly Lane[], printing: Printing): Promise<Verdict> {
  const { reading, stop, printer } = printing;
  const open = lanes.filter((lane) => lane.source !== undefined);
  const inputs = open.flatMap((lane) => (lane.source ? [inputOf(lane, lane.source, printing)] : []));
  if (inputs.length === 0) return undefined;
  const merged = merge(inputs, { hurry: stop.signal });
  const heartbeat = startHeartbeat(reading.request.heartbeat, printer);
  const { terminal } = reading.context;
  terminal.closed.then(() => stop.abort(new Interruption('the reader has gone', 0)));
  try {
    for (;;) {
      const step = await merged.next();
      if (step.done) return terminal.isClosed ? 'closed' : undefined;
      heartbeat?.refresh();
      const lane = open[step.value.from];
      if (!lane) continue;
      const verdict = await show(step.value, lane, printing);
      if (verdict) return verdict;
      if (terminal.isClosed) return 'closed';
    }
  } finally {
    clearInterval(heartbeat);
    stop.abort(new Interruption('done', 0));
    await merged.return();
  }
}

function startHeartbeat(every: number | undefined, printer: LogPrinter): NodeJS.Timeout | undefined {
  return every === undefined ? undefined : setInterval(() => printer.heartbeat(every), every);
}

function inputOf(lane: Lane, source: Source<LogEntry>, { reading, stop }: Printing): MergeInput<LogEntry> {
  const { request } = reading;
  const options: FeedOptions<LogEntry> = {
    keep: keepOf(lane, request),
    mayKeep: createBundleFilter(request.filter),
    lines: request.lines,
    since: request.since,
    until: request.until,
    follow: request.follow,
    multiline: request.multiline ? createMultiline() : undefined,
    ...(request.idle === undefined ? {} : { timing: { idle: request.idle } }),
  };
  const { live, ordered } = source.traits;
  const usual = live.kind === 'poll' ? (live.everyMillis ?? 0) + 1000 : 1000;
  return {
    steps: feed(source, options, stop.signal),
    timeOf: source.timeOf,
    millisOf: source.millisOf,
    window: request.reorder ?? usual,
    // The past of one source comes in order whatever its stream does.
    ordered: ordered || !request.follow,
  };
}

function keepOf(lane: Lane, request: LogRequest): (entry: LogEntry) => boolean {
  const passes = createLogFilter(request.filter, request.read);
  const { component } = lane.target.ref;
  if (component === null) return passes ?? everything;
  const isOfIt = (entry: LogEntry) => entry.body.component === component || entry.body.instance === component;
  return passes ? (entry) => isOfIt(entry) && passes(entry) : isOfIt;
}

async function show(
  step: Merged<LogEntry>,
  lane: Lane,
  { reading, stop, printer }: Printing,
): Promise<Verdict> {
  switch (step.kind) {
    case 'items':
      return showItems(step, lane, { ends: reading.request.ends, printer });
    case 'gap':
      await printer.gap(step.gap, lane.shown);
      return undefined;
    case 'notice':
      await printer.notice(step.notice, lane.shown);
      return undefined;
    case 'progress':
      await printer.progress(step.progress, lane.shown);
      return undefined;
    case 'over':
      if (reading.request.follow && !stop.signal.aborted) printer.ended(lane.shown, step.end.reason);
      return undefined;
    case 'failed':
      if (stop.signal.aborted) return undefined;
      lane.error = step.error;
      printer.failed(lane.shown, step.error);
      return undefined;
  }
}

async function showItems(
  step: MergedItems<LogEntry>,
  lane: Lane,
  { ends, printer }: { ends: LogRequest['ends']; printer: LogPrinter },
): Promise<Verdict> {
  const { maxCount, untilMatch, failOn } = ends;
  const { late } = step;
  const isFarFromMost = maxCount === undefined || printer.count + countOf(step) < maxCount;
  if (!untilMatch && !failOn && isFarFromMost) {
    await printer.entries(step, lane.shown, { late });
    return undefined;
  }
  const { items } = step;
  let shown = items;
  let verdict: Verdict;
  if (untilMatch || failOn) {
    const found = items.findIndex((entry) => matches(untilMatch, entry) || matches(failOn, entry));
    const entry = items[found];
    if (entry) {
      shown = items.slice(0, found + 1);
      verdict = matches(failOn, entry) ? 'fail-on' : 'until-match';
    }
  }
  if (maxCount !== undefined && printer.count + shown.length >= maxCount) {
    const rest = maxCount - printer.count;
    if (rest < shown.length) verdict = undefined;
    shown = shown.slice(0, rest);
    verdict ??= 'max-count';
  }
  await printer.entries({ items: shown }, lane.shown, { late });
  return verdict;
}

function matches(pattern: Pattern | undefined, entry: LogEntry): boolean {
  return pattern?.test(entry.body.message) ?? false;
}

interface Ending {
  readonly request: LogRequest;
  readonly end: Verdict;
  readonly stop: AbortController;
  readonly printer: LogPrinter;
}

function exitCode(lanes: readonly Lane[], { request, end, stop, printer }: Ending): number {
  const reason = stop.signal.reason;
  if (end === 'fail-on') return 1;
  if (end === 'until-match' || end === 'closed') return 0;
  if (end === undefined && reason instanceof Interruption && reason.exitCode !== 0) return reason.exitCode;
  const failed = lanes.find((lane) => lane.error !== undefined);
  if (failed && end !== 'max-count') return exitCodeOf(failed.error);
  if (request.ends.untilMatch && end !== 'max-count') return 1;
  if (request.ends.exitOnEmpty && printer.count === 0) return 3;
  return 0;
}
