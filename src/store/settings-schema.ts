// What the settings file holds: no secret. Its version, and how older ones are brought up to it. Opens no file.

export const SETTINGS_VERSION = 1;

/** Where a secret is: `keyring` of the system or `file` of mode 0600. */
export type SecretPlace = 'keyring' | 'file';

/** That there is a credential, and for whom; the secret itself is kept elsewhere. */
export interface CredentialReference {
  /** The only origin that it may be used for. */
  readonly origin: string;
  readonly kept: SecretPlace;
  /** Names of the platform's settings that are in it. */
  readonly names: readonly string[];
}

export interface StoredProfile {
  /** Full name of the platform. */
  readonly provider: string;
  /** By the names of the platform's settings (`url`, `region`, `timezone`), and `ca`, `fingerprint`, `insecure`; no secret. */
  readonly values: Readonly<Record<string, string>>;
  readonly credential?: CredentialReference;
  /** Who we were when the credential was checked. */
  readonly account?: string;
}

export interface StoredSettings {
  /** The default target. */
  readonly app?: string;
  /** The default profile. */
  readonly profile?: string;
  /** A built-in profile's own name holds what is stored for it. */
  readonly profiles: Readonly<Record<string, StoredProfile>>;
}

export const NO_SETTINGS: StoredSettings = { profiles: {} };

const TEXT = { type: 'string', maxLength: 4096 };

/** JSON Schema of the file, one entry per key. */
export const SETTINGS_SCHEMA = {
  version: { type: 'integer', const: SETTINGS_VERSION },
  app: TEXT,
  profile: TEXT,
  profiles: {
    type: 'object',
    additionalProperties: {
      type: 'object',
      required: ['provider', 'values'],
      properties: {
        provider: TEXT,
        values: { type: 'object', additionalProperties: TEXT },
        account: TEXT,
        credential: {
          type: 'object',
          required: ['origin', 'kept', 'names'],
          properties: {
            origin: TEXT,
            kept: { enum: ['keyring', 'file'] },
            names: { type: 'array', items: TEXT },
          },
        },
      },
    },
  },
} as const;

/** By the version that they start from; each brings the content to the next one. */
export type Migrations = Readonly<
  Record<number, (content: Record<string, unknown>) => Record<string, unknown>>
>;

export const MIGRATIONS: Migrations = {};

/** The profile of that name, whatever else objects have by nature. */
export function profileNamed(settings: StoredSettings, name: string): StoredProfile | undefined {
  return Object.hasOwn(settings.profiles, name) ? settings.profiles[name] : undefined;
}
