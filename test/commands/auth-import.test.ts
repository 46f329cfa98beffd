// auth import through main(): what it finds in the files of the platforms' own tools, and that these stay as they are.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createPerson } from './person.ts';

describe('auth import', () => {
  const TOKENS = {
    akkeris: '0123456789abcdef0123456789abcdef01234567',
    scalingo: `tk-us-${'s'.repeat(48)}`,
    usual: `dop_v1_${'a'.repeat(64)}`,
    work: `dop_v1_${'b'.repeat(64)}`,
  };

  function home() {
    const directory = mkdtempSync(join(tmpdir(), 'polylog-home-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const files: Record<string, string> = {
      '.netrc': `machine apps.example.com login me@x password ${TOKENS.akkeris}\nmachine github.com login x password ghp_other`,
      '.akkeris/config.json': '{"auth":"auth.example.com","apps":"apps.example.com"}',
      '.config/scalingo/auth': JSON.stringify({
        auth_config_data: {
          'auth.scalingo.com': { tokens: { token: TOKENS.scalingo }, user: { username: 'me' } },
        },
      }),
      '.config/scalingo/config.json': '{"region":"osc-secnum-fr1"}',
      '.config/doctl/config.yaml': `access-token: ${TOKENS.usual}\nauth-contexts:\n  work: ${TOKENS.work}\ncontext: work\n`,
    };
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, name)), { recursive: true });
      writeFileSync(join(directory, name), text);
    }
    return { directory, files, text: (name: string) => readFileSync(join(directory, name), 'utf8') };
  }

  it('shows what it found, masked, and takes it over with --yes; the files stay', async () => {
    const { directory, files, text } = home();
    const person = createPerson({ home: directory });
    const { code, stdout } = await person.run('auth import --yes');
    expect(code).toBe(0);
    for (const token of Object.values(TOKENS)) expect(stdout).not.toContain(token);
    expect(stdout).not.toContain('github');
    const rows: { profile: string; url: string; region: string | null }[] = JSON.parse(
      (await person.run('profiles list --json')).stdout,
    );
    expect(rows.map(({ profile, url, region }) => [profile, url, region])).toEqual([
      ['akkeris', 'https://apps.example.com', null],
      ['scalingo', 'https://auth.scalingo.com', 'osc-secnum-fr1'],
      ['digitalocean', 'https://api.digitalocean.com', null],
      ['digitalocean-work', 'https://api.digitalocean.com', null],
    ]);
    const kept = readFileSync(join(person.directory, 'credentials.json'), 'utf8');
    for (const token of Object.values(TOKENS)) expect(kept).toContain(token);
    for (const [name, before] of Object.entries(files)) expect(text(name)).toBe(before);
  });

  it('takes nothing over where nobody can be asked', async () => {
    const person = createPerson({ home: home().directory });
    const { code, stdout, stderr } = await person.run('auth import');
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('--yes') });
    expect(stdout).toContain('digitalocean-work');
    expect((await person.run('profiles list --json', { env: { NETRC: '/nowhere' } })).stdout).toBe('[]\n');
  });

  it('asks for each on a terminal', async () => {
    const person = createPerson({ home: home().directory });
    const { code } = await person.type('auth import do', [
      [/Take over digitalocean \(/, 'n'],
      [/Take over digitalocean-work \(/, 'y'],
    ]);
    expect(code).toBe(0);
    expect(
      JSON.parse((await person.run('profiles list --json', { env: { NETRC: '/nowhere' } })).stdout),
    ).toMatchObject([{ profile: 'digitalocean-work' }]);
  });

  it('says what it cannot understand, and finds nothing in an empty home', async () => {
    const { directory } = home();
    writeFileSync(join(directory, '.config/doctl/config.yaml'), ': [');
    const { code, stderr } = await createPerson({ home: directory }).run('auth import do');
    expect(code).toBe(4);
    expect(stderr).toMatch(/is not what doctl writes.*Nothing was found/s);
  });

  it('leaves out a token that is of another platform, and says so', async () => {
    const { directory } = home();
    writeFileSync(
      join(directory, '.config/scalingo/auth'),
      JSON.stringify({ auth_config_data: { 'auth.scalingo.com': { tokens: { token: TOKENS.work } } } }),
    );
    const person = createPerson({ home: directory });
    const { code, stdout, stderr } = await person.run('auth import --yes');
    expect(code).toBe(0);
    expect(stdout).not.toMatch(/^scalingo /m);
    expect(stderr).toMatch(/scalingo\/auth: The token of scalingo has the form of one of DigitalOcean/);
    expect(stdout + stderr).not.toContain(TOKENS.work);
  });

  it('touches none of the files, not even their times and modes', async () => {
    const { directory, files } = home();
    const before = Object.keys(files).map((name) => statSync(join(directory, name)));
    await createPerson({ home: directory }).run('auth import --yes');
    const after = Object.keys(files).map((name) => statSync(join(directory, name)));
    const marks = (all: typeof before) =>
      all.map(({ mtimeMs, ctimeMs, mode, ino }) => [mtimeMs, ctimeMs, mode, ino]);
    expect(marks(after)).toEqual(marks(before));
  });
});
