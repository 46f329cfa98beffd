import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { platformMarkdown } from '../src/commands/platform-table.ts';
import { PROVIDERS } from '../src/providers/index.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

it("the README's table of platforms is what the adapters declare (otherwise: polylog platforms --markdown)", async () => {
  expect(readme).toContain(platformMarkdown(await Promise.all(PROVIDERS.map((entry) => entry.load()))));
});

it("the README's commands are scripts of the package", () => {
  const { scripts } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const named = [...readme.matchAll(/npm (?:run )?(demo|test|build|check|lint|bench|completions)\b/g)].map(
    ([, name]) => name,
  );
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((name) => !((name as string) in scripts))).toEqual([]);
});
