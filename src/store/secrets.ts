// Credentials at rest: in the system's keyring where one works, else in a file of mode 0600. Knows no platform.
import { CliError } from '../errors.ts';
import { directoryMark } from './directory.ts';
import type { Keyring } from './keyring.ts';
import { type OpenFile, openRecords } from './private-file.ts';
import type { SecretPlace } from './settings-schema.ts';

/** The origin stands beside the secret itself, so that an edited settings file cannot send it elsewhere. */
export interface Secret {
  readonly origin: string;
  readonly values: Readonly<Record<string, string>>;
}

export interface SecretStore {
  /** null when it is not there any more. Throws a CliError when the keyring does not answer. */
  read(profile: string, kept: SecretPlace): Promise<Secret | null>;
  /** Returns where it is kept. Throws a CliError when it cannot be kept at all. */
  write(profile: string, secret: Secret): Promise<SecretPlace>;
  remove(profile: string, kept: SecretPlace): Promise<void>;
}

export interface SecretOptions {
  readonly directory: string;
  readonly keyring: Keyring;
  readonly say: (sentence: string) => void;
  readonly openFile?: OpenFile | undefined;
}

export function openSecrets({ directory, keyring, say, openFile }: SecretOptions): SecretStore {
  const file = openRecords<Secret>({ directory, name: 'credentials.json', say, openFile });
  const account = (profile: string) => `${profile} credential ${directoryMark(directory)}`;
  return {
    async read(profile, kept) {
      if (kept === 'file') return secretOf(await file.read(profile));
      return secretOf(parse(await keyring.read(account(profile))));
    },
    async write(profile, secret) {
      if (await keyring.works()) {
        const kept = await keyring.write(account(profile), JSON.stringify(secret)).then(
          () => true,
          (error: unknown) => {
            if (!(error instanceof CliError)) throw error;
            return false;
          },
        );
        if (kept) {
          await file.remove(profile);
          return 'keyring';
        }
      }
      await file.write(profile, secret);
      return 'file';
    },
    async remove(profile, kept) {
      if (kept === 'keyring') await keyring.remove(account(profile));
      else await file.remove(profile);
    },
  };
}

function parse(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

/** Anything else is no secret of ours. */
function secretOf(found: unknown): Secret | null {
  const { origin, values } = (found ?? {}) as { origin?: unknown; values?: unknown };
  if (typeof origin !== 'string' || typeof values !== 'object' || values === null) return null;
  const texts = Object.entries(values).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return { origin, values: Object.fromEntries(texts) };
}
