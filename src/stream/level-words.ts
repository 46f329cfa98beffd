// The words and numbers by which applications name levels. Knows no message.
import type { Level } from '../model.ts';

/** Of the usual loggers, and syslog's names. */
const WORDS: ReadonlyMap<string, Level> = new Map([
  ...words('trace', 'trace finest finer silly'),
  ...words('debug', 'debug dbug dbg fine verbose'),
  ...words('info', 'info inf information informational notice'),
  ...words('warn', 'warn wrn warning'),
  ...words('error', 'error err eror severe'),
  ...words('fatal', 'fatal ftl critical crit alert emerg emergency panic dpanic'),
]);
const LONGEST_WORD = 13;

/** pino's and bunyan's numbers in tens. */
const TENS: readonly (Level | null)[] = [null, 'trace', 'debug', 'info', 'warn', 'error', 'fatal'];
const SYSLOG: readonly Level[] = ['fatal', 'fatal', 'fatal', 'error', 'warn', 'info', 'info', 'debug'];

/** In any case; a number in digits too. null for a word that is no level. `key`: under which it stood. */
export function levelOfWord(word: string, key: string): Level | null {
  if (word.length === 0 || word.length > LONGEST_WORD) return null;
  const level = WORDS.get(word) ?? WORDS.get(word.toLowerCase());
  if (level) return level;
  return /^\d{1,2}$/.test(word) ? levelOfNumber(Number(word), key) : null;
}

/** 10 to 69 as pino and bunyan count; 0 to 7, as syslog counts, only under syslog's own word: elsewhere they may mean anything. */
export function levelOfNumber(value: number, key: string): Level | null {
  if (key === 'severity' && value >= 0 && value <= 7) return SYSLOG[value] ?? null;
  return value >= 10 && value < 70 ? (TENS[Math.floor(value / 10)] ?? null) : null;
}

function words(level: Level, list: string): [string, Level][] {
  return list.split(' ').map((word) => [word, level]);
}
