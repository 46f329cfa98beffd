// A token's form tells whose it is: one of another platform is shown to nobody else. Asks nothing.
import { CliError } from './errors.ts';
import { PROVIDERS, type ProviderEntry } from './providers/index.ts';

/** The platform that the token is of, where that is certainly another one. */
export function ownerOfForeignToken(platform: string, token: string): ProviderEntry | undefined {
  if (PROVIDERS.find(({ name }) => name === platform)?.tokenForm?.test(token)) return undefined;
  return PROVIDERS.find(({ name, tokenForm }) => name !== platform && tokenForm?.test(token));
}

export interface TokenPlace {
  /** Full name of the platform that it was given for. */
  readonly platform: string;
  /** What it is called in a sentence: `This token`, `The token in SCALINGO_API_TOKEN`. */
  readonly what: string;
}

/** Throws an `auth` CliError for a token of another platform; the token itself is not in it. */
export function assertOwnToken(token: string, { platform, what }: TokenPlace): void {
  const owner = ownerOfForeignToken(platform, token);
  if (!owner) return;
  const title = PROVIDERS.find(({ name }) => name === platform)?.title ?? platform;
  throw new CliError(
    'auth',
    `${what} has the form of one of ${owner.title}, not of ${title}; it was not sent.`,
    {
      hint: `Did you mean polylog auth login ${owner.name}?`,
    },
  );
}
