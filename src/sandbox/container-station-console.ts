// A container's console as the NAS gives it: one string of the last lines, no times, no follow
// (wire: Container Station 4.3). Knows neither HTTP nor sessions.
import type { StationContainer } from './container-station-containers.ts';
import type { World } from './world.ts';

export interface ConsoleReading {
  /** Undefined: everything that is kept. */
  tail: number | undefined;
  /** Every line twice, as if the app had written it so. */
  repeated?: boolean;
  /** The 2015-06 oddity: a TTY stream loses its first 8 bytes to a stream header that is not there. */
  eatHead?: boolean;
}

/** Lines beyond these are gone, as with the NAS's own log files of 10 × 10 MB. */
const KEEP = 10_000;

/** Docker: the object with `logs`; lxd: the whole console as one bare string that ends in a prompt. */
export function consoleText(world: World, container: StationContainer, reading: ConsoleReading): string {
  const wanted = Math.min(reading.tail ?? KEEP, KEEP);
  const lines = lastLines(world, container, wanted, reading.repeated ?? false);
  if (container.type !== 'docker') {
    const whole = lines.length < wanted ? [...boot(container), ...lines].slice(-wanted) : lines;
    return `${whole.map((line) => `${line}\r\n`).join('')}${container.name} login: `;
  }
  const end = container.tty ? '\r\n' : '\n';
  const text = lines.map((line) => `${line}${end}`).join('');
  return reading.eatHead && container.tty ? Buffer.from(text).subarray(8).toString() : text;
}

function lastLines(world: World, container: StationContainer, wanted: number, repeated: boolean): string[] {
  const found: string[] = [];
  for (let index = world.lines.length - 1; index >= 0 && found.length < wanted; index -= 1) {
    const line = world.lines[index];
    if (line === undefined || line.component !== container.component) continue;
    // The router and the platform speak elsewhere; the console is what the program itself wrote.
    if (line.kind !== 'app') continue;
    found.push(line.text);
    if (repeated && found.length < wanted) found.push(line.text);
  }
  return found.reverse();
}

function boot(container: StationContainer): string[] {
  return [
    'Detected architecture x86-64.',
    '',
    'Welcome to Ubuntu 20.04.2 LTS!',
    '',
    `Set hostname to <${container.name}>.`,
    '[  OK  ] Reached target Multi-User System.',
    '',
    `Ubuntu 20.04.2 LTS ${container.name} console`,
    '',
  ];
}
