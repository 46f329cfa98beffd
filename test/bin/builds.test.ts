// The ready CI files in a shell with a runner's variables, and builds as a shell and a terminal see them.
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import widthOf from 'fast-string-width';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createPlace,
  linesOf,
  onTerminal,
  type Place,
  polylog,
  programFile,
  shell,
  withoutColors,
} from './run-polylog.ts';
import { type Still, startStill } from './still-platform.ts';

let place: Place;
beforeAll(async () => {
  place = await createPlace();
});
afterAll(() => place.remove());

describe.concurrent('a list of builds', () => {
  async function withBuilds(run: (still: Still) => Promise<void>): Promise<void> {
    const still = await startStill('digitalocean');
    for (const end of ['failed', 'succeeded', 'succeeded'] as const)
      still.world.advance(still.world.deploy({ fail: end === 'failed' }).id, end);
    try {
      await run(still);
    } finally {
      await still.close();
    }
  }

  it('has whole ids in a pipe, without a rule or a colour', () =>
    withBuilds(async (still) => {
      const ran = await polylog(['builds', 'list', still.target, '-n', '3'], { place, env: still.env });
      expect(ran).toMatchObject({ code: 0, stderr: '' });
      const [head, ...rows] = linesOf(ran.stdout);
      expect(head?.split(/ {2,}/)).toEqual(['ID', 'STATUS', 'COMMIT OR CAUSE', 'WHO', 'STARTED', 'DURATION']);
      expect(rows.map((row) => row.split(' ')[0])).toEqual(
        still.world.deploys.toReversed().map(({ id }) => id),
      );
    }));

  it('fits a terminal of 80 columns', () =>
    withBuilds(async (still) => {
      const args = ['builds', 'list', still.target, '-n', '3'];
      const { code, text } = await onTerminal(args, { place, env: still.env }).ended;
      expect(code).toBe(0);
      const lines = withoutColors(text).trimEnd().split('\n');
      for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(80);
      for (const { id } of still.world.deploys)
        expect(lines.filter((line) => line.startsWith(`${id.slice(0, 8)} `))).toHaveLength(1);
    }));

  it('leaves its exit code to the shell: 8 for a log of one that runs', () =>
    withBuilds(async (still) => {
      still.world.advance(still.world.deploy().id, 'building');
      const ran = await polylog(['builds', 'log', still.target], { place, env: still.env });
      expect(ran.code).toBe(8);
      expect(linesOf(ran.stderr)).toHaveLength(1);
    }));
});

describe.concurrent('the ready CI files', () => {
  const example = (file: string) => readFile(new URL(`../../.ci/examples/${file}`, import.meta.url), 'utf8');
  const CI = { CI: 'true' };

  /** The program under its own name on the path, as after an installation. */
  let path = '';
  beforeAll(async () => {
    const folder = join(place.root, 'bin');
    await mkdir(folder, { recursive: true });
    await writeFile(
      join(folder, 'polylog'),
      `#!/bin/sh\nexec '${process.execPath}' '${programFile()}' "$@"\n`,
    );
    await chmod(join(folder, 'polylog'), 0o755);
    path = `${folder}:${process.env.PATH}`;
  });

  /** `run: |` blocks that call the program. */
  function githubSteps(file: string): string[] {
    const blocks = [...file.matchAll(/\n( +)run: \|\n((?:\1 {2}.*\n|\n)+)/g)];
    return blocks.map(([, indent = '', block = '']) =>
      block.replaceAll(new RegExp(`^${indent}  `, 'gm'), ''),
    );
  }

  it.each([
    ['succeeded', 0],
    ['failed', 1],
  ] as const)('for GitHub, of a build that %s, end with %i', async (end, code) => {
    const still = await startStill('scalingo');
    const deploy = still.world.deploy({ fail: end === 'failed' });
    still.world.advance(deploy.id, end);
    const [output, summary] = [`output-${end}`, `summary-${end}`];
    const env = {
      ...still.env,
      ...CI,
      GITHUB_ACTIONS: 'true',
      GITHUB_SHA: deploy.commit,
      GITHUB_OUTPUT: await place.write(output, ''),
      GITHUB_STEP_SUMMARY: await place.write(summary, ''),
      APP: 'scalingo:shop',
      PATH: path,
    };
    const steps = githubSteps(await example('github-actions.yml'));
    expect(steps).toHaveLength(2);
    const codes: (number | null)[] = [];
    for (const step of steps) {
      const words = `${step}`.replaceAll(/\$\{\{ steps\.build\.outputs\.build \}\}/g, deploy.id);
      const ran = await shell(words, { place, env }).ended;
      codes.push(ran.code);
      if (codes.length === 1) expect(ran.stdout).toContain('::group::build\n');
      if (ran.code !== 0) {
        expect(linesOf(ran.stderr).at(-1)).toMatch(/^::error title=polylog::scalingo:shop: build /);
        break;
      }
    }
    expect(codes.at(-1)).toBe(code);
    if (code === 0) {
      expect(await readFile(env.GITHUB_OUTPUT, 'utf8')).toBe(`build=${deploy.id}\n`);
      expect(await readFile(env.GITHUB_STEP_SUMMARY, 'utf8')).toBe(`Build ${deploy.id} runs.\n`);
    }
    await still.close();
  });

  it.each([
    ['succeeded', 0],
    ['failed', 1],
  ] as const)('for GitLab, of a build that %s, end with %i', async (end, code) => {
    const still = await startStill('digitalocean');
    const deploy = still.world.deploy({ fail: end === 'failed' });
    still.world.advance(deploy.id, end);
    const file = await example('gitlab-ci.yml');
    const script = [...(file.split('\n  script:\n')[1] ?? '').matchAll(/^ {4}- (.+)$/gm)].map(
      ([, line]) => line,
    );
    expect(script).toHaveLength(3);
    const env = {
      ...still.env,
      ...CI,
      GITLAB_CI: 'true',
      CI_COMMIT_SHA: deploy.commit,
      APP: 'do:shop',
      PATH: path,
    };
    const ran = await shell(script.join('\n'), { place, env }).ended;
    expect(ran.code, ran.stderr).toBe(code);
    expect(ran.stdout).toMatch(/section_start:\d+:polylog_1\r/);
    expect(ran.stdout.includes('"state":"running"')).toBe(code === 0);
    await still.close();
  });
});
