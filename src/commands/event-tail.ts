// `events tail`: the last events, then live, of one or several apps in one order of time.
import type { Context } from '../context.ts';
import { CliError, exitCodeOf, Interruption } from '../errors.ts';
import type { PlatformEvent } from '../model.ts';
import { createCsv } from '../output/csv.ts';
import type { LogTarget } from '../output/log-item.ts';
import { ansiModeOf } from '../output/logs.ts';
import { eventRecord } from '../output/platform-records.ts';
import { endRecord, escapeForTerminal, gapRecord, jsonLine, noticeRecord } from '../output/records.ts';
import { sanitize } from '../output/sanitize.ts';
import { createTemplate } from '../output/template.ts';
import type { Terminal } from '../output/terminal.ts';
import { createTimeText } from '../output/time-text.ts';
import { feed } from '../stream/feed.ts';
import { type Merged, type MergeSource, merge } from '../stream/merge.ts';
import type { ResolvedTarget } from '../target.ts';
import { startDeadline } from './build-verdict.ts';
import {
  createEventFilter,
  type EventCommand,
  type EventFlags,
  type EventQuery,
  eventPlace,
  openEvents,
  parseEventQuery,
  shownEvents,
} from './event-target.ts';
import { durationFlag } from './flag-values.ts';
import { startWithinOf } from './patience.ts';
import { createTally, endOfFailure, type Tally } from './tally.ts';
import { failureOf, nameOf } from './target-words.ts';
import { withContext } from './with-context.ts';

/** One target: its place is known once it is open. */
interface Lane {
  readonly target: ResolvedTarget;
  readonly shown: LogTarget;
  code: number | undefined;
}

export function tailEvents({ host, targets, options }: EventCommand): Promise<number> {
  return withContext({ host, options }, async (context) => {
    const query = parseEventQuery(options, Date.now());
    const { terminal } = context;
    const form = createForm(options, { terminal, zone: query.zone });
    const resolved = await context.targets([...targets, ...(options.app ?? [])]);
    const deadline = startDeadline(context.signal, durationFlag('timeout', options.timeout));
    const lanes = resolved.map((target): Lane => ({ target, shown: shownEvents(target), code: undefined }));
    const stop = new AbortController();
    const signal = AbortSignal.any([deadline.signal, stop.signal]);
    const tally = createTally();
    terminal.closed.then(() => stop.abort(new Interruption('the reader has gone', 0)));
    try {
      if (form.head !== '') await terminal.print(form.head);
      const isAlone = lanes.length === 1;
      const merged = merge(
        lanes.map(
          ({ target }) =>
            () =>
              openEventLane({ context, target, query, isAlone, tally, signal }),
        ),
        { hurry: signal },
      );
      for await (const step of merged) {
        const lane = lanes[step.from];
        if (!lane) continue;
        const showing = { shown: lane.shown, isAlone, form, terminal, tally, stopped: signal.aborted };
        const code = await show(step, showing);
        if (code !== undefined) lane.code = code;
        if (terminal.isClosed) break;
      }
      const code = lanes.find((lane) => lane.code !== undefined)?.code ?? 0;
      const interruption = deadline.signal.aborted ? deadline.signal.reason : undefined;
      if (form.isNdjson && options.verbose) {
        const alone = isAlone ? (lanes[0]?.shown ?? null) : null;
        const end = interruption
          ? endOfFailure(interruption)
          : { reason: code === 0 ? 'ended' : 'failed', exit: code };
        await terminal.print(jsonLine(endRecord(tally.end(end), alone)));
      }
      await terminal.flush();
      if (interruption instanceof Interruption && interruption.message === '--timeout')
        terminal.note(`polylog: stopped after ${options.timeout} (--timeout).`);
      if (interruption !== undefined) throw interruption;
      return code;
    } finally {
      stop.abort(new Interruption('done', 0));
      deadline.clear();
    }
  });
}

interface Opening {
  readonly context: Context;
  readonly target: ResolvedTarget;
  readonly query: EventQuery;
  readonly isAlone: boolean;
  readonly tally: Tally;
  readonly signal: AbortSignal;
}

