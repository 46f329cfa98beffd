// A self-signed certificate is shown and pinned on first use, by a person or by a flag. Knows no platform's words.
import { isOn, proxyOf, readAuthorities } from '../connect.ts';
import { CliError } from '../errors.ts';
import type { Settings } from '../provider.ts';
import type { LoginRun } from './auth-login.ts';

/** The fingerprint to pin from now on; null where none is needed. Throws a usage CliError where nobody confirms it. */
export async function pinnedFingerprint(run: LoginRun, settings: Settings): Promise<string | null> {
  const { provider, context, options, questions } = run;
  const url = new URL(provider.origin(settings));
  const { fingerprint: pinned, insecure, ca } = settings.values;
  // Platforms of the public internet have certificates that everyone trusts.
  if (!provider.settings.some(({ name }) => name === 'fingerprint') || url.protocol !== 'https:') return null;
  if (isOn(insecure)) return null;
  if (pinned !== undefined && !options.acceptFingerprint) return null;
  const { certificateOf } = await import('../transport/peer-certificate.ts');
  const found = await certificateOf(
    url,
    {
      proxy: proxyOf(context.host),
      subject: { platform: provider.title, profile: provider.title },
      trace: options.debug ? (line) => context.terminal.complain(line) : undefined,
      ...(await readAuthorities(context.host, ca)),
    },
    context.signal,
  );
  if (!found || found.trusted) return null;
  if (options.acceptFingerprint) return found.fingerprint;
  const shown = [
    `The certificate of ${url.host} is not one that is trusted by itself:`,
    `  subject      ${found.subject.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?').slice(0, 200)}`,
    `  valid until  ${found.validTo}`,
    `  SHA-256      ${found.fingerprint}`,
  ];
  if (!questions) {
    throw new CliError(
      'usage',
      `The certificate of ${url.host} is not trusted; its fingerprint is ${found.fingerprint}.`,
      {
        hint: 'If it is the right one, pin it with --fingerprint, or whatever it is with --accept-fingerprint; --ca FILE names an authority.',
      },
    );
  }
  context.terminal.complain(shown.join('\n'));
  if (await questions.confirm('Is this the one that the NAS itself shows, and shall it be pinned?')) {
    return found.fingerprint;
  }
  throw new CliError('usage', 'The certificate was not confirmed; nothing was sent and nothing is stored.');
}
