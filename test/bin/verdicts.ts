// The last words of a gate, for tests of gates as processes and through main().
import type { WorldDeploy } from '../../src/sandbox/world.ts';
import { linesOf } from './run-polylog.ts';
import type { Still } from './still-platform.ts';

export const lastLine = ({ stderr }: { readonly stderr: string }) => linesOf(stderr).at(-1) ?? '';

const escaped = (words: string) => words.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

export function successLine(still: Still, deploy: WorldDeploy): RegExp {
  return new RegExp(`^polylog: ${still.label}: build ${still.idOf(deploy)} succeeded after \\d+s$`);
}

/** Which build, which step, why, how long, and what shows more. */
export function failureLine(still: Still, deploy: WorldDeploy): RegExp {
  const id = still.idOf(deploy);
  const more = escaped(`polylog builds show ${still.address} ${id}`);
  const how = '(failed|cancelled)( \\(\\S+\\))?( in step [^:]+)? after \\d+s(: [^\\n]+)?';
  return new RegExp(`^polylog: ${still.label}: build ${id} ${how}\\. More: ${more}$`);
}

/** The steps of a deploy in one go. */
export function finish({ world }: Still, { id }: WorldDeploy, end: 'succeeded' | 'failed' | 'cancelled') {
  if (end === 'succeeded') world.advance(id, 'deploying');
  world.advance(id, end);
}

export async function closing<T extends { close(): Promise<void> }>(
  starting: Promise<T>,
  run: (started: T) => Promise<void>,
): Promise<void> {
  const started = await starting;
  try {
    await run(started);
  } finally {
    await started.close();
  }
}
