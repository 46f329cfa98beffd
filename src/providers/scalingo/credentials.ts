// What Scalingo's own tool has stored: API tokens by authentication host, and the region (wire: Scalingo 1.4). Asks nothing.
import { join } from 'node:path';
import type { ForeignFiles, FoundCredential } from '../../provider.ts';
import { type Fields, fieldsOf, parseJson, textOf } from '../../transport/json-fields.ts';

const PUBLIC_HOST = 'auth.scalingo.com';

export async function findCredentials(files: ForeignFiles): Promise<readonly FoundCredential[]> {
  const folder = join(files.home, '.config', 'scalingo');
  const file = files.env.AUTH_FILE || join(folder, 'auth');
  const text = await files.read(file);
  if (text === undefined) return [];
  const hosts = fieldsOf(fieldsOf(parseJson(text))?.auth_config_data);
  if (hosts === null) {
    files.say(`${file} is not what Scalingo's tool writes; nothing is taken from it.`);
    return [];
  }
  const config = await files.read(files.env.CONFIG_FILE_PATH || join(folder, 'config.json'));
  const region = textOf(fieldsOf(parseJson(config ?? ''))?.region);
  return Object.entries(hosts).flatMap(([host, entry]) => {
    const token = tokenOf(fieldsOf(entry));
    if (token === null || !/^[\w.-]+$/.test(host)) return [];
    const isPublic = host === PUBLIC_HOST;
    const values = {
      token,
      ...(isPublic ? {} : { 'auth-url': `https://${host}` }),
      ...(region === null ? {} : { region }),
    };
    return [{ profile: isPublic ? 'scalingo' : `scalingo-${host.toLowerCase()}`, file, values }];
  });
}

function tokenOf(entry: Fields | null): string | null {
  return textOf(fieldsOf(entry?.tokens)?.token);
}
