// What a log of App Platform consists of: the lines of a deployment's instances, of a build, of a crash. Positions
// count within one source. Knows no HTTP.
import type { Platform } from './digitalocean-options.ts';
import { nanoTime, wholeSeconds } from './digitalocean-time.ts';
import { lastSeq, linesFrom } from './follow.ts';
import type { World, WorldDeploy, WorldLine, WorldTime } from './world.ts';

export interface PlacedLine {
  readonly position: number;
  readonly text: string;
}

export interface LineSource {
  /** The oldest position. */
  readonly begin: number;
  /** Position after the newest line so far. */
  end(): number;
  /** Up to `limit` lines from `position` to before `end`, and where to go on. No lines: nothing more for now. */
  read(position: number, limit: number, end?: number): { lines: PlacedLine[]; next: number };
  /** No line will follow those that can be read now. */
  over(): boolean;
  onMore(listener: () => void): () => void;
}

/** `component` absent: all that have run logs, told apart by their prefix alone. */
export function runLines(platform: Platform, wanted: { deploy: string; component?: string }): LineSource {
  const { world, releases, manner } = platform;
  const span = (): { from: number; to: number } => {
    const own = releases.span(wanted.deploy);
    return manner.backlog === 'app' ? { from: 0, to: own.to } : own;
  };
  const shown = (line: WorldLine): boolean =>
    line.kind === 'app' && isShown(platform, line, wanted.component);
  return {
    begin: span().from,
    end: () => Math.min(lastSeq(world) + 1, span().to),
    read(position, limit, end = Infinity) {
      const lines: PlacedLine[] = [];
      const border = Math.min(end, span().to);
      let next = Math.max(position, world.lines[0]?.seq ?? position);
      while (lines.length < limit) {
        const batch = linesFrom(world, next, limit).filter((line) => line.seq < border);
        if (batch.length === 0) break;
        for (const line of batch) {
          next = line.seq + 1;
          if (shown(line)) lines.push({ position: line.seq, text: lineOf(platform, line) });
          if (lines.length === limit) break;
        }
      }
      return { lines, next };
    },
    // Starving: the instances are gone, but nobody tells the stream.
    over: () => manner.redeploy === 'ends' && span().to !== Infinity,
    onMore: (listener) => both(world.onLine(listener), releases.onActive(listener)),
  };
}

/** Output of a build or of the start of a deployment. All of it belongs to the first service. */
export function taskLines(platform: Platform, deploy: WorldDeploy, task: 'build' | 'deploy'): LineSource {
  const { world } = platform;
  const component = buildComponent(platform);
  const own = (): { at: WorldTime; text: string }[] => deploy.output.filter((line) => line.phase === task);
  return {
    begin: 0,
    end: () => own().length,
    read(position, limit, end = Infinity) {
      const texts = own().slice(position, Math.min(position + limit, end));
      return placed(
        texts.map((line) => lineOf(platform, { component, ...line })),
        position,
      );
    },
    over: () => deploy.status !== 'queued' && deploy.status !== (task === 'build' ? 'building' : 'deploying'),
    onMore: (listener) => both(world.onLine(listener), world.onDeploy(listener)),
  };
}

/** Lines that nothing follows. */
export function fixedLines(lines: readonly string[]): LineSource {
  return {
    begin: 0,
    end: () => lines.length,
    read: (position, limit, end = Infinity) => {
      return placed(lines.slice(position, Math.min(position + limit, end)), position);
    },
    over: () => true,
    onMore: () => () => undefined,
  };
}

/** What an instance wrote before the last crash, up to 100 lines; empty when none crashed. */
export function restartedLines(platform: Platform, component: string | undefined): string[] {
  const { world } = platform;
  const crash = world.events.findLast((event) => {
    return event.kind === 'crash' && (component === undefined || event.component === component);
  });
  if (!crash) return [];
  const before = world.lines.filter((line) => {
    return line.kind === 'app' && line.component === crash.component && !isAfter(line.at, crash.at);
  });
  return before.slice(-100).map((line) => lineOf(platform, line));
}

/** Everything from `position` to before `end`. */
export function allLines(source: LineSource, position: number, end: number): string[] {
  const texts: string[] = [];
  for (;;) {
    const { lines, next } = source.read(position, 1000, end);
    if (lines.length === 0) return texts;
    for (const line of lines) texts.push(line.text);
    position = next;
  }
}

/** Position of the `count`th line before `end`, not before `from`; looks back in growing steps. */
export function positionBefore(
  source: LineSource,
  wanted: { from: number; end: number; count: number },
): number {
  const { from, end, count } = wanted;
  if (count <= 0) return end;
  for (let span = 2 * count + 64; ; span *= 4) {
    const start = Math.max(from, end - span);
    const { lines } = source.read(start, span, end);
    if (lines.length >= count || start === from) return lines.at(-count)?.position ?? from;
  }
}

/** `<component> <RFC 3339 time> <text>`, or `[<component>] [<time>] <text>` (wire: DigitalOcean 2.6). */
export function lineOf(platform: Platform, line: { component: string; at: WorldTime; text: string }): string {
  if (platform.manner.lineForm === 'website') {
    const second = wholeSeconds(line.at.ms).slice(0, -1).replace('T', ' ');
    return `[${line.component}] [${second}] ${line.text}`;
  }
  const time = platform.manner.linePrecision === 'nano' ? nanoTime(line.at) : wholeSeconds(line.at.ms);
  return `${line.component} ${time} ${line.text}`;
}

/** Components that have run logs, services first. */
export function runComponents(world: World): string[] {
  const named = (kind: string): string[] => {
    return world.components.filter((component) => component.kind === kind).map(({ name }) => name);
  };
  return [...named('service'), ...named('worker')];
}

/** The component that is built; the others use its image, so that their build is skipped. */
export function buildComponent(platform: Platform): string {
  return runComponents(platform.world)[0] ?? 'web';
}

function isShown(platform: Platform, line: WorldLine, component: string | undefined): boolean {
  if (component !== undefined) return line.component === component;
  return runComponents(platform.world).includes(line.component);
}

function placed(texts: readonly string[], from: number): { lines: PlacedLine[]; next: number } {
  return { lines: texts.map((text, at) => ({ position: from + at, text })), next: from + texts.length };
}

function isAfter(a: WorldTime, b: WorldTime): boolean {
  return a.ms > b.ms || (a.ms === b.ms && a.nanos > b.nanos);
}

function both(first: () => void, second: () => void): () => void {
  return () => {
    first();
    second();
  };
}
