import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { settingsDirectory } from '../../src/store/directory.ts';
import { openRecords } from '../../src/store/private-file.ts';
import { openSettings, type SettingsFileOptions } from '../../src/store/settings-file.ts';
import { builtStore, freshDirectory, listener } from './directory.ts';

const WRITER = fileURLToPath(new URL('writer.mjs', import.meta.url));
const PROD = { provider: 'scalingo', values: { region: 'osc-fr1' } };

function opened(changes: Partial<SettingsFileOptions> = {}) {
  const directory = changes.directory ?? freshDirectory();
  const { said, say } = listener();
  const file = openSettings({ directory, say, ...changes });
  const write = (text: string) => writeFileSync(file.path, text, { mode: 0o600 });
  return { directory, said, file, write, text: () => readFileSync(file.path, 'utf8') };
}

const mode = (path: string) => statSync(path).mode & 0o777;

describe('where settings are', () => {
  it.each([
    [{ env: { POLYLOG_CONFIG_DIR: '/x' }, home: '/h', platform: 'linux' }, '/x'],
    [{ env: {}, home: '/h', platform: 'linux' }, '/h/.config/polylog'],
    [{ env: { XDG_CONFIG_HOME: '/c' }, home: '/h', platform: 'linux' }, '/c/polylog'],
    [{ env: {}, home: '/h', platform: 'darwin' }, '/h/Library/Preferences/polylog'],
  ])('%j', (surroundings, wanted) => {
    expect(settingsDirectory(surroundings)).toBe(wanted);
  });
});

describe('the settings file', () => {
  it('is not there until something is written', async () => {
    const { directory, file } = opened({ directory: join(freshDirectory(), 'not-there') });
    expect(await file.read()).toEqual({ profiles: {} });
    expect(existsSync(directory)).toBe(false);
  });

  it('keeps what is written, for its owner alone', async () => {
    const { directory, file, said } = opened({ directory: join(freshDirectory(), 'a', 'b') });
    await file.change((settings) => ({ ...settings, app: 'prod:shop', profiles: { 'prod.eu': PROD } }));
    expect(await file.read()).toEqual({ app: 'prod:shop', profiles: { 'prod.eu': PROD } });
    expect([mode(directory), mode(file.path)]).toEqual([0o700, 0o600]);
    expect(said).toEqual([]);
  });

  it('says and narrows a directory and a file that others can read', async () => {
    const { directory, file, said, write } = opened();
    write('{"version":1,"profiles":{}}');
    chmodSync(directory, 0o755);
    chmodSync(file.path, 0o644);
    await file.read();
    expect([mode(directory), mode(file.path)]).toEqual([0o700, 0o600]);
    expect(said).toEqual([
      expect.stringMatching(/mode 0755\); it is now 0700/),
      expect.stringContaining('0644'),
    ]);
  });

  it.each([
    ['no JSON', '{"version":1,'],
    ['empty', ''],
    ['another form', '{"version":1,"profiles":{"prod":"scalingo"}}'],
    ['no version', '{"profiles":{}}'],
  ])('is put aside when damaged (%s), and settings go on', async (_name, text) => {
    const { directory, file, said, write } = opened();
    write(text);
    expect(await file.read()).toEqual({ profiles: {} });
    expect(said).toEqual([expect.stringContaining('was damaged')]);
    const aside = readdirSync(directory).find((name) => name.includes('damaged')) ?? '';
    expect(readFileSync(join(directory, aside), 'utf8')).toBe(text);
    await file.change((settings) => ({ ...settings, app: 'x:y' }));
    expect((await file.read()).app).toBe('x:y');
    expect(said).toHaveLength(1);
  });

  it('is refused and left alone when a newer version wrote it', async () => {
    const { file, write, text } = opened();
    const newer = '{"version":2,"profiles":[],"other":true}';
    write(newer);
    await expect(file.read()).rejects.toThrow(/newer polylog \(version 2 .* knows 1\)/);
    await expect(file.change((settings) => settings)).rejects.toThrow(/newer polylog/);
    expect(text()).toBe(newer);
  });

  it('is brought up to the present version, the old one kept beside it', async () => {
    const directory = freshDirectory();
    const old = opened({ directory });
    await old.file.change((settings) => ({ ...settings, app: 'shop' }));
    const before = old.text();
    const migrations = {
      1: (content: Record<string, unknown>) => ({ ...content, app: `scalingo:${content.app}` }),
    };
    const { file, said } = opened({ directory, version: 2, migrations });
    expect((await file.read()).app).toBe('scalingo:shop');
    expect(JSON.parse(readFileSync(file.path, 'utf8')).version).toBe(2);
    expect(readFileSync(`${file.path}.version-1`, 'utf8')).toBe(before);
    expect(said).toEqual([]);
  });

  it('loses nothing when two processes write at once', async () => {
    const { directory, file } = opened();
    const built = await builtStore();
    onTestFinished(() => built.remove());
    const times = 12;
    const children = ['a', 'b'].map((name) =>
      spawn(process.execPath, [WRITER, built.directory, 'write', directory, name, String(times)], {
        stdio: 'inherit',
      }),
    );
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0]));
    expect(codes).toEqual([0, 0]);
    const { profiles } = await file.read();
    expect(Object.keys(profiles)).toHaveLength(2 * times);
    const records = JSON.parse(readFileSync(join(directory, 'credentials.json'), 'utf8'));
    expect(Object.keys(records)).toHaveLength(2 * times);
    expect(readdirSync(directory).sort()).toEqual(['credentials.json', 'settings.json']);
  });

  it('says so when the place cannot be written', async () => {
    const blocked = join(freshDirectory(), 'file');
    writeFileSync(blocked, '');
    const { file } = opened({ directory: join(blocked, 'settings') });
    expect(await file.read()).toEqual({ profiles: {} });
    await expect(file.change((settings) => settings)).rejects.toThrow(
      /cannot be written: .*Nothing was changed/,
    );
  });
});

describe('private files', () => {
  it('keep what was there when the disk is full, and leave nothing behind', async () => {
    const directory = freshDirectory();
    const { say } = listener();
    await openRecords({ directory, name: 'c.json', say }).write('a', 'old');
    const full = openRecords({
      directory,
      name: 'c.json',
      say,
      openFile: async (path, flags, openMode) => {
        const file = await (await import('node:fs/promises')).open(path, flags, openMode);
        file.writeFile = async () => {
          throw Object.assign(new Error('secret inside'), { code: 'ENOSPC' });
        };
        return file;
      },
    });
    await expect(full.write('a', 'new')).rejects.toThrow(/the disk is full\. Nothing was changed/);
    expect(await openRecords({ directory, name: 'c.json', say }).read('a')).toBe('old');
    expect(readdirSync(directory)).toEqual(['c.json']);
  });

  it('are no place for names that objects have by nature', async () => {
    const directory = freshDirectory();
    mkdirSync(directory, { recursive: true });
    const records = openRecords<string>({ directory, name: 'c.json', say: () => undefined });
    await records.write('__proto__', 'x');
    expect(await records.read('toString')).toBeNull();
    expect(await records.read('__proto__')).toBe('x');
  });
});
