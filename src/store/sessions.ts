// Short-lived sessions between runs, kept where their credential is kept. Nothing here is needed: what fails is left out.
import { createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import type { SessionStore } from '../provider.ts';
import { directoryMark } from './directory.ts';
import type { Keyring } from './keyring.ts';
import { type OpenFile, openRecords } from './private-file.ts';
import type { SecretPlace } from './settings-schema.ts';

/** Whose session it is. */
export interface SessionOwner {
  readonly profile: string;
  readonly origin: string;
  readonly kept: SecretPlace;
  /** The credential that it was got with, in one text: another one gets a session of its own. */
  readonly credential: string;
  /** Whether a person chose it (a password): what is kept of it must be slow to try. */
  readonly guessable: boolean;
}

export interface Sessions {
  for(owner: SessionOwner): SessionStore;
  /** Wherever it is. */
  remove(profile: string, kept: SecretPlace): Promise<void>;
  /** Resolves when all that was kept is written; never rejects. */
  settled(): Promise<void>;
}

export interface SessionOptions {
  readonly directory: string;
  readonly keyring: Keyring;
  readonly openFile?: OpenFile | undefined;
}

interface KeptSession {
  readonly origin: string;
  /** Hexadecimal. */
  readonly salt: string;
  readonly credential: string;
  readonly session: string;
}

export function openSessions({ directory, keyring, openFile }: SessionOptions): Sessions {
  const file = openRecords<KeptSession>({ directory, name: 'sessions.json', say: () => undefined, openFile });
  const account = (profile: string) => `${profile} session ${directoryMark(directory)}`;
  let pending: Promise<void> = Promise.resolve();
  const later = (work: () => Promise<void>) => {
    pending = pending.then(work).catch(() => undefined);
  };
  const read = async ({ profile, kept }: SessionOwner): Promise<KeptSession | null> =>
    kept === 'keyring' ? JSON.parse((await keyring.read(account(profile))) ?? 'null') : file.read(profile);
  const write = async ({ profile, kept }: SessionOwner, session: KeptSession) =>
    kept === 'keyring'
      ? keyring.write(account(profile), JSON.stringify(session))
      : file.write(profile, session);
  const remove = async (profile: string, kept: SecretPlace) =>
    kept === 'keyring' ? keyring.remove(account(profile)) : file.remove(profile);

  return {
    for: (owner) => ({
      async load() {
        await pending;
        const found = await read(owner).catch(() => null);
        if (found?.origin !== owner.origin || typeof found.session !== 'string') return null;
        return (await isGotWith(owner, found)) ? found.session : null;
      },
      keep(session) {
        later(async () => {
          const salt = randomBytes(16).toString('hex');
          const credential = (await digest(owner, salt)).toString('hex');
          await write(owner, { origin: owner.origin, salt, credential, session });
        });
      },
      forget() {
        later(() => remove(owner.profile, owner.kept));
      },
    }),
    async remove(profile, kept) {
      await pending;
      await remove(profile, kept);
    },
    settled: () => pending,
  };
}

async function isGotWith(owner: SessionOwner, { salt, credential: kept }: KeptSession): Promise<boolean> {
  if (!/^[0-9a-f]{32}$/.test(salt) || !/^[0-9a-f]{64}$/.test(kept)) return false;
  return timingSafeEqual(await digest(owner, salt), Buffer.from(kept, 'hex'));
}

/**
 * Slow on purpose where a person chose the credential: a password must not be guessable from what is kept beside its
 * session. A platform's own random token cannot be guessed, and the start of every command would wait for it.
 */
async function digest({ credential, guessable }: SessionOwner, salt: string): Promise<Buffer> {
  if (!guessable) return createHmac('sha256', salt).update(credential).digest();
  return new Promise((resolve, reject) => {
    scrypt(credential, salt, 32, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
