// What is said of an error that polylog did not foresee, with nothing in it that is secret. Knows nothing else.
import { createMasking } from './transport/masking.ts';

export interface Telling {
  /** Whether the stack is wanted as well. */
  readonly debug: boolean;
  /** What is set there under a name of secrets is shown nowhere, whatever it looks like. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** One sentence; with `debug` the stack besides. */
export function describeDefect(error: unknown, { debug, env }: Telling): string {
  const clean = (text: string) => masked(text, env);
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const said = `polylog: this is a defect in polylog (${clean(what)}). Please report it${debug ? '' : ' with the output of the same command with --debug'}.`;
  if (!debug || !(error instanceof Error) || !error.stack) return said;
  return `${said}\n${error.stack.split('\n').map(clean).join('\n')}`;
}

const SECRET_VARIABLE = /TOKEN|PASSW|PWD|SECRET|(^|_)SID$|KEY|CREDENTIAL|COOKIE/i;
const PROXY_VARIABLE = /PROXY|URL|HOST/i;

function masked(text: string, env: Telling['env']): string {
  const known = valuesOf(env).reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
  return createMasking()
    .body(known)
    .replace(/\b(Bearer|Basic)\s+[\w.~+/=-]+/gi, '$1 ***')
    .replace(/\b(?:tk-[a-z]{2}-|do[a-z]_v1_|eyJ)[\w.-]+/g, '***');
}

/** Longer ones first, in the forms in which they travel; short ones would strike out ordinary words. */
function valuesOf(env: Telling['env']): string[] {
  const values = Object.entries(env).flatMap(([name, value = '']) => {
    if (SECRET_VARIABLE.test(name)) return [value];
    return PROXY_VARIABLE.test(name) ? [/\/\/[^/@]*:([^/@]+)@/.exec(value)?.[1] ?? ''] : [];
  });
  return values
    .filter((value) => value.length >= 6)
    .flatMap((value) => [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)])
    .sort((one, other) => other.length - one.length);
}
