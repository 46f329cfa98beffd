// Run as a process of its own: changes the settings so many times, or takes a lock and keeps it.
import { pathToFileURL } from 'node:url';

const [, , built, what, directory, name, times] = process.argv;
const dist = pathToFileURL(`${built}/`);
if (what === 'hold') {
  const { withLock } = await import(new URL('lock.mjs', dist));
  await withLock(directory, async () => {
    process.stdout.write('held\n');
    await new Promise(() => setInterval(() => undefined, 1000));
  });
}
const { openSettings } = await import(new URL('settings-file.mjs', dist));
const { openRecords } = await import(new URL('private-file.mjs', dist));
const say = (sentence) => process.stderr.write(`${sentence}\n`);
const settings = openSettings({ directory, say });
const records = openRecords({ directory, name: 'credentials.json', say });
for (let at = 0; at < Number(times); at += 1) {
  await settings.change((before) => ({
    ...before,
    profiles: { ...before.profiles, [`${name}-${at}`]: { provider: 'scalingo', values: {} } },
  }));
  await records.write(`${name}-${at}`, { origin: 'https://x.test', values: { token: 't' } });
}
