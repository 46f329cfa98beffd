import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createRowStack } from '../../../src/providers/container-station/row-stack.ts';
import { readRows } from '../../../src/providers/container-station/translate.ts';

function rows(from: number, to: number) {
  const ids = Array.from({ length: from - to }, (_, index) => from - index);
  return readRows(
    ids.map((id) => ({ id, ts: id, level: 'INFO', message: `grün ${id}`, extra: [id] })),
    'test',
  );
}

let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'polylog-test-'));
  vi.stubEnv('TMPDIR', directory);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true });
});

it('gives back newest-first pages oldest first, out of memory and file alike', async () => {
  const stack = createRowStack(10);
  await stack.push(rows(40, 32));
  await stack.push([]);
  await stack.push(rows(32, 20));
  await stack.push(rows(20, 18));
  await stack.push(rows(18, 0));
  const ids: number[] = [];
  for await (const page of stack.drain()) ids.push(...page.map(({ id }) => id));
  expect(ids).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
  await stack.close();
  expect(await readdir(directory)).toEqual([]);
});

it('brings rows back whole', async () => {
  const stack = createRowStack(0);
  const pushed = rows(3, 0);
  await stack.push(pushed);
  for await (const page of stack.drain()) expect(page).toEqual(pushed.toReversed());
  await stack.close();
});

it('leaves no file behind when it is given up half-way', async () => {
  const stack = createRowStack(0);
  await stack.push(rows(3, 0));
  await stack.close();
  expect(await readdir(directory)).toEqual([]);
});

it('says so when the temporary directory cannot be written', async () => {
  vi.stubEnv('TMPDIR', '/nowhere/at/all');
  const stack = createRowStack(0);
  await expect(stack.push(rows(3, 0))).rejects.toMatchObject({ kind: 'unavailable', retryable: false });
  await stack.close();
});
