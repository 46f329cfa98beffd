import { describe, expect, it } from 'vitest';
import { addressOf } from '../../../src/providers/container-station/dialect.ts';
import { settingsOf } from './station.ts';

describe('the address of a station', () => {
  it.each([
    [{ url: 'http://nas:8080' }, 'http://nas:8080', null],
    [{ url: 'https://nas/' }, 'https://nas', null],
    [{ url: 'https://nas/container-station/' }, 'https://nas', '/container-station'],
    [{ url: 'https://nas/container-station/api/v1/' }, 'https://nas', '/container-station'],
    [{ url: 'https://proxy/my/nas' }, 'https://proxy', '/my/nas'],
    [{ host: 'nas', port: '8080' }, 'http://nas:8080', null],
    [{ host: 'nas' }, 'http://nas:8080', null],
    [{ host: '10.0.0.2', port: '443' }, 'https://10.0.0.2', null],
    [{ host: 'fe80::1', port: '8080' }, 'http://[fe80::1]:8080', null],
    [{ url: 'http://a', host: 'b' }, 'http://a', null],
  ])('%j', (values: Record<string, string>, origin, prefix) => {
    expect(addressOf(settingsOf(values))).toEqual({ origin, prefix });
  });

  it.each([
    [{}],
    [{ url: 'nas:8080' }],
    [{ url: 'ftp://nas' }],
    [{ url: 'http://' }],
    [{ url: 'http://admin:geheim@nas' }],
    [{ host: 'nas/x' }],
    [{ host: 'nas', port: 'x' }],
    [{ host: 'nas', port: '99999' }],
  ])('refuses %j without repeating it', (values: Record<string, string>) => {
    expect(() => addressOf(settingsOf(values))).toThrow(expect.objectContaining({ kind: 'usage' }));
    expect(() => addressOf(settingsOf(values))).not.toThrow(/geheim/);
  });
});
