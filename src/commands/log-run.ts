// `logs`: targets in, one merged sequence out, an exit code at the end. Knows no platform.
import { type Context, createContext, type GlobalOptions } from '../context.ts';
import { CliError, exitCodeOf, Interruption } from '../errors.ts';
import { keepHeapSmall } from '../heap.ts';
import type { Host } from '../host.ts';
import type { LogEntry } from '../model.ts';
import { type Merged, merge } from '../stream/merge.ts';
import type { ResolvedTarget } from '../target.ts';
import { cutShort, endOf, judge, type Verdict } from './log-end.ts';
import { createLane, type Lane, openLane, readLane } from './log-lane.ts';
import { createLogPrinter, type LogPrinter } from './log-print.ts';
import { type LogFlags, type LogRequest, parseLogRequest } from './log-request.ts';
import { logTargets, type PlatformFlags, platformFlags } from './log-targets.ts';
import { createTally, type Tally } from './tally.ts';
import { addressOf, failureOf } from './target-words.ts';

export interface LogCommand {
  readonly host: Host;
  readonly targets: readonly string[];
  readonly mode: 'tail' | 'show';
  readonly options: LogFlags;
}

export async function runLogs({ host, targets, mode, options }: LogCommand): Promise<number> {
  keepHeapSmall();
  const context = createContext(host, options as GlobalOptions);
  try {
    const request = await parseLogRequest(options, { mode, now: Date.now(), env: host.env });
    const resolved = await logTargets(context, targets, options);
    const flags = platformFlags(options, resolved);
    const reading = { context, request, targets: resolved, flags };
    return options.explain === true ? await explain(reading) : await readLogs(reading);
  } finally {
    await context.close();
  }
}

export interface Reading {
  readonly context: Context;
  readonly request: LogRequest;
  readonly targets: readonly ResolvedTarget[];
  readonly flags: PlatformFlags;
  /** The file that the context's terminal writes in place of stdout, there whole or not at all. */
  readonly file?: string | undefined;
}

/** What would be done, in place of doing it. */
async function explain({ context, request, targets, flags }: Reading): Promise<number> {
  const { explainText } = await import('./log-explain.ts');
  const lanes = targets.map((target) => createLane(target, flags));
  const { signal } = context;
  const opened = await Promise.allSettled(
    lanes.map(async (lane) => {
      const { source } = await openLane(lane, { context, request, flags, signal });
      const { traits } = source;
      const narrowing = (await source.narrowing?.(request, signal)) ?? [];
      const { target } = lane;
      return { label: addressOf(target), hasComponent: target.ref.component !== null, traits, narrowing };
    }),
  );
  let code = 0;
  for (const [index, outcome] of opened.entries()) {
    const lane = lanes[index];
    if (!lane) continue;
    if (outcome.status === 'fulfilled') {
      await context.terminal.print(explainText(outcome.value, request));
    } else {
      if (!(outcome.reason instanceof CliError)) throw outcome.reason;
      context.terminal.complain(
        failureOf(outcome.reason, { target: lane.shown, isAlone: lanes.length === 1 }),
      );
      code ||= exitCodeOf(outcome.reason);
    }
  }
  return code;
}

/** Reads the targets side by side, prints what they bring and returns the exit code. */
export async function readLogs(reading: Reading): Promise<number> {
  const { context, request, targets, flags, file } = reading;
  const stop = new AbortController();
  const onAbort = () => stop.abort(context.signal.reason);
  if (context.signal.aborted) onAbort();
  else context.signal.addEventListener('abort', onAbort, { once: true });
  const timers = startTimers(request, stop);
  const lanes = targets.map((target) => createLane(target, flags));
  const tally = createTally();
  const printer = await createLogPrinter({
    terminal: context.terminal,
    output: request.output,
    read: request.read,
    targets: lanes.map(({ shown }) => shown),
    verbose: context.options.verbose === true,
    tally,
  });
  const forget = context.host.signals?.beforeForcedEnd(() => {
    const { reason } = context.signal;
    if (reason instanceof Interruption)
      printer.lastWords(cutShort(reason, file), { summary: file === undefined });
  });
  try {
    for (const notice of request.notices) await printer.notice(notice, null);
    const verdict = await printAll(lanes, { reading, stop, printer, tally });
    // Where nothing could be read at all, the errors say everything.
    const hasRun = printer.count > 0 || lanes.some((lane) => lane.error === undefined);
    const stopped = stop.signal.reason;
    const end = endOf(lanes, { request, verdict, stopped, count: printer.count, file });
    const isCut = end.reason === 'interrupted' && file === undefined;
    return await printer.finish(end, { summary: (request.follow || isCut) && hasRun });
  } finally {
    forget?.();
    for (const timer of timers) clearTimeout(timer);
    context.signal.removeEventListener('abort', onAbort);
    if (!stop.signal.aborted) stop.abort(new Interruption('done', 0));
  }
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

interface Printing {
  readonly reading: Reading;
  readonly stop: AbortController;
  readonly printer: LogPrinter;
  readonly tally: Tally;
}

async function printAll(lanes: readonly Lane[], printing: Printing): Promise<Verdict> {
  const { reading, stop, printer, tally } = printing;
  const { signal } = stop;
  const merged = merge(
    lanes.map((lane) => () => readLane(lane, { ...reading, tally, isAlone: lanes.length === 1, signal })),
    { hurry: signal },
  );
  const heartbeat = startHeartbeat(reading.request.heartbeat, printer);
  const { terminal } = reading.context;
  terminal.closed.then(() => stop.abort(new Interruption('the reader has gone', 0)));
  try {
    for (;;) {
      const step = await merged.next();
      if (step.done) return terminal.isClosed ? 'closed' : undefined;
      heartbeat?.refresh();
      const lane = lanes[step.value.from];
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

async function show(
  step: Merged<LogEntry>,
  lane: Lane,
  { reading, stop, printer }: Printing,
): Promise<Verdict> {
  switch (step.kind) {
    case 'items': {
      const { shown, verdict } = judge(step, reading.request.ends, printer.count);
      await printer.entries(shown, lane.shown, { late: step.late, stamps: step.stamps });
      return verdict;
    }
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
