import { execFileSync } from 'node:child_process';
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
import { expect, it, onTestFinished } from 'vitest';
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
