// `.netrc` text by its forms: one line, many lines, quotes, comments, macros, the default entry.
import { describe, expect, it } from 'vitest';
import { netrcMachine, readNetrc } from '../src/netrc.ts';

const HOST = 'apps.example.com';
const entry = { login: 'jane', password: 's3cret' };

describe('readNetrc', () => {
  const found: [string, string][] = [
    ['one line', 'machine apps.example.com login jane password s3cret'],
    ['many lines, as aka writes them', 'machine apps.example.com\n  login jane\n  password s3cret\n'],
    ['tabs and CR LF', 'machine\tapps.example.com\r\n\tlogin\tjane\r\n\tpassword\ts3cret\r\n'],
    ['a machine in capitals', 'machine APPS.Example.COM login jane password s3cret'],
    ['password before login', 'machine apps.example.com password s3cret login jane'],
    ['an account between', 'machine apps.example.com password s3cret account x login jane'],
    ['an account before', 'machine apps.example.com login jane account x password s3cret'],
    [
      'other machines around',
      'machine a login b password c\nmachine apps.example.com login jane password s3cret\nmachine d password e',
    ],
    [
      'the first of two',
      'machine apps.example.com login jane password s3cret\nmachine apps.example.com login x password y',
    ],
    ['quotes', 'machine "apps.example.com" login "jane" password "s3cret"'],
    [
      'a comment of its own line',
      '# machine apps.example.com login x password y\nmachine apps.example.com login jane password s3cret',
    ],
    ['a comment behind an entry', 'machine apps.example.com login jane password s3cret # password other'],
    ['a comment without a space', 'machine apps.example.com login jane password s3cret#tail'],
    [
      'a macro before',
      'machine x login y password z\nmacdef init\nmachine apps.example.com login m password n\n\nmachine apps.example.com login jane password s3cret',
    ],
    [
      'a macro without a body to its end',
      'macdef init\n \nmachine apps.example.com login jane password s3cret',
    ],
    ['unknown words', 'protocol https\nmachine apps.example.com login jane port 443 password s3cret'],
    [
      'a machine named like a keyword',
      'machine password login x password y\nmachine apps.example.com login jane password s3cret',
    ],
  ];
  it.each(found)('%s', (_, text) => {
    expect(readNetrc(text, HOST)).toEqual(entry);
  });

  const missing: [string, string][] = [
    ['an empty file', ''],
    ['another machine', 'machine api.example.com login jane password s3cret'],
    ['the default entry', 'default login jane password s3cret'],
    [
      'a default entry behind ours without a password',
      'machine apps.example.com login jane\ndefault login x password s3cret',
    ],
    ['no password', 'machine apps.example.com login jane'],
    ['a password that a comment swallows', 'machine apps.example.com login jane password #s3cret'],
    ['an empty password', 'machine apps.example.com login jane password ""'],
    ['an entry within a macro', 'macdef x\nmachine apps.example.com login jane password s3cret\n'],
    ['a word that ends the file', 'machine apps.example.com password'],
    ['a machine without its port', 'machine apps.example.com:8443 login jane password s3cret'],
  ];
  it.each(missing)('nothing: %s', (_, text) => {
    expect(readNetrc(text, HOST)).toBeNull();
  });

  it('keeps spaces, number signs and escaped quotes within quotes', () => {
    expect(readNetrc('machine h password "a b#c\\"d\\\\e"', 'h')).toEqual({
      login: null,
      password: 'a b#c"d\\e',
    });
  });

  it('gives no login of another machine', () => {
    expect(readNetrc('machine a login x machine h password p machine b login y', 'h')).toEqual({
      login: null,
      password: 'p',
    });
  });

  it('asks for the port where the host has one', () => {
    expect(
      readNetrc('machine 127.0.0.1 password a machine 127.0.0.1:81 password b', '127.0.0.1:81')?.password,
    ).toBe('b');
  });
});

describe('netrcMachine', () => {
  const machines: [string, string][] = [
    ['apps.example.com', 'apps.example.com'],
    ['https://Apps.Example.com', 'apps.example.com'],
    ['http://127.0.0.1:8080/', '127.0.0.1:8080'],
    ['apps.example.com:8443/prefix', 'apps.example.com:8443'],
    [' https://user:word@apps.example.com?x#y ', 'apps.example.com'],
  ];
  it.each(machines)('%s', (address, machine) => {
    expect(netrcMachine(address)).toBe(machine);
  });
});
