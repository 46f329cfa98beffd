// The program through main() with a settings directory that lasts, and with somebody who types.
import { PassThrough } from 'node:stream';
import type { Host } from '../../src/host.ts';
import { main } from '../../src/main.ts';
import { Collected, hostOf, ownDirectory, type Ran } from '../host-of-streams.ts';

export interface Person {
  /** The settings directory. */
  readonly directory: string;
  /** Everything that has been written to stdout and stderr. */
  readonly seen: string[];
  /** Words are parted by spaces. `stdin`: piped in. */
  run(line: string, how?: { readonly stdin?: string; readonly env?: Host['env'] }): Promise<Ran>;
  /** On a terminal: each answer is typed when its question has been shown. */
  type(line: string, answers: readonly (readonly [RegExp, string])[], env?: Host['env']): Promise<Ran>;
}

export function createPerson(changes: Partial<Host> = {}): Person {
  const directory = ownDirectory();
  const seen: string[] = [];
  const start = async (host: Host, out: { stdout: Collected; stderr: Collected }) => {
    const code = await main(host.argv, host);
    seen.push(out.stdout.text, out.stderr.text);
    return { code, stdout: out.stdout.text, stderr: out.stderr.text };
  };
  const prepare = (line: string, env: Host['env']) => {
    const argv = line.split(' ').filter((word) => word !== '');
    const { host, ...out } = hostOf(argv, { POLYLOG_CONFIG_DIR: directory, ...env });
    return { host: { ...host, ...changes }, ...out };
  };
  return {
    directory,
    seen,
    run(line, { stdin = '', env = {} } = {}) {
      const { host, stdout, stderr } = prepare(line, env);
      const input = new PassThrough();
      input.end(stdin);
      return start({ ...host, stdin: input }, { stdout, stderr });
    },
    type(line, answers, env = {}) {
      const { host, stdout } = prepare(line, env);
      const input = Object.assign(new PassThrough(), { isTTY: true });
      const left = [...answers];
      let fresh = '';
      const stderr = new (class extends Collected {
        override _write(chunk: Buffer, encoding: string, done: () => void): void {
          fresh += chunk.toString();
          super._write(chunk, encoding, done);
          const [question, answer] = left[0] ?? [];
          if (!question?.test(fresh)) return;
          left.shift();
          fresh = '';
          setImmediate(() => input.write(`${answer}\r`));
        }
      })();
      return start({ ...host, stdin: input, stderr }, { stdout, stderr });
    },
  };
}
