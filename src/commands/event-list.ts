// `events list`: the past of one or several apps, newest last.
import { CliError, exitCodeOf } from '../errors.ts';
import { compareInstants, type PlatformEvent } from '../model.ts';
import type { LogTarget } from '../output/log-item.ts';
import { eventRecord } from '../output/platform-records.ts';
import { feed } from '../stream/feed.ts';
import {
  createEventFilter,
  type EventCommand,
  eventPlace,
  openEvents,
  parseEventQuery,
  shownEvents,
} from './event-target.ts';
import { createListTime, formOf, printList } from './lists.ts';
import { startWithinOf } from './patience.ts';
import { failureOf } from './target-words.ts';
import { withContext } from './with-context.ts';

interface Found {
  readonly event: PlatformEvent;
  readonly shown: LogTarget;
}

export function listEvents({ host, targets, options }: EventCommand): Promise<number> {
  return withContext({ host, options }, async (context) => {
    formOf(options);
    const query = parseEventQuery(options, Date.now());
    const resolved = await context.targets([...targets, ...(options.app ?? [])]);
    const answers = await Promise.all(
      resolved.map(async (target) => {
        const found: Found[] = [];
        const startedAt = performance.now();
        try {
          const place = await eventPlace(context, target);
          const source = await openEvents(place, query, context.signal);
          const steps = feed(
            source,
            {
              ...query,
              keep: createEventFilter(place, query),
              until: null,
              follow: false,
              startedAt,
              timing: startWithinOf(context.host),
            },
            context.signal,
          );
          for await (const step of steps) {
            if (step.kind === 'items')
              for (const event of step.items) found.push({ event, shown: place.shown });
            if (step.kind === 'notice')
              context.terminal.note(`polylog: ${place.label}: ${step.notice.message}`);
            if (step.kind === 'gap')
              context.terminal.complain(`polylog: ${place.label}: events may be missing: ${step.gap.reason}`);
          }
          return { found, error: undefined };
        } catch (error) {
          if (!(error instanceof CliError)) throw error;
          // At once: the table waits for the others.
          const isAlone = resolved.length === 1;
          context.terminal.complain(failureOf(error, { target: shownEvents(target), isAlone }));
          return { found, error };
        }
      }),
    );
    const failed = answers.find((answer) => answer.error !== undefined);
    const all = answers.flatMap(({ found }) => found).sort(byTime);
    if (failed && all.length === 0) return exitCodeOf(failed.error);
    const { isTTY } = context.terminal.out;
    const timeText = createListTime({ isTTY, zone: query.zone, now: Date.now() });
    // A pipe always has the same columns.
    const isTold = resolved.length > 1 || !isTTY;
    await printList(
      context,
      {
        type: 'event',
        records: all.map(({ event, shown }) => eventRecord(event, shown)),
        table: () => ({
          columns: [
            { title: 'TIME', keep: true },
            ...(isTold ? [{ title: 'TARGET', whole: true as const }] : []),
            { title: 'KIND', keep: true },
            { title: 'COMPONENT', drop: 1 },
            { title: 'WHO', drop: 2 },
            { title: 'WHAT', least: 24 },
          ],
          rows: all.map(({ event, shown }) => [
            timeText(event.ts),
            ...(isTold ? [`${shown.profile}:${shown.app}`] : []),
            event.kind,
            event.component ?? '',
            event.user ?? '',
            event.message,
          ]),
        }),
      },
      options,
    );
    return failed ? exitCodeOf(failed.error) : 0;
  });
}

/** Stable; an event without a time stays where its platform put it. */
function byTime(a: Found, b: Found): number {
  return a.event.ts && b.event.ts ? compareInstants(a.event.ts, b.event.ts) : 0;
}
