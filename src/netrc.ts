// Reads `.netrc` text, the file that `aka`, curl and others keep passwords in. Opens no file, knows no platform.

export interface NetrcEntry {
  readonly login: string | null;
  readonly password: string;
}

/**
 * The first entry of `machine HOST` that has a password; `host` in any case, with its port where the file has it.
 * `default` never answers: a password for just any host is no credential of this one. A `#` outside quotes begins a
 * comment wherever it stands, as `aka` reads it (wire: Akkeris 1.3).
 */
export function readNetrc(text: string, host: string): NetrcEntry | null {
  const words = wordsOf(text);
  const wanted = host.toLowerCase();
  let ours = false;
  let login: string | null = null;
  for (let index = 0; index < words.length; index += 1) {
    const value = words[index + 1];
    switch (words[index]) {
      case 'machine':
        ours = value?.toLowerCase() === wanted;
        login = null;
        break;
      case 'default':
        ours = false;
        continue;
      case 'login':
        login = value ?? null;
        break;
      case 'password':
        if (ours && value) return { login: login ?? loginBehind(words, index + 2), password: value };
        break;
      case 'account':
        break;
      default:
        continue;
    }
    index += 1;
  }
  return null;
}

/** All machines that are named, as written but in lower case. */
export function netrcMachines(text: string): string[] {
  const words = wordsOf(text);
  const machines = words.flatMap((word, index) => {
    const name = words[index + 1];
    return word === 'machine' && name !== undefined && words[index - 1] !== 'password'
      ? [name.toLowerCase()]
      : [];
  });
  return [...new Set(machines)];
}

/** The machine's name for an address, with or without a scheme: host[:port] in lower case. */
export function netrcMachine(address: string): string {
  const behindScheme = address.trim().replace(/^[a-z][a-z\d+.-]*:\/\//i, '');
  const authority = /^[^/?#]*/.exec(behindScheme)?.[0] ?? '';
  return authority.slice(authority.lastIndexOf('@') + 1).toLowerCase();
}

/** A login may stand behind the password of its entry. */
function loginBehind(words: readonly string[], from: number): string | null {
  for (let index = from; index < words.length; index += 2) {
    if (words[index] === 'login') return words[index + 1] ?? null;
    if (words[index] !== 'account') return null;
  }
  return null;
}

/** Words without comments and without the bodies of macros, which end at an empty line. */
function wordsOf(text: string): string[] {
  const words: string[] = [];
  let inMacro = false;
  for (const line of text.split(/\r?\n/)) {
    if (inMacro) {
      inMacro = line.trim() !== '';
      continue;
    }
    for (const word of wordsOfLine(line)) {
      if (word === MACRO) {
        inMacro = true;
        break;
      }
      words.push(word.text);
    }
  }
  return words;
}

interface Word {
  readonly text: string;
}

const MACRO: Word = { text: 'macdef' };

function wordsOfLine(line: string): Word[] {
  const words: Word[] = [];
  for (const [whole, quoted, bare] of line.matchAll(/"((?:[^"\\]|\\.)*)"|([^\s"#][^\s#]*)|#.*/g)) {
    if (whole.startsWith('#')) break;
    if (quoted !== undefined) words.push({ text: quoted.replace(/\\(.)/g, '$1') });
    else words.push(bare === MACRO.text ? MACRO : { text: bare ?? '' });
  }
  return words;
}
