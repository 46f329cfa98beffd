import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createWholeFile } from '../../src/output/file.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'polylog-file-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

it('leaves what is no regular file alone', async () => {
  const place = folder();
  execFileSync('mkfifo', [join(place, 'f')]);
  await expect(createWholeFile(join(place, 'f'))).rejects.toMatchObject({ kind: 'usage' });
  expect(lstatSync(join(place, 'f')).isFIFO()).toBe(true);
  expect(readdirSync(place)).toEqual(['f']);
});

it('replaces what a link points to, and keeps the mode of the file', async () => {
  const place = folder();
  writeFileSync(join(place, 'm'), 'old');
  chmodSync(join(place, 'm'), 0o600);
  symlinkSync('m', join(place, 'l'));
  const file = await createWholeFile(join(place, 'l'));
  await file.write('new');
  await file.keep();
  expect(lstatSync(join(place, 'l')).isSymbolicLink()).toBe(true);
  expect(readFileSync(join(place, 'm'), 'utf8')).toBe('new');
  expect(statSync(join(place, 'm')).mode & 0o777).toBe(0o600);
});

describe('a part', () => {
  it('whose writer was killed is swept by the next one of the same place, and no other is', async () => {
    const place = folder();
    const writing = await createWholeFile(join(place, 'f'));
    const [part = ''] = readdirSync(place);
    const gone = spawnSync('true').pid;
    const left = part.replace(`-${process.pid}.`, `-${gone}.`);
    const others = [
      '.f.part',
      left.replace('.f.', '.g.'),
      `${left}.mine`,
      left.replace(/\w{8}-/, 'ffffffff-'),
    ];
    for (const name of [left, ...others]) writeFileSync(join(place, name), '');
    const next = await createWholeFile(join(place, 'f'));
    expect(readdirSync(place)).not.toContain(left);
    expect(readdirSync(place)).toEqual(expect.arrayContaining([part, ...others]));
    await Promise.all([writing.discard(), next.discard()]);
    expect(readdirSync(place).sort()).toEqual(others.sort());
  });

  it('goes at once where nothing can be waited for', async () => {
    const place = folder();
    const file = await createWholeFile(join(place, 'f'));
    await file.write('half');
    file.discardNow();
    expect(readdirSync(place)).toEqual([]);
    await file.discard();
  });

  it('has a name that fits, however long that of the file is', async () => {
    const place = folder();
    const file = await createWholeFile(join(place, 'é'.repeat(127)));
    await file.keep();
    expect(readdirSync(place)).toEqual(['é'.repeat(127)]);
  });
});
