// What doctl has stored: a token for its default context and for each named one (wire: DigitalOcean 1.2). Asks nothing.
import { join } from 'node:path';
import type { ForeignFiles, FoundCredential } from '../../provider.ts';

export async function findCredentials(files: ForeignFiles): Promise<readonly FoundCredential[]> {
  const file = files.env.DIGITALOCEAN_CONFIG || join(folderOf(files), 'doctl', 'config.yaml');
  const text = await files.read(file);
  if (text === undefined) return [];
  const config = await parse(text);
  if (config === null) {
    files.say(`${file} is not what doctl writes; nothing is taken from it.`);
    return [];
  }
  const url = textOf(config['api-url']);
  const found = (profile: string, token: unknown): FoundCredential[] => {
    const value = textOf(token);
    return value === null
      ? []
      : [{ profile, file, values: { token: value, ...(url === null ? {} : { url }) } }];
  };
  const contexts = isObject(config['auth-contexts']) ? Object.entries(config['auth-contexts']) : [];
  return [
    ...found('digitalocean', config['access-token']),
    ...contexts
      .filter(([name]) => name !== 'default' && name !== 'true')
      .flatMap(([name, token]) => found(`digitalocean-${nameOf(name)}`, token)),
  ];
}

/** Go's directory for settings. */
function folderOf({ env, home, platform }: ForeignFiles): string {
  if (platform === 'darwin') return join(home, 'Library', 'Application Support');
  if (platform === 'win32') return env.APPDATA || join(home, 'AppData', 'Roaming');
  return env.XDG_CONFIG_HOME || join(home, '.config');
}

/** The file is somebody's own and small; what is no YAML is null. */
async function parse(text: string): Promise<Readonly<Record<string, unknown>> | null> {
  const { parse: parseYaml } = await import('yaml');
  try {
    const content: unknown = parseYaml(text, { maxAliasCount: 0, logLevel: 'error' });
    return isObject(content) ? content : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}

/** As a profile may be called. */
function nameOf(context: string): string {
  return context
    .toLowerCase()
    .replace(/[^\w.-]+/g, '-')
    .slice(0, 48);
}
