// The lines between lines on a terminal: a new day, a deploy, a gap. Knows no log line's form.
import type { Gap, Instant, LogEntry } from '../model.ts';
import type { Zone } from '../time.ts';
import type { LogTarget } from './log-item.ts';
import { type Paint, type Palette, painted } from './palette.ts';
import { sanitize } from './sanitize.ts';
import { createClock, createTimeText } from './time-text.ts';

export interface RulerSettings {
  readonly palette: Palette;
  readonly zone: Zone;
  /** Whether the lines' own times leave the day out. */
  readonly showsDays: boolean;
  readonly now: () => number;
  readonly columns: () => number;
  readonly widthOf: (text: string) => number;
  readonly nameOf: (target: LogTarget) => string;
}

export interface Rulers {
  /** What has to stand before this entry: '' or whole lines. */
  before(entry: LogEntry, target: LogTarget): string;
  gap(gap: Gap, target: LogTarget): string;
}

/** Old instances go on writing while new ones start: a deployment counts as new once. */
const DEPLOYMENTS_KEPT = 20;

export function createRulers(settings: RulerSettings): Rulers {
  const { palette, zone, now } = settings;
  const clock = createClock(zone);
  const timeText = createTimeText({ timestamps: 'short', zone, now });
  const deployments = new Map<LogTarget, string[]>();
  // Without a ruler, lines are taken for today's.
  let day = clock({ seconds: Math.floor(now() / 1000), nanos: 0, digits: 0 }).date;

  const dayRuler = (ts: Instant | null): string => {
    if (!ts || !settings.showsDays) return '';
    const date = clock(ts).date;
    if (date === day) return '';
    day = date;
    return ruler(settings, palette.ruler, date);
  };
  const deployRuler = (deployment: string | null, target: LogTarget): string => {
    if (deployment === null) return '';
    const known = deployments.get(target);
    if (known?.includes(deployment)) return '';
    deployments.set(target, [...(known ?? []), deployment].slice(-DEPLOYMENTS_KEPT));
    return known
      ? ruler(settings, palette.ruler, `${settings.nameOf(target)}: deployment ${deployment}`)
      : '';
  };
  return {
    before: ({ body }, target) => dayRuler(body.ts) + deployRuler(body.deployment, target),
    gap: (gap, target) =>
      ruler(settings, palette.warning, `${settings.nameOf(target)}: ${gapText(gap, timeText)}`),
  };
}

/** `lines may be missing from 14:05:06 to 14:07:12: REASON` */
function gapText(gap: Gap, timeText: (instant: Instant) => string): string {
  const count = gap.count === null ? 'lines' : `${gap.count} ${gap.count === 1 ? 'line' : 'lines'}`;
  const verb = gap.certainty === 'possible' ? 'may be' : gap.count === 1 ? 'is' : 'are';
  const from = gap.from ? ` from ${timeText(gap.from)}` : '';
  const to = gap.to ? ` to ${timeText(gap.to)}` : '';
  return `${count} ${verb} missing${from}${to}: ${gap.reason}`;
}

function ruler(settings: RulerSettings, paint: Paint, words: string): string {
  const start = `── ${sanitize(words, 'strip').replaceAll('\n', ' ')} `;
  const rest = Math.max(2, settings.columns() - settings.widthOf(start));
  return `${painted(paint, start + '─'.repeat(Math.min(rest, 1000)))}\n`;
}
