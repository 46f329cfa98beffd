import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseProjectFile, readProjectFile } from '../src/project-file.ts';
import { PROVIDERS } from '../src/providers/index.ts';
import { parseTargets, type TargetRules } from '../src/target.ts';

const RULES: TargetRules = {
  entries: PROVIDERS,
  profile: undefined,
  configured: ['scalingo'],
  groups: { shop: ['scalingo:a', 'qnap:docker/b'] },
};

describe('targets', () => {
  it.each([
    ['scalingo:shop', 'scalingo', 'shop'],
    ['scalingo:shop/web-1', 'scalingo', 'shop/web-1'],
    ['qnap:docker/web', 'container-station', 'docker/web'],
    ['qnap:', 'container-station', ''],
    ['container-station:', 'container-station', ''],
    ['shop', 'scalingo', 'shop'],
  ])('%s is %s and %s', (text, profile, rest) => {
    expect(parseTargets([text], RULES)).toMatchObject([{ profile, rest }]);
  });

  it('expands groups in their order and names each target once', () => {
    const targets = parseTargets(['scalingo:a', '@shop'], RULES);
    expect(targets.map((target) => `${target.profile}:${target.rest}`)).toEqual([
      'scalingo:a',
      'container-station:docker/b',
    ]);
  });

  it.each([
    ['heroku:shop', /no platform or profile "heroku"/],
    ['@nobody', /no group @nobody/],
    ['', /no target/],
    [' shop', /no target/],
    ['sho\u001b[31mp', /no target/],
  ])('refuses %j', (text, message) => {
    expect(() => parseTargets([text], RULES)).toThrow(message);
  });

  it('asks which platform is meant when two have credentials', () => {
    const rules = { ...RULES, configured: ['scalingo', 'container-station'] };
    expect(() => parseTargets(['shop'], rules)).toThrow(
      /credentials are set for scalingo and container-station/,
    );
  });
});

describe('.polylog.json', () => {
  it('names targets and groups', () => {
    const file = parseProjectFile('{"app":"scalingo:shop","apps":{"x":["a","b"]}}', 'p');
    expect(file).toMatchObject({ app: 'scalingo:shop', groups: { x: ['a', 'b'] } });
  });

  it.each([
    ['{"app":"a","url":"http://evil"}', /targets only .* not "url"/],
    ['{"token":"x"}', /not "token"/],
    ['{"__proto__":{"x":1}}', /not "__proto__"/],
    ['{"apps":{"x":"a"}}', /lists of targets/],
    ['{"apps":{"x":["@y"]}}', /lists of targets/],
    ['{"app":1}', /must be a target/],
    ['[]', /one JSON object/],
    ['{', /not valid JSON/],
  ])('refuses %s', (text, message) => {
    expect(() => parseProjectFile(text, '.polylog.json')).toThrow(message);
  });

  it.each<[string, (path: string) => void, RegExp]>([
    ['a pipe that nobody writes to', (path) => execFileSync('mkfifo', [path]), /is no regular file/],
    ['a device without end', (path) => symlinkSync('/dev/zero', path), /is no regular file/],
    ['a directory', (path) => mkdirSync(path), /is no regular file/],
    ['a large file', (path) => writeFileSync(path, ' '.repeat(256 * 1024 + 1)), /is larger than 256 KiB/],
  ])('refuses %s', async (_, make, message) => {
    const folder = mkdtempSync(join(tmpdir(), 'polylog-project-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    make(join(folder, '.polylog.json'));
    await expect(readProjectFile(folder, folder)).rejects.toThrow(message);
  });

  it('is read behind a link', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'polylog-project-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'shared.json'), '{"app": "scalingo:shop"}'.padEnd(256 * 1024));
    symlinkSync('shared.json', join(folder, '.polylog.json'));
    expect(await readProjectFile(folder, folder)).toMatchObject({ app: 'scalingo:shop' });
  });
});

describe('the list of platforms', () => {
  it.each(PROVIDERS)('$name says of itself what the list says of it', async (entry) => {
    const provider = await entry.load();
    const { name, aliases, title, logs } = provider;
    expect({ name, aliases, title }).toEqual({
      name: entry.name,
      aliases: entry.aliases,
      title: entry.title,
    });
    expect('flags' in logs && logs.flags.map((flag) => flag.name)).toEqual(
      entry.logFlags.map((flag) => flag.name),
    );
  });
});
