// Asks a person on a terminal, on stderr; never where there is none. Knows no command.
import { Writable } from 'node:stream';
import { CliError, Interruption } from '../errors.ts';
import type { Host } from '../host.ts';

export interface Questions {
  /** The line, without spaces around it. Throws when nobody answers. */
  ask(question: string): Promise<string>;
  /** The same; what is typed is not shown and not remembered. */
  askSecret(question: string): Promise<string>;
  /** Only yes is yes. */
  confirm(question: string): Promise<boolean>;
  close(): void;
}

/** null where stdin is no terminal. */
export function createQuestions(host: Host): Questions | null {
  if (host.stdin.isTTY !== true) return null;
  let opened: Promise<Asker> | undefined;
  const asker = () => {
    opened ??= openAsker(host);
    return opened;
  };
  const ask = async (question: string) => (await (await asker()).line(question, { hidden: false })).trim();
  return {
    ask,
    askSecret: async (question) => (await asker()).line(question, { hidden: true }),
    confirm: async (question) => /^y(es)?$/i.test(await ask(`${question} [y/N] `)),
    close() {
      opened?.then((open) => open.close()).catch(() => undefined);
    },
  };
}

interface Asker {
  line(question: string, how: { readonly hidden: boolean }): Promise<string>;
  close(): void;
}

async function openAsker({ stdin, stderr, signal, signals }: Host): Promise<Asker> {
  const { createInterface } = await import('node:readline');
  let hidden = false;
  const screen = new Writable({
    write(chunk, _encoding, done) {
      if (!hidden) stderr.write(chunk);
      done();
    },
  });
  const lines: string[] = [];
  let waiting: { resolve(line: string): void; reject(reason: unknown): void } | null = null;
  let ended: unknown;
  const end = (reason: unknown) => {
    ended ??= reason;
    waiting?.reject(ended);
    waiting = null;
  };
  const readline = createInterface({ input: stdin, output: screen, terminal: true, historySize: 0 });
  readline.on('line', (line) => {
    if (!waiting) return void lines.push(line);
    waiting.resolve(line);
    waiting = null;
  });
  // The terminal is in raw mode meanwhile: Ctrl-C comes here and not as a signal.
  readline.on('SIGINT', () => {
    // Also between two questions, while the platform is asked.
    if (signals) signals.raise('SIGINT');
    else end(new Interruption('SIGINT', 130));
  });
  const forget = signals?.beforeForcedEnd(() => readline.close());
  readline.on('close', () => end(new CliError('usage', 'The question was not answered.')));
  const onAbort = () => end(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  return {
    async line(question, how) {
      if (ended) throw ended;
      readline.setPrompt(question);
      readline.prompt();
      hidden = how.hidden;
      try {
        const early = lines.shift();
        if (early !== undefined) return early;
        return await new Promise<string>((resolve, reject) => {
          waiting = { resolve, reject };
        });
      } finally {
        if (hidden) stderr.write('\n');
        hidden = false;
      }
    },
    close() {
      signal.removeEventListener('abort', onAbort);
      forget?.();
      readline.close();
    },
  };
}

const MOST_BYTES = 64 * 1024;

/**
 * The first line of stdin without its end: a secret that was piped in, spaces and all. Throws a usage CliError when there
 * is none, and the signal's reason.
 */
export async function readSecretLine({ stdin, signal }: Host, flag: string): Promise<string> {
  let text = '';
  signal.addEventListener('abort', () => stdin.destroy(signal.reason), { once: true });
  for await (const piece of stdin.setEncoding('utf8')) {
    text += piece;
    if (text.includes('\n')) break;
    if (text.length > MOST_BYTES)
      throw new CliError('usage', `What comes on stdin for ${flag} is no secret: it is too long.`);
  }
  const line = (text.split('\n')[0] ?? '').replace(/\r$/, '');
  if (line.trim() === '') throw new CliError('usage', `${flag} is given, but stdin holds nothing.`);
  return line;
}
