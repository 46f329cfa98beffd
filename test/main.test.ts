// The program through main(): what goes to which stream, with which exit code, when the words are wrong.
import { describe, expect, it } from 'vitest';
import { run } from './host-of-streams.ts';

describe('without a command', () => {
  it('explains itself on stderr and ends with 2', async () => {
    const { code, stdout, stderr } = await run('');
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^Usage: polylog COMMAND/);
  });

  it.each(['auth', 'apps'])('%s explains its commands', async (noun) => {
    const { code, stdout, stderr } = await run(noun);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(`Usage: polylog ${noun}`);
  });
});

describe('what is asked for', () => {
  it('--help goes to stdout and is no failure', async () => {
    const { code, stdout, stderr } = await run('--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Usage: polylog COMMAND/);
    expect(stderr).toBe('');
  });

  it('is the same with -h and as polylog help', async () => {
    const { stdout } = await run('--help');
    expect((await run('-h')).stdout).toBe(stdout);
    expect((await run('help')).stdout).toBe(stdout);
  });

  it.each(['--version', '-V', '-V logs'])('%s prints the version of the package', async (line) => {
    const { code, stdout, stderr } = await run(line);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('words that are not known', () => {
  it.each([
    ['nonsense', "polylog: unknown command 'nonsense'. See polylog --help."],
    ['lgos', "polylog: unknown command 'lgos'. Did you mean logs?"],
    ['--nonsense', "polylog: unknown option '--nonsense'. See polylog --help."],
    ['logs --nonsense', "polylog: unknown option '--nonsense'. See polylog logs --help."],
    ['logs tail --sinse 5m', "polylog: unknown option '--sinse'. Did you mean --since?"],
    ['auth nonsense', "polylog: unknown command 'nonsense'. See polylog auth --help."],
    ['completion', "polylog: missing required argument 'shell'. See polylog completion --help."],
  ])('polylog %s', async (line, sentence) => {
    expect(await run(line)).toEqual({ code: 2, stdout: '', stderr: `${sentence}\n` });
  });

  it('names the shells that there are', async () => {
    const { code, stderr } = await run('completion tcsh');
    expect(code).toBe(2);
    expect(stderr).toContain('bash, zsh, fish, powershell');
  });
});

describe('habits from elsewhere', () => {
  it.each([
    // heroku, aka
    ['logs -d web.1 shop', '-c GLOB'],
    ['logs --dyno=web.1 shop', '-c GLOB'],
    ['logs scalingo:shop -t', 'use -f'],
    ['logs -t -a shop', 'use -f'],
    ['logs -t scalingo:shop', '-f'],
    ['logs --tail', 'use -f'],
    ['logs --tail --app shop', 'use -f'],
    ['logs --tail scalingo:shop', 'use -f'],
    ['logs --follow=true scalingo:shop', '--follow takes no value; its opposite is --no-follow.'],
    ['logs --utc=1 scalingo:shop', '--utc takes no value.'],
    // scalingo
    ['logs -F web scalingo:shop', '-c GLOB'],
    ['logs --filter web scalingo:shop', '-c GLOB'],
    // kubectl, wrangler, gcloud
    ['logs -p scalingo:shop', '-n N'],
    ['logs --previous scalingo:shop', '-n N'],
    ['logs --format json scalingo:shop', '-o'],
    ['logs --num-lines 5 scalingo:shop', '-n N'],
    // slips
    ['logs tial', 'Did you mean polylog logs tail? Write akkeris:tial or '],
    ['logs shwo scalingo:shop', 'Did you mean polylog logs show?'],
    ['logs exprt', 'Did you mean polylog logs export?'],
    // words in another order
    ['tail scalingo:shop', 'Write polylog logs tail.'],
    ['status', 'Write polylog auth status.'],
    ['scalingo:shop', 'polylog logs scalingo:shop'],
    ['@shop', 'polylog logs @shop'],
  ])('polylog %s', async (line, hint) => {
    const { code, stdout, stderr } = await run(line);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(hint);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it('says nothing of --tail when the failure is about something else', async () => {
    const { code, stderr } = await run('logs --tail 5 -o nonsense scalingo:shop');
    expect(code).toBe(2);
    expect(stderr).not.toContain('-f');
  });

  it('leaves the words behind -- alone', async () => {
    const { stderr } = await run('logs -o nonsense -- -t');
    expect(stderr).not.toContain('use -f');
  });
});
