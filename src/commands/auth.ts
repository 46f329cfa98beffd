// `auth login|logout|status|import`: credentials. Knows no platform's words.
import type { Command } from 'commander';
import type { GlobalOptions } from '../context.ts';
import type { Lent } from '../program.ts';
import { addGlobalOptions } from './options.ts';

export interface AuthOptions extends GlobalOptions {
  readonly json?: boolean | undefined;
}

export interface LoginOptions extends GlobalOptions {
  readonly url?: string | undefined;
  readonly authUrl?: string | undefined;
  readonly user?: string | undefined;
  readonly tokenStdin?: boolean | undefined;
  readonly passwordStdin?: boolean | undefined;
  readonly sidStdin?: boolean | undefined;
  readonly code?: string | undefined;
  readonly acceptFingerprint?: boolean | undefined;
}

export interface ImportOptions extends GlobalOptions {
  readonly yes?: boolean | undefined;
}

export function declareAuth(program: Command, lent: Lent): void {
  const auth = program.command('auth').description('Credentials');
  declareLogin(auth, lent);
  declareStatus(auth, lent);
  const logout = auth
    .command('logout')
    .description('Forget a credential, and end its session')
    .argument('[profile]', 'platform or profile; the default one, or the only one that is stored');
  addGlobalOptions(logout).action(async (profile: string | undefined, options: GlobalOptions) => {
    const { logOut } = await import('./auth-logout.ts');
    lent.end(await logOut({ host: lent.host, profile, options }));
  });
  const take = auth
    .command('import')
    .description("Take over what the platforms' own tools have stored; their files stay as they are")
    .argument('[platforms...]', 'platforms to look for; all when none is named')
    .option('-y, --yes', 'take over everything that is found, without asking');
  addGlobalOptions(take).action(async (platforms: string[], options: ImportOptions) => {
    const { importCredentials } = await import('./auth-import.ts');
    lent.end(await importCredentials({ host: lent.host, platforms, options }));
  });
}

function declareLogin(auth: Command, lent: Lent): void {
  const login = auth
    .command('login')
    .description('Check a credential and store it, under --profile NAME where it is one of several')
    .argument('<platform>', 'akkeris, container-station (qnap), scalingo or digitalocean (do)')
    .option('--url <URL>', 'address of the platform, or of the NAS')
    .option('--auth-url <URL>', 'address of the login, where it is another one')
    .option('--user <NAME>', 'user')
    .option('--token-stdin', 'read the token from stdin')
    .option('--password-stdin', 'read the password from stdin')
    .option('--sid-stdin', 'read a QTS session id from stdin, in place of user and password')
    .option('--code <CODE>', 'one-time code')
    .option('--accept-fingerprint', 'pin the certificate that the NAS shows now, whatever it is');
  addGlobalOptions(login).action(async (platform: string, options: LoginOptions) => {
    const { logIn } = await import('./auth-login.ts');
    lent.end(await logIn({ host: lent.host, platform, options }));
  });
}

function declareStatus(auth: Command, lent: Lent): void {
  const status = auth
    .command('status')
    .description('Ask each platform who we are')
    .argument('[profiles...]', 'platforms or profiles to ask; all that have credentials when none is named')
    .option('--json', 'one JSON document');
  addGlobalOptions(status).action(async (profiles: string[], options: AuthOptions) => {
    const { showStatus } = await import('./auth-status.ts');
    lent.end(await showStatus({ host: lent.host, profiles, options }));
  });
}
