import { describe, expect, it } from 'vitest';
import { isSupported } from '../../../src/provider.ts';
import { StationClient } from '../../../src/providers/container-station/client.ts';
import { containerStation } from '../../../src/providers/container-station/index.ts';
import { ADMIN, clientOf, openLogs, ownSignal, sandbox, settingsOf } from './station.ts';

describe('targets', () => {
  it.each([
    ['', ''],
    ['docker/web', 'docker/web'],
    ['lxc/utest', 'lxc/utest'],
    ['lxd/lab', 'lxd/lab'],
  ])('"%s"', (text, app) => {
    expect(containerStation.parseRef(text)).toEqual({ app, component: null });
  });

  it.each([['web'], ['docker'], ['docker/'], ['podman/web'], ['docker/web/1'], ['/'], ['docker//x']])(
    'refuses "%s"',
    (text) => {
      expect(() => containerStation.parseRef(text)).toThrow(
        expect.objectContaining({ kind: 'usage', hint: expect.stringMatching(/docker\//) }),
      );
    },
  );
});

describe('the credential', () => {
  it('goes to the origin of the address only', () => {
    const settings = settingsOf({ url: 'https://nas:444/container-station', ...ADMIN });
    expect(containerStation.origin(settings)).toBe('https://nas:444');
    const may = (url: string) => containerStation.mayCarryCredential(new URL(url), settings);
    expect(
      ['https://nas:444/x', 'https://nas/x', 'http://nas:444/', 'https://nas.evil:444/'].map(may),
    ).toEqual([true, false, false, false]);
  });

  it('is declared secret', () => {
    const secrets = containerStation.settings.filter(({ secret }) => secret).map(({ name }) => name);
    expect(secrets).toEqual(['password', 'sid']);
    expect(containerStation.credentials).toContainEqual([]);
  });
});

describe('apps', () => {
  it('are the station and its containers', async () => {
    const nas = await sandbox();
    const { apps } = containerStation;
    if (!isSupported(apps)) throw new Error('not supported');
    const list = await apps.list(clientOf({ url: nas.url, ...ADMIN }), ownSignal());
    expect(list[0]).toMatchObject({ id: '', name: '' });
    expect(list).toContainEqual(expect.objectContaining({ name: 'docker/shop-migrate', status: 'stopped' }));
    expect(list).toContainEqual(expect.objectContaining({ name: 'lxd/lab', status: 'running' }));
  });

  it('that do not exist are named, with those that do', async () => {
    const nas = await sandbox();
    await expect(openLogs(clientOf({ url: nas.url, ...ADMIN }), 'docker/nope')).rejects.toMatchObject({
      kind: 'not-found',
      message: expect.stringContaining('has no container docker/nope'),
      hint: expect.stringContaining('docker/shop-web'),
    });
  });

  it('are found by the id that Docker shows, too', async () => {
    const nas = await sandbox();
    const client = clientOf({ url: nas.url, ...ADMIN });
    const web = (await client.containers(ownSignal())).find(({ name }) => name === 'shop-web');
    const source = await openLogs(client, `docker/${web?.id.slice(0, 12)}`);
    expect(source.traits.times).toBe('none');
  });
});

describe('flags', () => {
  it.each([
    [{ category: 'image' }, '--category'],
    [{ user: 'admin' }, '--user'],
    [{ text: 'x' }, '--text'],
    [{ 'nas-timezone': 'UTC' }, '--nas-timezone'],
  ])('%j is not for a console', async (flags: Record<string, string>, name) => {
    const nas = await sandbox();
    await expect(
      openLogs(clientOf({ url: nas.url, ...ADMIN }), 'docker/shop-web', { flags }),
    ).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringContaining(name),
      hint: expect.stringContaining('--activity'),
    });
  });

  it.each([
    [{ category: 'image;rm' }, 'no list of categories'],
    [{ category: '' }, 'no list of categories'],
    [{ 'nas-timezone': 'Mars' }, 'no time zone'],
  ])('%j is refused', async (flags: Record<string, string>, words) => {
    const nas = await sandbox();
    await expect(openLogs(clientOf({ url: nas.url, ...ADMIN }), '', { flags })).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringContaining(words),
    });
  });
});

it('connecting asks nothing', async () => {
  const nas = await sandbox();
  expect(clientOf({ url: nas.url, ...ADMIN })).toBeInstanceOf(StationClient);
  expect(nas.requests).toEqual([]);
});

it('a version is read where the station tells one', async () => {
  const versions = await Promise.all(
    (['A', 'B', 'D', 'E'] as const).map(async (dialect) => {
      const nas = await sandbox({ dialect });
      return clientOf({ url: nas.url, ...ADMIN }).version(ownSignal());
    }),
  );
  expect(versions).toEqual([null, '1.3', '1.8.3138', '2.4.0.2316']);
});
