// The fixed wording of a process that starts and ends, so that servers can put it into their platform's own words.
import type { WorldLine } from './world.ts';

const started = 'Process started with command: ';
const exited = 'Process exited with status ';

const commands: Readonly<Record<string, string>> = {
  web: 'node server.js',
  worker: 'node worker.js',
  db: 'postgres -D /data',
};

export function startedText(component: string): string {
  return `${started}${commands[component] ?? 'sh'}`;
}

export function exitedText(exitCode: number): string {
  return `${exited}${exitCode}`;
}

/** What a `platform` line tells of its process; undefined when it tells something else. */
export function readLifecycle(
  line: WorldLine,
): { change: 'started'; command: string } | { change: 'exited'; exitCode: number } | undefined {
  if (line.kind !== 'platform') return undefined;
  if (line.text.startsWith(started)) return { change: 'started', command: line.text.slice(started.length) };
  if (line.text.startsWith(exited))
    return { change: 'exited', exitCode: Number(line.text.slice(exited.length)) };
  return undefined;
}
