// What Akkeris's own tool has stored: its hosts in a file of its own, the token in `.netrc` (wire: Akkeris 1.3). Asks nothing.
import { join } from 'node:path';
import { netrcMachine, netrcMachines, readNetrc } from '../../netrc.ts';
import type { ForeignFiles, FoundCredential } from '../../provider.ts';
import { fieldsOf, parseJson, textOf } from '../../transport/json-fields.ts';

export async function findCredentials(files: ForeignFiles): Promise<readonly FoundCredential[]> {
  const { env, home } = files;
  const file = env.NETRC || join(home, '.netrc');
  const text = await files.read(file);
  if (text === undefined) return [];
  const config = fieldsOf(parseJson((await files.read(join(home, '.akkeris', 'config.json'))) ?? ''));
  const known = textOf(env.AKKERIS_API_HOST ?? null) ?? textOf(config?.apps);
  // Every installation is at apps.DOMAIN (wire: Akkeris 1.1); other machines in there are nobody's business.
  const hosts =
    known === null ? netrcMachines(text).filter((machine) => /^apps\./.test(machine)) : [netrcMachine(known)];
  const auth = textOf(env.AKKERIS_AUTH_HOST ?? null) ?? textOf(config?.auth);
  return hosts.flatMap((host, index) => {
    const entry = readNetrc(text, host);
    if (entry === null) return [];
    const url = known?.includes('://') ? known : `https://${host}`;
    const values = { token: entry.password, url, ...(auth === null ? {} : { 'auth-url': auth }) };
    return [{ profile: index === 0 ? 'akkeris' : `akkeris-${host.replace(/[^\w.-]+/g, '-')}`, file, values }];
  });
}
