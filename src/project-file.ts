// .polylog.json: names targets and groups and nothing else, so that a checked-out repository steers no credentials.
import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { dirname, join, parse } from 'node:path';
import { CliError } from './errors.ts';

export interface ProjectFile {
  /** Where it was found. */
  readonly path: string;
  /** The default target, if named. */
  readonly app: string | undefined;
  readonly groups: Readonly<Record<string, readonly string[]>>;
}

export const PROJECT_FILE = '.polylog.json';
const MOST_BYTES = 256 * 1024;

/** Looks in `cwd` and above, not above the repository's root or the home directory. Throws a usage CliError for any other content. */
export async function readProjectFile(cwd: string, home: string): Promise<ProjectFile | undefined> {
  let folder = cwd;
  for (;;) {
    const path = join(folder, PROJECT_FILE);
    const text = await readIfThere(path);
    if (text !== undefined) return parseProjectFile(text, path);
    if (folder === home || folder === parse(folder).root || (await exists(join(folder, '.git'))))
      return undefined;
    folder = dirname(folder);
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    // Without waiting for whoever might write into a pipe.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if (!(await file.stat()).isFile()) throw new CliError('usage', `${path} is no regular file.`);
      const pieces: Buffer[] = [];
      for await (const piece of file.createReadStream({ end: MOST_BYTES, autoClose: false }))
        pieces.push(piece);
      const content = Buffer.concat(pieces);
      if (content.length <= MOST_BYTES) return content.toString('utf8');
      throw new CliError('usage', `${path} is larger than ${MOST_BYTES / 1024} KiB.`);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof CliError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new CliError('usage', `${path} cannot be read (${code ?? 'unknown reason'}).`);
  }
}

export function parseProjectFile(text: string, path: string): ProjectFile {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw new CliError('usage', `${path} is not valid JSON.`);
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new CliError('usage', `${path} must hold one JSON object.`);
  }
  for (const key of Object.keys(content)) {
    if (key === 'app' || key === 'apps') continue;
    throw new CliError(
      'usage',
      `${path} may name targets only ("app" and "apps"), not ${JSON.stringify(key)}.`,
      {
        hint: 'Credentials, addresses and settings come from the environment or from flags.',
      },
    );
  }
  const { app, apps } = content as { app?: unknown; apps?: unknown };
  if (app !== undefined && typeof app !== 'string') {
    throw new CliError('usage', `"app" in ${path} must be a target, written as text.`);
  }
  return { path, app, groups: parseGroups(apps, path) };
}

function parseGroups(apps: unknown, path: string): Record<string, readonly string[]> {
  const groups: Record<string, readonly string[]> = Object.create(null);
  if (apps === undefined) return groups;
  const wrong = new CliError('usage', `"apps" in ${path} must map group names to lists of targets.`);
  if (typeof apps !== 'object' || apps === null || Array.isArray(apps)) throw wrong;
  for (const [name, targets] of Object.entries(apps)) {
    if (!Array.isArray(targets) || targets.length === 0) throw wrong;
    if (!targets.every((target): target is string => typeof target === 'string' && !target.startsWith('@')))
      throw wrong;
    groups[name] = targets;
  }
  return groups;
}