async function openEventLane(opening: Opening): Promise<MergeSource<PlatformEvent>> {
  const { context, target, query, isAlone, tally, signal } = opening;
  const startedAt = performance.now();
  const place = await eventPlace(context, target);
  const source = await openEvents(place, query, signal);
  const keep = createEventFilter(place, query);
  const timing = startWithinOf(context.host);
  const steps = feed(source, { ...query, keep, until: null, follow: true, startedAt, timing, tally }, signal);
  const { live, ordered } = source.traits;
  const several = live.kind === 'poll' ? (live.everyMillis ?? 0) + 1000 : 1000;
  // One target has nobody to be put in order with.
  return { steps, timeOf: source.timeOf, window: isAlone ? 0 : several, ordered };
}

interface EventForm {
  readonly head: string;
  row(event: PlatformEvent, shown: LogTarget): string;
  /** Gaps and notices stand among the records of ndjson. */
  readonly isNdjson: boolean;
}

function createForm(
  options: EventFlags,
  { terminal, zone }: { terminal: Terminal; zone: string },
): EventForm {
  const { isTTY } = terminal.out;
  const ansi = ansiModeOf(terminal.out);
  const name = options.json ? 'ndjson' : (options.output ?? 'text');
  const plain = { head: '', isNdjson: false };
  if (name === 'ndjson' || name === 'json') {
    const finish = isTTY ? escapeForTerminal : (text: string) => text;
    return {
      ...plain,
      isNdjson: true,
      row: (event, shown) => finish(jsonLine(eventRecord(event, shown))),
    };
  }
  if (name === 'csv' || name.startsWith('template=')) {
    const text =
      name === 'csv'
        ? createCsv({ type: 'event', columns: options.columns, ansi })
        : createTemplate({ type: 'event', template: name.slice('template='.length), ansi });
    return { ...plain, head: text.head, row: (event, shown) => text.row(eventRecord(event, shown)) };
  }
  if (name !== 'text') {
    throw new CliError(
      'usage',
      `"${name}" is no output form of events tail: it is one of text, ndjson, json, csv or template=….`,
    );
  }
  const timeText = createTimeText({
    timestamps: isTTY ? 'short' : 'iso',
    zone: isTTY ? zone : 'UTC',
    now: Date.now,
  });
  return {
    ...plain,
    row(event, shown) {
      // An app that is a container has its name already.
      const isNamed = event.component === null || shown.app.endsWith(`/${event.component}`);
      const place = isNamed ? '' : `/${event.component?.replace(/\s/g, '_')}`;
      const who = event.user === null ? '' : ` (${event.user})`;
      const message = sanitize(`${event.message}${who}`.replaceAll('\n', '\\n'), ansi);
      return `${timeText(event.ts)} ${shown.profile}:${shown.app}${place} ${event.kind} ${message}\n`;
    },
  };
}

interface Showing {
  readonly shown: LogTarget;
  readonly isAlone: boolean;
  readonly form: EventForm;
  readonly terminal: Terminal;
  readonly tally: Tally;
  readonly stopped: boolean;
}

/** Returns an exit code when the target failed for good. */
async function show(step: Merged<PlatformEvent>, showing: Showing): Promise<number | undefined> {
  const { shown, isAlone, form, terminal, tally, stopped } = showing;
  const name = nameOf(shown);
  switch (step.kind) {
    case 'items':
      tally.records += step.items.length;
      for (const event of step.items) tally.see(event.ts);
      await terminal.print(step.items.map((event) => form.row(event, shown)).join(''));
      return undefined;
    case 'gap':
      tally.gaps += 1;
      terminal.complain(`polylog: ${name}: events may be missing: ${step.gap.reason}`);
      if (form.isNdjson) await terminal.print(jsonLine(gapRecord(step.gap, shown)));
      return undefined;
    case 'notice':
      if (step.notice.kind === 'reconnected') tally.reconnects += 1;
      if (step.notice.kind === 'connected') terminal.note(`+ ${name}`);
      else terminal.note(`polylog: ${name}: ${step.notice.message}`);
      if (form.isNdjson) await terminal.print(jsonLine(noticeRecord(step.notice, shown, Date.now())));
      return undefined;
    case 'failed':
      if (stopped) return undefined;
      if (!(step.error instanceof CliError)) throw step.error;
      terminal.complain(failureOf(step.error, { target: shown, isAlone }));
      return exitCodeOf(step.error);
    default:
      return undefined;
  }
}
