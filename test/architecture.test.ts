import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('../src', import.meta.url));
const HEAVY = ['undici', 'ws', 'eventsource', 'conf', 'ora', 're2js', 'https-proxy-agent'];

interface Imports {
  /** Files or packages that are loaded with the file; types do not count. */
  readonly fixed: readonly string[];
  /** All of them, types and dynamic ones included. */
  readonly all: readonly string[];
}

const files = new Map<string, Imports>(
  readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => [name, importsOf(name)]),
);

function importsOf(name: string): Imports {
  const text = readFileSync(join(SRC, name), 'utf8');
  const target = (specifier: string) =>
    specifier.startsWith('.') ? relative(SRC, resolve(SRC, dirname(name), specifier)) : specifier;
  const fixed: string[] = [];
  const all: string[] = [];
  for (const match of text.matchAll(/^(?:import|export)\s+(type\s+)?([^;]*?)\s*from\s+'([^']+)';/gms)) {
    const onlyTypes =
      match[1] !== undefined || /^\{(\s*type\s+\w+(\s+as\s+\w+)?,?)+\s*\}$/.test(match[2] ?? '');
    if (!onlyTypes) fixed.push(target(match[3] ?? ''));
    all.push(target(match[3] ?? ''));
  }
  for (const match of text.matchAll(/^import\s+'([^']+)';/gm)) fixed.push(target(match[1] ?? ''));
  for (const match of text.matchAll(/import\(\s*'([^']+)'\s*\)/g)) all.push(target(match[1] ?? ''));
  return { fixed, all: [...all, ...fixed] };
}

function within(folder: string): [string, Imports][] {
  return [...files].filter(([name]) => name.startsWith(folder));
}

function offenders(from: [string, Imports][], forbidden: (target: string) => boolean): string[] {
  return from.flatMap(([name, { all }]) => all.filter(forbidden).map((target) => `${name} -> ${target}`));
}

describe('who may import whom', () => {
  it('finds files at all', () => {
    expect(files.size).toBeGreaterThan(50);
    expect(files.get('main.ts')?.fixed).toContain('program.ts');
  });

  it('model and errors import nothing', () => {
    expect(files.get('model.ts')?.all).toEqual([]);
    expect(files.get('errors.ts')?.all).toEqual([]);
  });

  it('a provider knows no other provider, no output, no settings, no commander', () => {
    for (const name of ['akkeris', 'container-station', 'scalingo', 'digitalocean']) {
      const foreign = (target: string) =>
        (target.startsWith('providers/') && !target.startsWith(`providers/${name}/`)) ||
        /^(output|commands|stream|sandbox)\//.test(target) ||
        ['settings.ts', 'context.ts', 'commander', 'undici', 'ws', 'eventsource'].includes(target);
      expect(offenders(within(`providers/${name}/`), foreign)).toEqual([]);
    }
  });

  it('the sandbox knows no adapter and the adapters know no sandbox', () => {
    const product = (target: string) => /^(providers|transport|stream|output|commands)\//.test(target);
    expect(offenders(within('sandbox/'), product)).toEqual([]);
  });

  it('transport, stream and output know no provider', () => {
    const provider = (target: string) => target.startsWith('providers/');
    for (const folder of ['transport/', 'stream/', 'output/']) {
      expect(offenders(within(folder), provider)).toEqual([]);
    }
  });

  it('the store knows no platform and no command', () => {
    const foreign = (target: string) =>
      /^(providers|commands|output|stream|transport|sandbox)\//.test(target);
    expect(offenders(within('store/'), foreign)).toEqual([]);
  });

  it('stream knows no network', () => {
    expect(offenders(within('stream/'), (target) => target.startsWith('transport/'))).toEqual([]);
  });

  it('process is touched in bin alone', () => {
    const touching = [...files.keys()].filter((name) => {
      const text = readFileSync(join(SRC, name), 'utf8').replace(/\/\/.*$|\/\*[\s\S]*?\*\//gm, '');
      return (
        name !== 'process.ts' &&
        /(?<![\w.'"`/-])process\.(env|argv|std\w+|exit|cwd|on|pid|platform)/.test(text)
      );
    });
    expect(touching).toEqual([]);
  });

  it('no static chain leads from main to anything heavy or to a provider', () => {
    const seen = new Set<string>();
    const queue = ['process.ts', 'main.ts'];
    for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
      if (seen.has(name)) continue;
      seen.add(name);
      queue.push(...(files.get(name)?.fixed ?? []));
    }
    const heavy = [...seen].filter(
      (name) => HEAVY.includes(name) || /^(providers\/.+\/|transport\/|stream\/|sandbox\/)/.test(name),
    );
    expect(heavy).toEqual([]);
  });
});
