// Everything that polylog keeps between runs, in one directory. Knows no platform and no command.
import { settingsDirectory } from './directory.ts';
import { openKeyring } from './keyring.ts';
import { openSecrets, type SecretStore } from './secrets.ts';
import { openSessions, type Sessions } from './sessions.ts';
import { openSettings, type SettingsFile } from './settings-file.ts';

/** Milliseconds: until a keyring counts as none; that a person may take to unlock it; for a session. */
const PROBE_LIMIT = 5_000;
const PERSON_LIMIT = 60_000;
const SESSION_LIMIT = 5_000;

export interface Store {
  readonly directory: string;
  readonly settings: SettingsFile;
  readonly secrets: SecretStore;
  readonly sessions: Sessions;
}

export interface StoreOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Path of the Node executable. */
  readonly node: string;
  /** See KeyringOptions. */
  readonly keyring?:
    | { readonly module: string | null; readonly probe?: number; readonly use?: number }
    | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly say: (sentence: string) => void;
}

/** Touches nothing yet. */
export function openStore({ env, home, node, keyring: standIn, signal, say }: StoreOptions): Store {
  const directory = settingsDirectory({ env, home });
  const keyringWithin = (use: number) =>
    openKeyring({
      node,
      env,
      signal,
      ...(standIn && { module: standIn.module }),
      limits: { probe: standIn?.probe ?? PROBE_LIMIT, use },
    });
  const keyring = keyringWithin(standIn?.use ?? PERSON_LIMIT);
  return {
    directory,
    settings: openSettings({ directory, say }),
    secrets: openSecrets({ directory, keyring, say }),
    // A session is not worth waiting for.
    sessions: openSessions({ directory, keyring: keyringWithin(standIn?.use ?? SESSION_LIMIT) }),
  };
}
