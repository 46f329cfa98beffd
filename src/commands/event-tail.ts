// `events tail`: the last events, then live, of one or several apps in one order of time.
import { CliError, exitCodeOf, Interruption, sentenceOf } from '../errors.ts';
import type { PlatformEvent } from '../model.ts';
import { createCsv } from '../output/csv.ts';
import { ansiModeOf } from '../output/logs.ts';
import { eventRecord } from '../output/platform-records.ts';
import { escapeForTerminal, gapRecord, jsonLine, noticeRecord } from '../output/records.ts';
import { sanitize } from '../output/sanitize.ts';
import { createTemplate } from '../output/template.ts';
import type { Terminal } from '../output/terminal.ts';
import { createTimeText } from '../output/time-text.ts';
import { feed } from '../stream/feed.ts';
import { type Merged, type MergeInput, merge } from '../stream/merge.ts';
import { startDeadline } from './build-verdict.ts';
import {
  createEventFilter,
  type EventCommand,
  type EventFlags,
  type EventPlace,
  eventPlace,
  openEvents,
  parseEventQuery,
} from './event-target.ts';
import { durationFlag } from './flag-values.ts';
import { withContext } from './with-context.ts';

export function tailEvents({ host, targets, options }: EventCommand): Promise<number> {
  return withContext({ host, options }, async (context) => {
    const query = parseEventQuery(options, Date.now());
    const { terminal } = context;
    const form = createForm(options, { terminal, zone: query.zone });
    const resolved = await context.targets([...targets, ...(options.app ?? [])]);
    const deadline = startDeadline(context.signal, durationFlag('timeout', options.timeout));
    const codes: (number | undefined)[] = resolved.map(() => undefined);
    const stop = new AbortController();
    const signal = AbortSignal.any([deadline.signal, stop.signal]);
    terminal.closed.then(() => stop.abort(new Interruption('the reader has gone', 0)));
    const inputs: { place: EventPlace; index: number; input: MergeInput<PlatformEvent> }[] = [];
    try {
      for (const [index, target] of resolved.entries()) {
        try {
          const place = await eventPlace(context, target);
          const source = await openEvents(place, query, signal);
          const steps = feed(
            source,
            { ...query, keep: createEventFilter(place, query), until: null, follow: true },
            signal,
          );
          const { live, ordered } = source.traits;
          const several = live.kind === 'poll' ? (live.everyMillis ?? 0) + 1000 : 1000;
          // One target has nobody to be put in order with.
          const window = resolved.length > 1 ? several : 0;
          inputs.push({ place, index, input: { steps, timeOf: source.timeOf, window, ordered } });
        } catch (error) {
          if (!(error instanceof CliError)) throw error;
          terminal.complain(`polylog: ${sentenceOf(error)}`);
          codes[index] = exitCodeOf(error);
        }
      }
      if (form.head !== '') await terminal.print(form.head);
      const merged = merge(
        inputs.map(({ input }) => input),
        { hurry: signal },
      );
      for await (const step of merged) {
        const lane = inputs[step.from];
        if (!lane) continue;
        const code = await show(step, { place: lane.place, form, terminal, stopped: signal.aborted });
        if (code !== undefined) codes[lane.index] = code;
        if (terminal.isClosed) break;
      }
      await terminal.flush();
      if (deadline.signal.aborted) throw deadline.signal.reason;
      return codes.find((code) => code !== undefined) ?? 0;
    } finally {
      stop.abort(new Interruption('done', 0));
      deadline.clear();
    }
  });
}

interface EventForm {
  readonly head: string;
  row(event: PlatformEvent, place: EventPlace): string;
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
      row: (event, { shown }) => finish(jsonLine(eventRecord(event, shown))),
    };
  }
  if (name === 'csv' || name.startsWith('template=')) {
    const text =
      name === 'csv'
        ? createCsv({ type: 'event', columns: options.columns, ansi })
        : createTemplate({ type: 'event', template: name.slice('template='.length), ansi });
    return { ...plain, head: text.head, row: (event, { shown }) => text.row(eventRecord(event, shown)) };
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
    row(event, { shown }) {
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
  readonly place: EventPlace;
  readonly form: EventForm;
  readonly terminal: Terminal;
  readonly stopped: boolean;
}

/** Returns an exit code when the target failed for good. */
async function show(
  step: Merged<PlatformEvent>,
  { place, form, terminal, stopped }: Showing,
): Promise<number | undefined> {
  const say = (text: string) => terminal.note(`polylog: ${place.label}: ${text}`);
  switch (step.kind) {
    case 'items':
      await terminal.print(step.items.map((event) => form.row(event, place)).join(''));
      return undefined;
    case 'gap':
      terminal.complain(`polylog: ${place.label}: events may be missing: ${step.gap.reason}`);
      if (form.isNdjson) await terminal.print(jsonLine(gapRecord(step.gap, place.shown)));
      return undefined;
    case 'notice':
      if (step.notice.kind === 'connected') terminal.note(`+ ${place.label}`);
      else say(step.notice.message);
      if (form.isNdjson) await terminal.print(jsonLine(noticeRecord(step.notice, place.shown, Date.now())));
      return undefined;
    case 'failed':
      if (stopped) return undefined;
      if (!(step.error instanceof CliError)) throw step.error;
      terminal.complain(`polylog: ${sentenceOf(step.error)}`);
      return exitCodeOf(step.error);
    default:
      return undefined;
  }
}
